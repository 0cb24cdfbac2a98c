"""Requests to the targets, made from translations, and responses, made from their replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from safeglot.keys import digest, is_longer, response_key, system_of, translation_key
from safeglot.types import Item, Reply, Request, Response, Translation, without_system

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
    tokens_in: Mapping[str, int] = field(default_factory=dict)
    """The limits of languages that have one of their own."""
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
        """The most tokens of a reply, thought and answer together, in a language without a limit of its own."""
        return self.max_tokens + self.thought_tokens

    def room(self, text: Translation) -> int:
        """Return the most tokens of a reply to a text, thought and answer together."""
        most = self.tokens_in.get(text.language, self.max_tokens)
        return most * (1 + is_longer(text)) + self.thought_tokens

    def _further(self) -> Sequence[Any]:
        """Return the settings that most targets have not, so that the ids of those stay as they were."""
        further = {
            "thought_tokens": self.thought_tokens,
            "tokens_in": dict(self.tokens_in),
            "logprobs": self.logprobs,
            "system_as_user": self.system_as_user and bool(self.system) and not self.raw,
            "extra": dict(self.extra),
        }
        given = {name: value for name, value in further.items() if value}
        return (given,) if given else ()

    def ask(self, item: Item) -> Sequence[Request]:
        """Return the one request; every prompt, language and sample has its own seed."""
        text, own = item.translation.text, system_of(item.translation)
        system = "\n\n".join(filter(None, (self.system, own)))
        messages = (*((("system", system),) if system else ()), ("user", text))
        if self.system_as_user:
            messages = without_system(messages)
        return (
            Request(
                model=self.model,
                messages=() if self.raw else messages,
                prompt=system + "\n\n" * bool(own) + text if self.raw else None,
                max_tokens=self.room(item.translation),
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
        return self.respond(item, reply, self.id)

    def respond(self, item: Item, reply: Reply, step: str) -> Response:
        """Return the response that a reply is; `step` is this step's id, which hashes much."""
        key = response_key(item.translation_key, step, item.sample)
        return response_of(item, reply, key=key, model=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer that a file brought."""

    model: str
    """The name, in results, of the model whose answer it is."""
    text: str

    def key_of(self, item: Item) -> str:
        """Return the key under which the answer is stored, of its text too."""
        text = digest("given", self.text)
        return digest("response", item.translation_key, text, self.model, item.sample)


def response_of(item: Item, reply: Reply, *, key: str, model: str) -> Response:
    """Return the response that a model's reply to an item is."""
    return Response(
        key=key,
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
    of a run would lean the same way together. An answer at twice the limit has that of the first one.
    """
    text, key = item.translation, item.translation_key
    if is_longer(text):
        key = translation_key(replace(text, arm="main", variant=""))
    return int(digest("seed", seed, key, item.sample)[:8], 16) & 0x7FFFFFFF
