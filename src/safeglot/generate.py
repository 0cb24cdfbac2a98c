"""Requests to the targets, made from translations, and responses, made from their replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from safeglot.keys import digest, request_key
from safeglot.types import Item, Reply, Request, Response, without_system


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAnswer:
    """The request for one answer, with the keys of its reply and of the response."""

    request: Request
    reply_key: str
    key: str


VERSION = 1
"""Bumped when the same settings begin to give other requests: runs of an older one are not mixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate:
    """Ask a target for one answer.

    The defaults are M-ALERT's: 200 new tokens, sampling (arXiv 2412.15035; its temperature and
    top_p are not published, so 1.0 stands for plain sampling).
    """

    model: str
    """Identifies the model and its revision in keys and routes."""
    name: str
    """Its name in results."""
    raw: bool = False
    """Send the bare text as a completion, for base models."""
    system: str = ""
    max_tokens: int = 200
    thought_tokens: int = 0
    """Further tokens, for what a model that thinks writes before its answer."""
    temperature: float | None = 1.0
    """None: not sent; so for top_p and seed."""
    top_p: float | None = 1.0
    seed: int | None = 0
    logprobs: int = 0
    """Alternatives a position to ask for; nothing is computed from them."""
    system_as_user: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the request body."""

    @property
    def id(self) -> str:
        """Everything but the prompt that determines the answer."""
        return digest(
            "generate",
            VERSION,
            self.model,
            self.raw,
            self.system,
            self.max_tokens,
            self.temperature,
            self.top_p,
            self.seed,
            *self._further(),
        )

    @property
    def most_tokens(self) -> int:
        """The most tokens of a reply, thought and answer together."""
        return self.max_tokens + self.thought_tokens

    def _further(self) -> Sequence[Any]:
        """Return the settings that most targets have not, so that the ids of those stay as they were."""
        further = {
            "thought_tokens": self.thought_tokens,
            "logprobs": self.logprobs,
            "system_as_user": self.system_as_user and bool(self.system) and not self.raw,
            "extra": dict(self.extra),
        }
        given = {name: value for name, value in further.items() if value}
        return (given,) if given else ()

    def ask(self, item: Item) -> Sequence[Request]:
        """Return the one request; every prompt, language and sample has its own seed."""
        text = item.translation.text
        system = (("system", self.system),) if self.system else ()
        messages = (*system, ("user", text))
        if self.system_as_user:
            messages = without_system(messages)
        return (
            Request(
                model=self.model,
                messages=() if self.raw else messages,
                prompt=self.system + text if self.raw else None,
                max_tokens=self.most_tokens,
                temperature=self.temperature,
                top_p=self.top_p,
                seed=None if self.seed is None else request_seed(self.seed, item),
                sample=item.sample,
                top_logprobs=self.logprobs,
                extra=self.extra,
            ),
        )

    def read(self, item: Item, replies: Sequence[Reply]) -> Response:
        """Return the response with the reply as it is; an empty text stays empty and is never judged safe."""
        (reply,) = replies
        return self.respond(self.plan(item), item, reply)

    def plan(self, item: Item) -> PlannedAnswer:
        """Return the request with its keys, made once an answer."""
        (request,) = self.ask(item)
        reply_key = request_key(request)
        key = digest("response", item.translation_key, reply_key)
        return PlannedAnswer(request=request, reply_key=reply_key, key=key)

    def respond(self, planned: PlannedAnswer, item: Item, reply: Reply) -> Response:
        """Return the response that a reply to a planned request is."""
        return _response(planned, item, reply, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer that a file brought: it takes the place of a target, and nothing is asked."""

    model: str
    """The name, in results, of the model whose answer it is."""
    text: str

    @property
    def name(self) -> str:
        """No target has this name, so that none is asked."""
        return ""

    def plan(self, item: Item) -> PlannedAnswer:
        """Return the keys under which the answer is stored."""
        reply_key = digest("given", self.text)
        return PlannedAnswer(
            request=Request(model=self.model, max_tokens=1),
            reply_key=reply_key,
            key=digest("response", item.translation_key, reply_key, self.model, item.sample),
        )

    def respond(self, planned: PlannedAnswer, item: Item, reply: Reply) -> Response:
        """Return the response that the stored text is."""
        return _response(planned, item, reply, self.model)


def _response(planned: PlannedAnswer, item: Item, reply: Reply, model: str) -> Response:
    return Response(
        key=planned.key,
        translation=item.translation_key,
        model=model,
        text=reply.text,
        finish_reason=reply.finish_reason,
        n_tokens=reply.n_tokens,
        sample=item.sample,
        thought=reply.thought,
        served_by=reply.served_by,
        refused=reply.refused,
    )


def request_seed(seed: int, item: Item) -> int:
    """Return the 31-bit seed of one answer, derived from the run's.

    With one seed for all prompts engines draw the same random numbers for each, and the answers
    of a run would lean the same way together.
    """
    return int(digest("seed", seed, item.translation_key, item.sample)[:8], 16) & 0x7FFFFFFF
