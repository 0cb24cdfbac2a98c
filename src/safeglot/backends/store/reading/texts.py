"""Reading the texts of single answers, by their numbers: what a list and a page show of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.store import Store

_SQL = named(__package__, "texts.sql")


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
    return dict(store.rows(_SQL["beginnings"], (length, json.dumps(list(texts)))))


def searched(store: Store, pairs: Sequence[tuple[int, int]], words: str) -> list[int]:
    """Return the places of (text, answer) pairs of numbers in one of which the words stand, in any case."""
    wanted = words.casefold()
    return [
        place
        for place, *texts in store.rows(_SQL["searched"], (json.dumps(pairs),))
        if any(wanted in text.casefold() for text in texts)
    ]


def text_asked(store: Store, text: int) -> TextAsked:
    """Return a text by its number."""
    return TextAsked._make(next(store.rows(_SQL["text"], (text,))))


def answer_read(store: Store, response: int) -> AnswerRead | None:
    """Return an answer by its number, None where it has gone."""
    row = next(store.rows(_SQL["answer"], (response,)), None)
    return None if row is None else AnswerRead._make(row)


def answer_lost(store: Store, model: str, text: int, sample: int) -> AnswerLost | None:
    """Return why a model gave no answer to a text."""
    row = next(store.rows(_SQL["failure"], (model, text, sample)), None)
    return None if row is None else AnswerLost._make(row)


def verdicts_read(store: Store, response: int) -> Iterator[VerdictRead]:
    """Yield what each step that judges said of an answer, and what of it failed."""
    for judge, unsafe, label, p_unsafe, codes, rationale, reason in store.rows(_SQL["verdicts"], (response,)):  # fmt: skip
        said = tuple(map(str, json.loads(codes)))
        yield VerdictRead(judge, unsafe, label, p_unsafe, said, rationale, reason)
    for judge, kind in store.rows(_SQL["unjudged"], (response,)):
        yield VerdictRead(judge, None, "", None, (), "", kind)


def labels_read(store: Store, response: int) -> list[tuple[str, str, str]]:
    """Return (annotator, label, note) of an answer."""
    return list(store.rows(_SQL["labels"], (response,)))


def asked(store: Store, requests_a_text: int) -> AskedSoFar:
    """Return how far the targets are, each of which is asked so often about every text."""
    answers, failed = next(store.rows(_SQL["progress"]))
    planned = store.count(_SQL["to ask"]) * requests_a_text
    return AskedSoFar(answers=answers, failed=failed, planned=max(planned, answers))
