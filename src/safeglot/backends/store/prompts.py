"""What is said of all prompts of a run, in columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from safeglot.backends.store.failures import failed_answers
from safeglot.backends.store.stop import chosen_texts, planned_texts, stopped_cells
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import prompt_labels
from safeglot.keys import places
from safeglot.types import Kind

Bools: TypeAlias = npt.NDArray[np.bool_]


class Ids(Sequence[str]):
    """Ids of prompts in their order, in one array: as strings they take four times the memory."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._id_P = np.array(list(ids), dtype=np.dtypes.StringDType())

    def __len__(self) -> int:
        return len(self._id_P)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice | Bools) -> Ids: ...
    def __getitem__(self, index: Any) -> Any:
        found = self._id_P[index]
        return found if isinstance(found, str) else Ids(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._id_P)


@dataclass(frozen=True, slots=True, eq=False)
class Prompts:
    """What is said of a run's prompts, without their texts: `sort_P` is a place in `sorts`."""

    ids: Ids
    sort_P: npt.NDArray[np.int32]
    sorts: tuple[tuple[tuple[str, ...], Kind], ...]
    """Each combination of categories and kind that there is, in the order of their first prompts."""

    def is_kind(self, kind: Kind) -> Bools:
        """Return which prompts are harmful, or benign; shape (P,)."""
        return np.array([own == kind for _, own in self.sorts], dtype=np.bool_)[self.sort_P]

    def of_kind(self, kind: Kind) -> Prompts:
        """Return the prompts of a kind alone."""
        pick_P = self.is_kind(kind)
        if pick_P.all():
            return self
        return Prompts(self.ids[pick_P], self.sort_P[pick_P], self.sorts)

    def counts(self) -> Iterator[tuple[tuple[str, ...], Kind, int]]:
        """Yield how many prompts there are of each combination of categories and kind."""
        n_S = np.bincount(self.sort_P, minlength=len(self.sorts)).tolist()
        yield from ((*sort, n) for sort, n in zip(self.sorts, n_S, strict=True) if n)

    def categories(self) -> set[str]:
        """Return the categories that any prompt has."""
        return {name for categories, _, _ in self.counts() for name in categories}

    def members(self, categories: Sequence[str]) -> Bools:
        """Return which prompts are in which categories, shape (P, C)."""
        rows = [[name in own for name in categories] for own, _ in self.sorts]
        rows_SC = np.array(rows, dtype=np.bool_).reshape(len(self.sorts), len(categories))
        return rows_SC[self.sort_P]

    def places(self, wanted: Iterable[str]) -> dict[str, int]:
        """Return the places of those of some ids that are there."""
        names = set(wanted)
        return {name: i for i, name in enumerate(self.ids) if name in names} if names else {}


def read_prompts(store: Store) -> tuple[Prompts, dict[str, int]]:
    """Return the prompts of a run in the order of the file, and the place of each by its id."""
    at_P: dict[str, int] = {}
    sorts: dict[tuple[tuple[str, ...], Kind], int] = {}
    sort_P = array("i")
    for name, categories, kind in prompt_labels(store):
        at_P[name] = len(at_P)
        sort_P.append(sorts.setdefault((categories, kind), len(sorts)))
    return Prompts(Ids(at_P), np.array(sort_P, dtype=np.int32), tuple(sorts)), at_P


# ---- what a plan that stopped early left out


def unneeded(
    store: Store,
    prompts: Prompts,
    answered_MLP: Bools,
    names: tuple[Sequence[str], Sequence[str]],
) -> Bools | None:
    """Return what a plan that stopped early left out or chose, shape (M, L, P); None where that is nothing.

    A prompt is left out in a language where nothing was asked of it and the plan has enough there: of
    each of its categories, or, of a prompt that no look counts, of all. One without a text in a language
    is missing, and not left out, where it was asked in another.
    """
    stopped, chosen_MLP = stopped_cells(store), chosen(store, prompts, names)
    if not stopped:
        return chosen_MLP
    at_M, at_L = map(places, names)
    asked_MLP = answered_MLP.copy()
    failed = [f for f in failed_answers(store) if f.model in at_M and f.language in at_L]
    at_P = prompts.places(f.prompt for f in failed)
    for f in failed:
        asked_MLP[at_M[f.model], at_L[f.language], at_P[f.prompt]] = True
    textless_LP = _textless(store, prompts, at_L)
    asked_MLP |= textless_LP & asked_MLP.any(axis=1, keepdims=True)
    left_MLP = ~asked_MLP
    for (model, m), (language, at) in product(at_M.items(), at_L.items()):
        own = {category for *place, category in stopped if place == [model, language]}
        left_MLP[m, at] &= _enough(prompts, own)
    if chosen_MLP is not None:
        left_MLP |= chosen_MLP
    return left_MLP if left_MLP.any() else None


def chosen(
    store: Store, prompts: Prompts, names: tuple[Sequence[str], Sequence[str]]
) -> Bools | None:
    """Return what was asked since it was hard in earlier runs, shape (M, L, P); None where that is nothing."""
    rows = list(chosen_texts(store))
    if not rows:
        return None
    at_M, at_L, at_P = map(places, (*names, prompts.ids))
    chosen_MLP = np.zeros((len(at_M), len(at_L), len(at_P)), dtype=np.bool_)
    for model, language, prompt in rows:
        if model in at_M and language in at_L and prompt in at_P:
            chosen_MLP[at_M[model], at_L[language], at_P[prompt]] = True
    return chosen_MLP


def _enough(prompts: Prompts, stopped: set[str]) -> Bools:
    """Return of which prompts a language has enough, by the categories that stopped there; shape (P,)."""
    harmful_P, names = prompts.is_kind("harmful"), sorted(prompts.categories())
    if "" in stopped:
        return np.ones(harmful_P.size, dtype=np.bool_)
    member_PC = prompts.members(names)
    counted_C = member_PC[harmful_P].any(axis=0)
    open_C = counted_C & np.array([name not in stopped for name in names], dtype=np.bool_)
    counted_P = harmful_P & member_PC.any(axis=1)
    return np.where(counted_P, ~(member_PC & open_C).any(axis=1), not open_C.any())


def _textless(store: Store, prompts: Prompts, at_L: Mapping[str, int]) -> Bools:
    """Return which prompts have no text in which languages, gated ones aside; shape (L, P)."""
    at_P = places(prompts.ids)
    textless_LP = np.ones((len(at_L), len(at_P)), dtype=np.bool_)
    for text in planned_texts(store):
        if text.language in at_L and text.prompt in at_P:
            textless_LP[at_L[text.language], at_P[text.prompt]] = False
    return textless_LP
