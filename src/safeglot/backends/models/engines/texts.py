"""Token ids of requests and replies of token ids, by a model's own tokenizer and chat template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from safeglot.backends.models.replies import Parts, answer_of
from safeglot.errors import ModelError
from safeglot.text.surrogates import has_half
from safeglot.types import Alternatives, Reply, Request

SAMPLING = ("top_k", "min_p")
"""Fields of `extra` that act on sampling, beside temperature and top_p."""
_TEMPLATE = ("chat_template_kwargs", "reasoning_effort")


@dataclass(slots=True, kw_only=True, eq=False)
class Written:
    """What a model wrote for one request."""

    n_prompt: int
    tokens: Sequence[int]
    logprobs: Sequence[Sequence[tuple[int, float]]] = ()
    """(token, log-probability) pairs of the first positions."""
    ended: bool
    """Whether it ended by itself, or at a stop string: not at the limit."""


class TokenTexts:
    """The tokenizer of the model `name`, whose sequences have at most `longest` tokens."""

    def __init__(self, tokenizer: Any, *, name: str, longest: int) -> None:
        self.tokenizer = tokenizer
        self.name = name
        self.longest = longest

    @cached_property
    def special(self) -> frozenset[int]:
        """Tokens that are no text."""
        return frozenset(self.tokenizer.all_special_ids)

    def ids(self, request: Request) -> list[int]:
        """Return the token ids of a request: a chat by its template, else the bare text. Raises: ModelError."""
        said = [request.prompt or "", *(text for _, text in request.messages)]
        if any(map(has_half, said)):
            raise ModelError(
                "bad_request", "the text is not valid Unicode: it has half of a surrogate pair"
            )
        if unknown := set(request.extra) - {*SAMPLING, *_TEMPLATE}:
            known = ", ".join((*_TEMPLATE, *SAMPLING))
            raise ModelError(
                "setting",
                f"{self.name} takes no {', '.join(sorted(unknown))} in extra. Allowed: {known}.",
            )
        ids = self._chat(request) if request.prompt is None else self._bare(request.prompt)
        if not ids:
            raise ModelError("bad_request", "the text has no tokens")
        if len(ids) >= self.longest:
            fault = f"the request has {len(ids)} tokens and {self.name} reads {self.longest}"
            raise ModelError("too_long", fault)
        return ids

    def room(self, request: Request, ids: Sequence[int]) -> int:
        """Return how many tokens may be written."""
        return max(1, min(request.max_tokens, self.longest - len(ids)))

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, without those that are none."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    def reply(self, request: Request, written: Written) -> Reply:
        """Return the reply that tokens are. Raises: ModelError where they are no answer."""
        text = self.text(written.tokens)
        stops = [place for stop in request.stop if (place := text.find(stop)) >= 0]
        return answer_of(
            Parts(
                text=text[: min(stops)] if stops else text,
                endings=("stop" if written.ended or stops else "length",),
                n_tokens=len(written.tokens),
                n_prompt_tokens=written.n_prompt,
                logprobs=tuple(map(self._alternatives, written.logprobs)),
            )
        )

    def _alternatives(self, pairs: Sequence[tuple[int, float]]) -> Alternatives:
        return tuple((str(self.tokenizer.decode([token])), value) for token, value in pairs)

    def _bare(self, prompt: str) -> list[int]:
        ids = [int(i) for i in self.tokenizer(prompt)["input_ids"]]
        begin = self.tokenizer.bos_token_id
        # where the text has the mark of the beginning already, the tokenizer adds another
        return ids[1:] if begin is not None and ids[:2] == [begin, begin] else ids

    def _chat(self, request: Request) -> list[int]:
        if not self.tokenizer.chat_template:
            raise ModelError(
                "setting",
                f"{self.name} has no chat template: it is a base model. Send it the bare text: --raw "
                "(raw = true in its table).",
            )
        given = {k: v for k, v in request.extra.items() if k == "reasoning_effort"}
        given |= request.extra.get("chat_template_kwargs", {})
        messages = [{"role": role, "content": text} for role, text in request.messages]
        try:
            ids = self.tokenizer.apply_chat_template(
                messages,
                **{"add_generation_prompt": True, **given},
                tokenize=True,
                return_dict=False,
            )
        except Exception as error:  # a template raises what it likes
            hint = " (system_as_user = true puts it before the user's)" * (
                "system" in str(error).lower()
            )
            raise ModelError(
                "bad_request", f"the chat template of {self.name} refuses it: {error}{hint}"
            ) from error
        return [int(i) for i in ids]
