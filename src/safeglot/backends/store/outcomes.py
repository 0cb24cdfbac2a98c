"""How the planned requests of the targets ended, counted; and what their servers said of themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.store import Store
from safeglot.types import BROKEN_KINDS, OUTCOME_KINDS

_SQL = named(__package__, "outcomes.sql")
_ANSWERED = """
SELECT s.name, t.language, p.categories, p.kind, COUNT(*)
FROM responses r JOIN translations t ON t.id = r.translation AND t.arm = 'main'
JOIN steps s ON s.id = r.step JOIN prompts p ON p.id = t.prompt
"""
_REFUSED = "WHERE r.reply IN (SELECT id FROM replies WHERE refused = 1)"
_OF_FAILURE = dict.fromkeys(BROKEN_KINDS, "broken") | {
    "blocked": "blocked",
    "thought_only": "thought_only",
}


class OutcomeCount(NamedTuple):
    """How many requests to a model ended in one way, of prompts of one kind and the same categories."""

    model: str
    language: str
    categories: tuple[str, ...]
    kind: str
    outcome: str
    n: int


class Served(NamedTuple):
    """How many texts of one length a server counted so many tokens of, and who it says it is."""

    model: str
    language: str
    chars: int
    n_prompt_tokens: int | None
    served_by: str
    n: int


def outcome_of(kind: str) -> str:
    """Return the outcome that a failure of this kind is."""
    return _OF_FAILURE.get(kind, "failed")


def outcomes(store: Store, manifest: Manifest) -> list[OutcomeCount]:
    """Return how the planned requests of the main arm ended, each counted once.

    The counts of a model add up to what was planned: the prompts by languages and samples, those
    that no translator could translate too, but not what a gate took out.
    """
    counts: Counter[tuple[str, str, str, str, str]] = Counter()
    for language, categories, kind, n in _planned(store, manifest.languages):
        for model in manifest.models:
            counts[model, language, categories, kind, "not_asked"] += n * manifest.samples
    for outcome, (*place, n) in _ended(store):
        model, language, categories, kind = place
        counts[model, language, categories, kind, outcome] += n
        counts[model, language, categories, kind, "not_asked"] -= n
    order = {outcome: i for i, outcome in enumerate(OUTCOME_KINDS)}
    rows = [
        OutcomeCount(model, language, tuple(json.loads(categories)), kind, outcome, n)
        for (model, language, categories, kind, outcome), n in counts.items()
        if n and model in manifest.models and language in manifest.languages
    ]
    places = {name: i for i, name in enumerate((*manifest.models, *manifest.languages))}
    return sorted(
        rows,
        key=lambda r: (places[r.model], places[r.language], r.kind, r.categories, order[r.outcome]),
    )


def _planned(store: Store, languages: Sequence[str]) -> Iterator[tuple[str, str, str, int]]:
    for categories, kind, n in store.rows(_SQL["prompts"]):
        yield from ((language, categories, kind, n) for language in languages)
    for language, categories, kind, n in store.rows(_SQL["gated"]):
        yield language, categories, kind, -n


def _ended(store: Store) -> Iterator[tuple[str, tuple[str, str, str, str, int]]]:
    refused: Counter[tuple[str, ...]] = Counter()
    for model, language, categories, kind, n in store.rows(
        f"{_ANSWERED}{_REFUSED} GROUP BY 1,2,3,4"
    ):
        refused[model, language, categories, kind] = n
        yield "refused", (model, language, categories, kind, n)
    for model, language, categories, kind, n in store.rows(f"{_ANSWERED} GROUP BY 1,2,3,4"):
        whole = n - refused[model, language, categories, kind]
        yield "answered", (model, language, categories, kind, whole)
    for model, language, categories, kind, failure, n in store.rows(_SQL["failed"]):
        yield outcome_of(failure), (model, language, categories, kind, n)


def outcome_table(
    store: Store,
    manifest: Manifest,
    left_out: Mapping[tuple[str, str, str, tuple[str, ...]], int] = MappingProxyType({}),
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the counts of all outcomes by model, language, kind of prompt and categories, to export.

    What stands in a row adds up to its `planned`, and all rows of a model to what was planned of it.
    What a plan that stopped early had no need of is `left_out`, and in no other column.
    """
    counts: dict[tuple[Any, ...], Counter[str]] = {}
    for row in outcomes(store, manifest):
        categories = json.dumps(row.categories, ensure_ascii=False)
        place = row.model, row.language, row.kind, categories
        counts.setdefault(place, Counter())[row.outcome] += row.n
    for (*names, sort), n in left_out.items():
        own = counts[*names, json.dumps(sort, ensure_ascii=False)]
        own["not_asked"] -= n
        own["left_out"] += n
    kinds = (*OUTCOME_KINDS, *(("left_out",) if left_out else ()))
    columns = ("model", "language", "kind", "categories", "planned", *kinds)
    return columns, [
        (*place, own.total(), *(own[outcome] for outcome in kinds)) for place, own in counts.items()
    ]


def served_table(store: Store) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return which models and builds replied under each model's name, and how often, to export."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in served(store):
        counts[row.model, row.served_by] += row.n
    return ("model", "served_by", "n"), [(*names, n) for names, n in sorted(counts.items())]


def served(store: Store) -> Iterator[Served]:
    """Yield what the servers said of the texts of the main arm and of themselves, counted."""
    yield from map(Served._make, store.rows(_SQL["served"]))
