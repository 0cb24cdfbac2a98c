"""The short way to a reply of the plainest shape: a text that ended by itself, and nothing else.

Most replies are plain. One decoder checks the shape and reads the few fields that are wanted; any
other shape, or one odd value, is left to the one reader (`replies.py`), which comes to the same.
"""

from __future__ import annotations

import functools
from operator import itemgetter
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from safeglot.text.makers import Makers, makers
from safeglot.text.thoughts import may_have_marks, split
from safeglot.types import IMPOSSIBLE, LOGPROB_POSITIONS, Alternatives, Reply

MOST_TOKENS = 2**31
_BY_NUMBER = itemgetter(1)
_Count = Annotated[int, Meta(ge=0, lt=MOST_TOKENS)]
_Likely = Annotated[float, Meta(ge=IMPOSSIBLE, le=0.0)]
_Nothing = Annotated[list[Any], Meta(max_length=0)] | Annotated[str, Meta(max_length=0)] | None
_Word = str | int | None
_NO_ANSWER = ("tool_calls", "function_call", "annotations", "audio")
"""Fields of a message that are there and empty where it is a text."""


class PlainReply(NamedTuple):
    """A reply, and the id that its server gave it."""

    reply: Reply
    id: str | int | None


class _Token(Struct, gc=False):
    token: str
    logprob: _Likely


class _Position(Struct, gc=False):
    token: str
    logprob: _Likely
    top_logprobs: list[_Token] = []


class _Logprobs(Struct, gc=False):
    content: list[_Position] | None = None


def plain_reply(raw: bytes) -> PlainReply | None:
    """Return the reply in a body of the plainest shape, None for any other."""
    try:
        body = _decoder().decode(raw)
    except (ValueError, RecursionError):
        return None
    choice = body.choices[0]
    text, usage = choice.message.content, body.usage
    if not text.strip() or (may_have_marks(text) and split(text).text is not text):
        return None
    positions: tuple[Alternatives, ...] = ()
    if choice.logprobs is not None:
        positions = _alternatives(choice.logprobs.content or ())
    reply = Reply(
        text=text,
        n_tokens=usage.completion_tokens,
        n_prompt_tokens=usage.prompt_tokens,
        logprobs=positions,
        served_by=_joined(tuple([getattr(body, name) for name in _served_by()])),
    )
    return PlainReply(reply, body.id)


def _alternatives(positions: list[_Position] | tuple[()]) -> tuple[Alternatives, ...]:
    """Return the first positions, each its tokens and log-probabilities, most likely first."""
    found = []
    for position in positions[:LOGPROB_POSITIONS]:
        tokens = [(t.token, t.logprob) for t in position.top_logprobs or (position,)]
        tokens.sort(key=_BY_NUMBER, reverse=True)
        found.append(tuple(tokens))
    is_any = any(tokens[0][1] > IMPOSSIBLE for tokens in found)
    return tuple(found) if is_any else ()


@functools.cache
def _served_by() -> tuple[str, ...]:
    return tuple(makers().reply.served_by)


@functools.lru_cache(maxsize=64)
def _joined(names: tuple[object, ...]) -> str:
    return " ".join([name for name in names if isinstance(name, str) and name])


@functools.cache
def _decoder() -> msgspec.json.Decoder[Any]:
    """Return what reads plain bodies; fields that mean something to the one reader are empty there."""
    rows: Makers = makers()
    empty = (*rows.reply.thought_fields, *rows.reply.refusal_fields, *_NO_ANSWER)
    counts = {path.partition(".")[0] for path in rows.reply.thought_tokens}
    message = msgspec.defstruct(
        "Message",
        [("content", str), ("role", _Word, None), *((name, _Nothing, None) for name in empty)],
        gc=False,
        forbid_unknown_fields=True,
    )
    choice = msgspec.defstruct(
        "Choice",
        [
            ("message", message),
            ("finish_reason", Literal["stop"]),
            ("index", _Word, None),
            ("logprobs", _Logprobs | None, None),
            ("stop_reason", None, None),
            ("token_ids", None, None),
        ],
        gc=False,
        forbid_unknown_fields=True,
    )
    usage = msgspec.defstruct(
        "Usage",
        [
            ("completion_tokens", _Count),
            ("prompt_tokens", _Count),
            *((name, None, None) for name in sorted(counts)),
        ],
        gc=False,
    )
    words = ("id", "object", "created", "service_tier", *_served_by())
    body = msgspec.defstruct(
        "Body",
        [
            ("choices", Annotated[list[choice], Meta(min_length=1, max_length=1)]),  # type: ignore[valid-type]
            ("usage", usage),
            *((name, _Word, None) for name in words),
            *(
                (name, None, None)
                for name in ("prompt_logprobs", "prompt_token_ids", "kv_transfer_params")
            ),
        ],
        gc=False,
        forbid_unknown_fields=True,
    )
    return msgspec.json.Decoder(body)
