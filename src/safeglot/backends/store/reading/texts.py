"""Reading the texts of single answers, by their numbers: what a list and a page show of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from safeglot.backends.store.store import Store

_BEGINNINGS = """
SELECT t.id, substr(t.text, 1, ?) FROM json_each(?) x CROSS JOIN translations t ON t.id = x.value
"""
_SEARCHED = """
SELECT x.key, t.text, ifnull(p.text, '') FROM json_each(?) x
CROSS JOIN translations t ON t.id = json_extract(x.value, '$[0]')
LEFT JOIN responses r ON r.id = json_extract(x.value, '$[1]')
LEFT JOIN replies p ON p.id = r.reply ORDER BY x.key
"""
_TEXT = "SELECT prompt, language, text, translator, quality, arm, variant FROM translations WHERE id = ?"
_ANSWER = """
SELECT p.text, p.thought, p.finish_reason, p.n_tokens, p.served_by, ifnull(x.invalid, ''), x.language
FROM responses r JOIN replies p ON p.id = r.reply LEFT JOIN traits x ON x.response = r.id
WHERE r.id = ?
"""
_FAILURE = """
SELECT kind, message, attempts, text, thought FROM failures
WHERE stage = 'generate' AND by = ? AND work = ? AND sample = ?
"""
_VERDICTS = """
SELECT s.name, v.unsafe, v.label, v.p_unsafe, v.codes, v.rationale, v.reason FROM verdicts v
JOIN steps s ON s.id = v.step WHERE v.response = ?
"""
_UNJUDGED = "SELECT by, kind FROM failures WHERE stage = 'judge' AND work = ?"
_LABELS = "SELECT annotator, label, note FROM labels WHERE response = ? ORDER BY annotator"
_PROGRESS = """
SELECT (SELECT COUNT(*) FROM responses) AS answers,
  (SELECT COUNT(*) FROM failures WHERE stage = 'generate' AND work IS NOT NULL) AS failed
"""
_TO_ASK = "SELECT COUNT(*) FROM translations WHERE arm NOT IN ('gated', 'backtranslate', 'reverse')"


class TextAsked(NamedTuple):
    """A text that a target was asked; `quality` is JSON as it is stored."""

    prompt: str
    language: str
    text: str
    translator: str
    quality: str
    arm: str
    variant: str


class AnswerRead(NamedTuple):
    """An answer with its thought, and what the checks found."""

    text: str
    thought: str
    finish_reason: str
    n_tokens: int | None
    served_by: str
    invalid: str
    language: str | None


class AnswerLost(NamedTuple):
    """Why a request gave no answer, and what had come of one."""

    kind: str
    message: str
    attempts: int
    text: str
    thought: str


class VerdictRead(NamedTuple):
    """What a judge said of one answer; `reason` where that could not be read."""

    judge: str
    unsafe: int | None
    label: str
    p_unsafe: float | None
    codes: tuple[str, ...]
    rationale: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSoFar:
    """How far the targets of a run are: requests, of them those that were planned, and lost ones."""

    answers: int
    failed: int
    planned: int


def beginnings(store: Store, texts: Sequence[int], length: int) -> dict[int, str]:
    """Return how texts begin, by their numbers."""
    return dict(store.rows(_BEGINNINGS, (length, json.dumps(list(texts)))))


def searched(store: Store, pairs: Sequence[tuple[int, int]], words: str) -> list[int]:
    """Return the places of (text, answer) pairs of numbers in one of which the words stand, in any case."""
    wanted = words.casefold()
    return [
        place
        for place, *texts in store.rows(_SEARCHED, (json.dumps(pairs),))
        if any(wanted in text.casefold() for text in texts)
    ]


def text_asked(store: Store, text: int) -> TextAsked:
    """Return a text by its number."""
    return TextAsked._make(next(store.rows(_TEXT, (text,))))


def answer_read(store: Store, response: int) -> AnswerRead | None:
    """Return an answer by its number, None where it has gone."""
    row = next(store.rows(_ANSWER, (response,)), None)
    return None if row is None else AnswerRead._make(row)


def answer_lost(store: Store, model: str, text: int, sample: int) -> AnswerLost | None:
    """Return why a model gave no answer to a text."""
    row = next(store.rows(_FAILURE, (model, text, sample)), None)
    return None if row is None else AnswerLost._make(row)


def verdicts_read(store: Store, response: int) -> Iterator[VerdictRead]:
    """Yield what each step that judges said of an answer, and what of it failed."""
    for judge, unsafe, label, p_unsafe, codes, rationale, reason in store.rows(_VERDICTS, (response,)):  # fmt: skip
        said = tuple(map(str, json.loads(codes)))
        yield VerdictRead(judge, unsafe, label, p_unsafe, said, rationale, reason)
    for judge, kind in store.rows(_UNJUDGED, (response,)):
        yield VerdictRead(judge, None, "", None, (), "", kind)


def labels_read(store: Store, response: int) -> list[tuple[str, str, str]]:
    """Return (annotator, label, note) of an answer."""
    return list(store.rows(_LABELS, (response,)))


def asked(store: Store, requests_a_text: int) -> AskedSoFar:
    """Return how far the targets are, each of which is asked so often about every text."""
    answers, failed = next(store.rows(_PROGRESS))
    planned = store.count(_TO_ASK) * requests_a_text
    return AskedSoFar(answers=answers, failed=failed, planned=max(planned, answers))
