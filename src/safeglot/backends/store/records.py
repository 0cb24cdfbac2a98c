"""Texts, replies and verdicts as rows of their tables, and back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from safeglot.keys import json_encoder, translation_key
from safeglot.types import Prompt, Reply, Translation, Verdict

_REPLY = (
    "text", "finish_reason", "n_tokens", "n_prompt_tokens", "logprobs", "thought", "n_thought_tokens",
    "served_by", "refused",
)  # fmt: skip
REPLIES = f"SELECT {', '.join(_REPLY)} FROM replies"  # noqa: S608 - our own names
"""The query whose rows `reply_of` takes."""
_VERDICT = tuple(own.name for own in dataclasses.fields(Verdict))
_FLAGS = ("unsafe", "unsafe_loose", "refusal")

_json = json_encoder(ensure_ascii=False, separators=(",", ":"))


def text_row(t: Translation) -> tuple[Any, ...]:
    """Return a text as a row of the table `translations`."""
    return (
        translation_key(t),
        t.prompt,
        t.language,
        t.text,
        t.translator,
        _json(dict(t.quality)),
        _json(t.checks),
        int(t.kept),
        t.reason,
        t.arm,
        t.variant,
    )


def prompt_of(row: tuple[Any, ...]) -> Prompt:
    """Return the prompt in a row of (id, text, language, categories, source, kind)."""
    name, text, language, categories, source, kind = row
    own = tuple(json.loads(categories))
    return Prompt(id=name, text=text, language=language, categories=own, source=source, kind=kind)


def reply_row(number: int, key: str | None, reply: Reply) -> tuple[Any, ...]:
    """Return a reply as a row."""
    r = reply
    logprobs = _json(r.logprobs) if r.logprobs else None
    return (
        number, key, r.text, r.finish_reason, r.n_tokens, r.n_prompt_tokens, logprobs, r.thought,
        r.n_thought_tokens, r.served_by, r.refused,
    )  # fmt: skip


def reply_of(row: tuple[Any, ...]) -> Reply:
    """Return the reply in a row of `REPLIES`."""
    told = dict(zip(_REPLY, row, strict=True))
    places = json.loads(told["logprobs"] or "[]")
    told["logprobs"] = tuple(tuple((t, p) for t, p in place) for place in places)
    return Reply(**told | {"refused": bool(told["refused"])})


def verdict_row(response: int, step: int, verdict: Verdict, reply: int | None) -> tuple[Any, ...]:
    """Return a step's verdict on an answer as a row; `reply` is the number of the first reply behind it."""
    v = verdict
    return (
        response, step, v.unsafe, v.unsafe_loose, v.label, v.p_unsafe, _json(v.codes) if v.codes else "[]", v.refusal,
        v.response_class, v.rationale, v.reason, reply,
    )  # fmt: skip


def verdict_of(row: tuple[Any, ...]) -> Verdict:
    """Return the verdict in a row that `Store.verdicts` reads."""
    told = dict(zip(_VERDICT, row, strict=True))
    told |= {name: None if told[name] is None else bool(told[name]) for name in _FLAGS}
    return Verdict(**told | {"codes": tuple(json.loads(told["codes"]))})
