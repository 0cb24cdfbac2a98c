"""Whether a guard says the same of parallel texts: it needs no labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from safeglot.score.arrays import Bytes
from safeglot.score.frame import Extra
from safeglot.score.guards.sheet import NONE, GuardSheet
from safeglot.score.guards.telling import About, Ends
from safeglot.score.stats.consistency import all_languages, pairs
from safeglot.score.stats.intervals import wilson
from safeglot.types import Estimate


def consistency(sheet: GuardSheet, *, level: float) -> Iterator[Estimate]:
    """Yield the share of ids with equal verdicts in a language and the reference, and in all languages, beside its value by chance."""
    n_prompts = int(sheet.prompt_N.max()) + 1
    reference = sheet.languages.index(sheet.reference) if sheet.reference in sheet.languages else 0
    for g, guard in enumerate(sheet.guards):
        unsafe_LP, planned_LP = _table(sheet, g, n_prompts)
        for place, language in enumerate(sheet.languages):
            planned = int((planned_LP[place] & planned_LP[reference]).sum())
            if place == reference or not planned:
                continue
            found = pairs(unsafe_LP[reference], unsafe_LP[place])
            agree, n = found.both_safe + found.both_unsafe, int(found.n)
            p_a = (found.both_unsafe + found.c) / max(n, 1)
            p_b = (found.both_unsafe + found.b) / max(n, 1)
            chance = p_a * p_b + (1 - p_a) * (1 - p_b)
            about = About(guard=guard, language=language, level=level)
            yield _match(about, (int(agree), n, planned - n), chance, b=found.b, c=found.c)
        planned = int(planned_LP.all(axis=0).sum())
        if planned and len(sheet.languages) > 2:
            whole = all_languages(unsafe_LP)
            agree = whole.all_safe + whole.all_unsafe
            about = About(guard=guard, language=None, level=level)
            yield _match(about, (agree, whole.n, planned - whole.n), whole.expected)


def _table(
    sheet: GuardSheet, g: int, n_prompts: int
) -> tuple[Bytes, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """Return the verdict on each id's first text in each language, and whether it has one; shapes (L, P)."""
    unsafe_LP = np.full((len(sheet.languages), n_prompts), NONE, dtype=np.int8)
    planned_LP = np.zeros(unsafe_LP.shape, dtype=np.bool_)
    rows = np.flatnonzero(sheet.main_N)[::-1]  # of several texts the first is written last
    at = sheet.language_N[rows], sheet.prompt_N[rows]
    unsafe_LP[at] = sheet.unsafe_GN[g, rows]
    planned_LP[at] = True
    return unsafe_LP, planned_LP


def _match(
    about: About, counted: tuple[int, int, int], chance: float | None, **flips: float
) -> Estimate:
    agree, n, missing = counted
    ends = Ends()
    if n:
        low, high = wilson(agree, n, level=about.level)
        ends = Ends(agree / n, float(low), float(high))
    extra: Extra = {"expected": chance if n else None, **flips}
    method = "Wilson" if n else "no id has a verdict in all"
    return about.number("guard_match", ends, n, missing, method=method, extra=extra)
