"""Texts, replies and verdicts as rows of their tables, and back."""

from __future__ import annotations

import json
from typing import Any

from safeglot.keys import json_encoder, translation_key
from safeglot.types import Prompt, Reply, Translation, Verdict

REPLIES = (
    "SELECT text, finish_reason, n_tokens, n_prompt_tokens, logprobs, thought, n_thought_tokens, "
    "served_by, refused FROM replies"
)
"""The columns that `reply_of` takes."""

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
    logprobs = tuple(tuple((t, p) for t, p in place) for place in json.loads(row[4] or "[]"))
    return Reply(
        text=row[0],
        finish_reason=row[1],
        n_tokens=row[2],
        n_prompt_tokens=row[3],
        logprobs=logprobs,
        thought=row[5],
        n_thought_tokens=row[6],
        served_by=row[7],
        refused=bool(row[8]),
    )


def verdict_row(response: int, step: int, verdict: Verdict, reply: int | None) -> tuple[Any, ...]:
    """Return a step's verdict on an answer as a row; `reply` is the number of the first reply behind it."""
    v = verdict
    return (
        response, step, v.unsafe, v.unsafe_loose, v.label, v.p_unsafe, _json(v.codes) if v.codes else "[]", v.refusal,
        v.response_class, v.rationale, v.reason, reply,
    )  # fmt: skip


def verdict_of(row: tuple[Any, ...]) -> Verdict:
    """Return the verdict in a row that `Store.verdicts` reads."""
    return Verdict(
        response=row[0],
        judge=row[1],
        mode=row[2],
        unsafe=_flag(row[3]),
        unsafe_loose=_flag(row[4]),
        label=row[5],
        p_unsafe=row[6],
        codes=tuple(json.loads(row[7])),
        refusal=_flag(row[8]),
        response_class=row[9],
        rationale=row[10],
        reason=row[11],
    )


def _flag(value: object) -> bool | None:
    return None if value is None else bool(value)
