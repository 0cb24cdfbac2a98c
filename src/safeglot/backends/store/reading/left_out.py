"""What a plan that stopped early left out of a run: it is no more missing than what was never planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from safeglot.backends.store.failures import failed_answers
from safeglot.backends.store.prompts import Bools, Prompts
from safeglot.backends.store.stop import planned_texts, stopped_cells
from safeglot.backends.store.store import Store


def unneeded(
    store: Store,
    prompts: Prompts,
    answered_MLP: Bools,
    names: tuple[Sequence[str], Sequence[str]],
) -> Bools | None:
    """Return what a plan that stopped early left out, shape (M, L, P); None where that is nothing.

    A prompt is left out in a language where nothing was asked of it and the plan has enough there: of
    each of its categories, or, of a prompt that no look counts, of all. One without a text in a language
    is missing, and not left out, where it was asked in another.
    """
    stopped = stopped_cells(store)
    if not stopped:
        return None
    at_M, at_L = ({name: i for i, name in enumerate(own)} for own in names)
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
    return left_MLP if left_MLP.any() else None


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
    at_P = {name: i for i, name in enumerate(prompts.ids)}
    textless_LP = np.ones((len(at_L), len(at_P)), dtype=np.bool_)
    for text in planned_texts(store):
        if text.language in at_L and text.prompt in at_P:
            textless_LP[at_L[text.language], at_P[text.prompt]] = False
    return textless_LP
