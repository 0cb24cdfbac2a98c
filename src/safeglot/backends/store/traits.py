"""Reading what the checks of answers found, their cosines, and which answers lack them still."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.store import Store

_SQL = named(__package__, "traits.sql")


class ThoughtCount(NamedTuple):
    """How many answers to a prompt came with a thought in a language; None: with none."""

    model: str
    language: str
    prompt: str
    thought_language: str | None
    n: int


class TraitColumns(NamedTuple):
    """What the checks found of many answers, a column each."""

    response: Sequence[int]
    invalid: Sequence[str | None]
    """Why an answer is invalid."""
    in_language: Sequence[int]
    """Whether it is written in the language that was named, -1 where that is not known."""
    truncated: Sequence[int]


def count_unchecked(store: Store, version: int) -> int:
    """Return the number of answers, also of mitigations, that this version of the checks has not seen."""
    return store.count(_SQL["count"], (version,))


def unchecked(store: Store, version: int, most: int) -> Iterator[tuple[Sequence[Any], ...]]:
    """Yield the answers to be checked, so many at a time, as columns.

    Columns: number, answer, text that was asked, its language, finish reason, thought. What is checked may be
    written meanwhile.
    """
    last = 0
    while rows := list(store.rows(_SQL["unchecked"], (version, last, most))):
        last = rows[-1][0]
        yield tuple(zip(*rows, strict=True))


def trait_columns(store: Store, version: int, language: str) -> Iterator[TraitColumns]:
    """Yield what the checks found, many rows at a time, in the order of the answers' numbers."""
    yield from map(TraitColumns._make, store.columns(_SQL["traits"], (language, version)))


def thought_counts(store: Store, version: int) -> list[ThoughtCount]:
    """Return the main answers with and without a thought; none where no answer has any."""
    if not store.holds(_SQL["has thoughts"]):
        return []
    return list(map(ThoughtCount._make, store.rows(_SQL["thoughts"], (version,))))


# ---- cosines with the prompts, by a sentence encoder

STAGE = "encode"


class CosineColumns(NamedTuple):
    """Answers by number, and the cosine of each."""

    response: Sequence[int]
    cosine: Sequence[float]


def lacking(
    store: Store, encoder: str, prompts: Collection[str], languages: Collection[str]
) -> list[int]:
    """Return the answers without a cosine, by number, those to one text after another.

    Of the first sample of main answers to these prompts in these languages the valid ones that a
    judge says are no refusal.
    """
    lists = json.dumps(sorted(prompts)), json.dumps(sorted(languages))
    return [number for (number,) in store.rows(_SQL["is lacking"], (*lists, encoder))]


def text_pairs(store: Store, answers: Sequence[int]) -> list[tuple[str, str]]:
    """Return the text that was asked and the answer, in the order of the answers' numbers given."""
    return [
        (asked, answer) for asked, answer in store.rows(_SQL["text pairs"], (json.dumps(answers),))
    ]


def cosine_columns(store: Store, encoder: str) -> Iterator[CosineColumns]:
    """Yield the cosines, many at a time, in the order of the answers' numbers."""
    yield from map(CosineColumns._make, store.columns(_SQL["cosines"], (encoder,)))


def has_cosines(store: Store) -> bool:
    """Return whether there is any."""
    return store.holds(_SQL["has cosines"])
