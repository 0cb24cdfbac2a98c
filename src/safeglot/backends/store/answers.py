"""Reading the answers of a run: responses with the texts of their replies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.schema.tables import KEY
from safeglot.backends.store.store import Store
from safeglot.types import Arm

_SQL = named(__package__, "answers.sql", key=KEY)


class PivotAnswer(NamedTuple):
    """An answer in the reference language, which is to be translated back."""

    prompt: str
    language: str
    variant: str
    model: str
    sample: int
    answer: str


class MainAnswer(NamedTuple):
    """An answer of the main arm; `translation` is the key of the text that was asked."""

    key: str
    prompt: str
    language: str
    model: str
    sample: int
    text: str
    finish_reason: str
    translation: str


class AnswerPlace(NamedTuple):
    """What an answer is of, without its text."""

    id: int
    key: str
    prompt: str
    language: str
    model: str
    sample: int


class BroughtAnswer(NamedTuple):
    """An answer that a file brought as a text of an arm, and the text that it answers."""

    translation: str
    model: str
    sample: int
    key: str
    answer: str
    arm: Arm
    prompt: str
    language: str
    text: str
    translator: str


def count_answers(store: Store) -> int:
    """Return the number of answers in all arms."""
    return store.count(_SQL["count"])


def count_outcomes(store: Store) -> int:
    """Return the number of answers in all arms, and of those that were blocked or thought only."""
    return store.count(_SQL["count outcomes"])


def most_samples(store: Store) -> int:
    """Return how many answers of one model to one text are there at most."""
    return store.count(_SQL["most samples"])


def count_asked(store: Store) -> int:
    """Return the number of answers that a target gave."""
    return store.count(_SQL["count asked"])


def answered_models(store: Store) -> set[str]:
    """Return the names of the models that gave an answer, in any arm."""
    return {model for (model,) in store.rows(_SQL["models"])}


def answers_with_thoughts(store: Store) -> tuple[int, ...]:
    """Return the numbers of the main answers that came with a thought."""
    return tuple(number for (number,) in store.rows(_SQL["thoughts"]))


def main_answer_counts(store: Store) -> dict[tuple[str, str], int]:
    """Return the number of main answers of each (model, language) that has any."""
    return {(model, language): n for model, language, n in store.rows(_SQL["count main"])}


def main_answers(store: Store) -> Iterator[MainAnswer]:
    """Yield the answers of the main arm with their texts."""
    yield from map(MainAnswer._make, store.rows(_SQL["main"]))


def telling_requests(store: Store, judges: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (prompt, model) where a main answer is unsafe or has no verdict by one of the judges, or was blocked."""
    yield from store.rows(_SQL["telling"], (json.dumps(list(judges)),))


def answer_places(store: Store) -> Iterator[AnswerPlace]:
    """Yield what each answer of the main arm with a text is of, in the order of the keys.

    Those that a plan chose since they were hard are none: no label of theirs stands for others.
    """
    yield from map(AnswerPlace._make, store.rows(_SQL["places"]))


def pivot_answers(store: Store) -> Iterator[PivotAnswer]:
    """Yield the answers of pivots that are not translated back yet."""
    done = {row[:5] for row in store.rows(_SQL["of arm"], ("pivoted",))}
    rows = (row for row in store.rows(_SQL["of arm"], ("pivot",)) if row[:5] not in done)
    yield from map(PivotAnswer._make, rows)


def brought_answers(store: Store) -> Iterator[BroughtAnswer]:
    """Yield the answers that files brought, in a fixed order."""
    yield from map(BroughtAnswer._make, store.rows(_SQL["given"]))
