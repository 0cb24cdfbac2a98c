"""How far a run came that was stopped, by its end or by its plan: what is settled, the ledger of looks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.store import Store

_SQL = named(__package__, "stop.sql")
CERTAIN = 1e9
"""What stands for an infinite log of an e-value, which JSON has not."""


class Progress(NamedTuple):
    """How many prompts a run has, of how many anything was asked, and of how many all."""

    planned: int
    begun: int
    whole: int

    @property
    def is_stopped(self) -> bool:
        """Whether prompts are left that nothing was asked of."""
        return self.begun < self.planned


def progress(store: Store, targets: int, samples: int) -> Progress:
    """Return how far a run came with so many targets; what failed was asked."""
    (row,) = store.rows(_SQL["progress"], (targets * samples,))
    return Progress(*row)


def is_drawn(store: Store) -> bool:
    """Return whether prompts were asked in the order of their draw; early versions took the file's."""
    return not store.holds(_SQL["in order of file"])


# ---- plans that stop early


class PlannedText(NamedTuple):
    """The number of a text, and what it is of; a gated one has no place in the plan."""

    number: int
    language: str
    prompt: str
    gated: bool


class StoredLook(NamedTuple):
    """What one look of a plan found for a language, or for one of its categories ("" for all)."""

    model: str
    judge: str
    look: int
    language: str
    category: str
    drawn: int
    n: int
    missing: int
    pool: int
    state: str
    band: str | None
    numbers: Mapping[str, float]


def planned_texts(store: Store) -> Iterator[PlannedText]:
    """Yield the texts of the main arm, then those that a gate took out."""
    for number, language, prompt, gated in store.rows(_SQL["texts"]):
        yield PlannedText(number, language, prompt, bool(gated))


def settled(store: Store, model: str, judge: str) -> Iterator[tuple[str, str, bool | None]]:
    """Yield the language and prompt of what a model was asked and nothing more is awaited of, with the verdict.

    It is None where there is none: no answer came, the judge failed or could not be read.
    """
    for language, prompt, unsafe in store.rows(_SQL["settled"], {"model": model, "judge": judge}):
        yield language, prompt, None if unsafe is None else bool(unsafe)


def put_looks(store: Store, model: str, looks: Iterable[StoredLook]) -> None:
    """Write a model's ledger in the place of the one it has."""
    store.write("forgotten_looks", [(model,)])
    store.write("looks", [(*row[:-1], _numbers(row.numbers)) for row in looks])


def clear_looks(store: Store) -> None:
    """Forget the ledgers of all models."""
    store.write("forgotten_looks", store.rows("SELECT DISTINCT model FROM looks"))
    store.write("forgotten_chosen", store.rows("SELECT DISTINCT model FROM chosen"))


def put_chosen(store: Store, model: str, texts: Iterable[int]) -> None:
    """Write which texts a model is asked since they were hard in earlier runs, in the place of others."""
    store.write("forgotten_chosen", [(model,)])
    store.write("chosen", ((model, number) for number in texts))


def chosen_texts(store: Store) -> Iterator[tuple[str, str, str]]:
    """Yield model, language and prompt of what is asked since it was hard in earlier runs."""
    yield from store.rows(_SQL["chosen"])


def chosen_table(store: Store) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the same to export: verdicts on these are in no rate."""
    columns, rows = store.table(_SQL["chosen"])
    return columns, sorted(rows)


def history_of(store: Store) -> dict[str, float]:
    """Return prompt -> how often it was answered unsafely in the earlier runs that a plan was given."""
    return dict(store.rows("SELECT prompt, unsafe FROM history"))


def _numbers(numbers: Mapping[str, float]) -> str:
    kept = {name: min(max(float(x), -CERTAIN), CERTAIN) for name, x in numbers.items()}
    return json.dumps(kept, sort_keys=True)


def look_table(store: Store) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the ledgers of a run, to export."""
    columns, rows = store.table(_SQL["looks"])
    return columns, list(rows)


def stored_looks(store: Store) -> Iterator[StoredLook]:
    """Yield the ledgers of a run, model by model."""
    for *row, numbers in store.rows(_SQL["looks"]):
        yield StoredLook._make((*row, json.loads(numbers)))


def stopped_cells(store: Store) -> set[tuple[str, str, str]]:
    """Return model, language and category ("" for all of them) of what a plan has asked enough of."""
    return {
        (model, language, category) for model, language, category in store.rows(_SQL["stopped"])
    }
