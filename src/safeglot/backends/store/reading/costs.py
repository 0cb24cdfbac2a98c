"""What answers and verdicts of a run took: tokens in the store, seconds in the log beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from safeglot.backends.store.store import Store

_ANSWERS = """
SELECT k.id, p.n_prompt_tokens, p.n_tokens, k.key FROM keyed k JOIN replies p ON p.id = k.reply
"""
_READ = """
SELECT r.id, p.n_prompt_tokens FROM responses r JOIN replies p ON p.id = r.reply
WHERE r.sample = 0 AND p.n_prompt_tokens IS NOT NULL
"""
_VERDICTS = """
SELECT v.response, iif(v.reply IS NULL, 0, p.n_prompt_tokens), iif(v.reply IS NULL, 0, p.n_tokens),
  iif(v.reply IS NULL, '', k.key || '/' || s.name)
FROM steps s JOIN verdicts v ON v.step = s.id JOIN keyed k ON k.id = v.response
LEFT JOIN replies p ON p.id = v.reply WHERE s.stage = 'judge' AND s.name = ?
"""


class AnswerCost(NamedTuple):
    """Tokens that were read and written for an answer, or a verdict on it; None where nobody said."""

    response: int
    tokens_in: int | None
    tokens_out: int | None
    key: str
    """Of its request in the log, "" where none was sent."""


def answer_costs(store: Store) -> Iterator[AnswerCost]:
    """Yield what each answer took, of all arms."""
    yield from map(AnswerCost._make, store.rows(_ANSWERS))


def tokens_read(store: Store) -> Iterator[tuple[int, int]]:
    """Yield the number of each text's first answer, of all arms, and how many tokens its request had."""
    yield from store.rows(_READ)


def verdict_costs(store: Store, judge: str) -> Iterator[AnswerCost]:
    """Yield what each verdict of a judge took; nothing where it asked no model."""
    yield from map(AnswerCost._make, store.rows(_VERDICTS, (judge,)))


def seconds_by_key(log: Path) -> dict[str, float]:
    """Return how long each request of a log took that was answered; what is no line of ours is passed over."""
    found = {"": 0.0}
    if not log.is_file():
        return found
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                told = json.loads(line)
                key, seconds = str(told["key"]), float(told["seconds"])
            except (ValueError, TypeError, KeyError):
                continue
            if told.get("outcome") == "ok" and math.isfinite(seconds) and seconds >= 0:
                found[key] = seconds
    return found
