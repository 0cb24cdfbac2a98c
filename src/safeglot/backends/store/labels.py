"""Reading what was drawn for human labels, and the labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.schema.tables import KEY
from safeglot.backends.store.store import Store

_SQL = named(__package__, "labels.sql", key=KEY)


@dataclass(frozen=True, slots=True)
class Draw:
    """An answer that was drawn: by which judge's verdicts, from which stratum, what it is of.

    `response` is its key, `id` its number in this store.
    """

    id: int
    response: str
    judge: str
    language: str
    stratum: str
    design: str
    wanted: int
    model: str
    prompt: str
    sample: int


class AnswerLabel(NamedTuple):
    """An annotator's label of an answer."""

    response: str
    annotator: str
    label: str


class TextToLabel(NamedTuple):
    """What an annotator reads: the answer's key, the prompt's id, the text that was asked, the answer."""

    key: str
    prompt: str
    text: str
    answer: str


def draws(store: Store) -> Iterator[Draw]:
    """Return the answers that were drawn, in the order of their keys."""
    return (Draw(*row) for row in store.rows(_SQL["draws"]))


def labels(store: Store) -> Iterator[AnswerLabel]:
    """Yield all labels, in the order of the answers' keys and the annotators."""
    yield from map(AnswerLabel._make, store.rows(_SQL["labels"].format(where="")))


def labels_of_drawn(store: Store) -> list[AnswerLabel]:
    """Return the labels of the answers that were drawn last, in the same order."""
    return list(map(AnswerLabel._make, store.rows(_SQL["labels"].format(where=_SQL["drawn"]))))


def designs(store: Store) -> set[str]:
    """Return the designs by which answers were drawn: one, or none yet."""
    return {design for (design,) in store.rows(_SQL["designs"])}


def text_to_label(store: Store, response: int) -> TextToLabel:
    """Return the prompt and answer of an answer's number."""
    return TextToLabel._make(next(store.rows(_SQL["to label"], (response,))))


def labelled_texts(store: Store, annotator: str) -> Iterator[tuple[Sequence[Any], ...]]:
    """Yield columns of all answers: number, prompt, language, sample, variant, categories (JSON), and one's label (1, 0, -1)."""
    yield from store.columns(_SQL["texts"], (annotator,))


def said_of_texts(store: Store, judge: str) -> Iterator[tuple[Sequence[Any], ...]]:
    """Yield columns of a judge's verdicts: the answer's number, unsafe (1, 0, -1), and its probability or None."""
    yield from store.columns(_SQL["said"], (judge,))


def notes(store: Store) -> Iterator[tuple[str, str, str]]:
    """Yield (answer, annotator, note) of the labels that have one."""
    yield from store.rows(_SQL["notes"])


def source_of(store: Store, prompt: str) -> tuple[str, str, tuple[str, ...]]:
    """Return a prompt's text, its language and its categories."""
    text, language, categories = next(store.rows(_SQL["source"], (prompt,)))
    return text, language, tuple(map(str, json.loads(categories)))


def labelled_counts(store: Store) -> dict[str, int]:
    """Return how many answers on harmful prompts have a label, by language."""
    return dict(store.rows(_SQL["labelled"]))


def draw_labelled(store: Store, language: str, stratum: str) -> None:
    """Take the labelled answers on harmful prompts in a language for a simple sample of all."""
    list(store.rows(_SQL["draw labelled"], (stratum, language)))
