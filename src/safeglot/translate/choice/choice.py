"""The choice of a candidate for each prompt and language, and the gate.

M-ALERT took the best of three machine translations by two estimators; its rule is not published
(arXiv 2412.15035). Ours: within a language every estimator ranks all candidates that passed the
hard checks; ranks are averaged, so that no estimator counts more because its scale is wider.
Proxies rank nothing: a round trip prefers a machine's output to people's. Where nothing ranks, the
order in which the translators were given decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from safeglot.text.languages import primary
from safeglot.translate.base import Scale
from safeglot.types import FAILED, GATED, KEPT

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The least quality that a text must have to be kept; None for no gate.

    `threshold` applies to estimators on a scale from 0 to 1 that have no thresholds of their own.
    `by_language` replaces it for a language: a number, None for no gate there, or a number for
    each estimator (of any scale).
    """

    threshold: float | None = DEFAULT_THRESHOLD
    by_language: Mapping[str, float | Mapping[str, float] | None] = field(default_factory=dict)

    def bound(self, language: str, estimator: str, scale: Scale) -> float | None:
        """Return the threshold of an estimator in a language, on its own scale; None for none."""
        given = self.by_language.get(language, self.threshold)
        if isinstance(given, Mapping):
            return given.get(estimator)
        if given is not None and scale.thresholds is not None:
            return scale.thresholds.get(language, scale.thresholds.get(primary(language)))
        return given if scale.gates else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateTable:
    """Candidates of all prompts and languages, a row each, shapes (N,) and (N, E).

    `group_N` numbers the pairs of prompt and language from 0 to `groups` - 1, `order_N` is the
    place of the translator among those that were given, `quality_NE` is NaN where there is no number.
    """

    groups: int
    group_N: Ints
    language_N: Ints
    order_N: Ints
    passed_N: Bools
    brought_N: Bools
    """Whether a text was there before, so that a proxy of machines does not gate it."""
    quality_NE: Floats
    languages: Sequence[str]
    estimators: Sequence[str]
    scales: Sequence[Scale]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """The row that stands for each group, -1 where there is none, and whether it is kept."""

    row_G: Ints
    kept_G: Bools
    rank_N: Floats
    """Mean rank within the language from 0 (worst) to 1 (best); NaN where no estimator has a number."""

    def outcome(self, group: int) -> str:
        """Return kept, gated or failed."""
        if self.row_G[group] < 0:
            return FAILED
        return KEPT if self.kept_G[group] else GATED


def choose(table: CandidateTable, gate: Gate) -> Choice:
    """Return the best candidate that passed the hard checks and the gate; else the best is gated.

    Ties, and candidates without a rank, go by the order of the translators. A candidate without a
    number from a gating estimator is not stopped by the gate. Estimators of machines alone gate
    what was chosen without them: they choose between no translators.
    """
    rank_N = mean_ranks(table)
    over_N = above(table, gate, machine_only=False)
    kept_N = over_N & above(table, gate, machine_only=True)
    # the first of each group in this order is its choice: kept before gated, best rank, first given
    better_N = np.where(np.isnan(rank_N), -1.0, rank_N)
    order = np.lexsort((table.order_N, -better_N, ~over_N, table.group_N))
    order = order[table.passed_N[order]]
    group = table.group_N[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = group[1:] != group[:-1]
    row_G = np.full(table.groups, -1, dtype=np.int64)
    row_G[group[first]] = order[first]
    kept_G = np.zeros(table.groups, dtype=np.bool_)
    kept_G[group[first]] = kept_N[order[first]]
    return Choice(row_G=row_G, kept_G=kept_G, rank_N=rank_N)


def mean_ranks(table: CandidateTable) -> Floats:
    """Return each candidate's mean over the estimators of its rank in its language, in [0, 1].

    Shape (N,); candidates that failed a check are not ranked, and proxies rank none. Ties share
    their mean rank.
    """
    share_NE = np.full(table.quality_NE.shape, np.nan)
    for e, scale in enumerate(table.scales):
        if scale.proxy:
            continue
        sign = 1.0 if scale.higher_is_better else -1.0
        rated_N = table.passed_N & ~np.isnan(table.quality_NE[:, e])
        for number in range(len(table.languages)):
            places = np.flatnonzero(rated_N & (table.language_N == number))
            if places.size:
                share_NE[places, e] = _shares(sign * table.quality_NE[places, e])
    rated_N = (~np.isnan(share_NE)).sum(axis=1)
    total_N = np.nansum(share_NE, axis=1)
    return np.where(rated_N > 0, total_N / np.maximum(rated_N, 1), np.nan)


def _shares(value_I: Floats) -> Floats:
    """Return each value's rank as a share of their number, from 0 to 1; equal ones share theirs."""
    _, at_I, count_U = np.unique(value_I, return_inverse=True, return_counts=True)
    rank_U = np.cumsum(count_U) - (count_U - 1) / 2
    return np.asarray((rank_U[at_I] - 0.5) / value_I.size, dtype=np.float64)


def above(table: CandidateTable, gate: Gate, *, machine_only: bool) -> Bools:
    """Return which candidates miss no threshold of which they have a number, shape (N,).

    Of the estimators those that gate machines' texts only, or the others.
    """
    above_N = np.ones(len(table.group_N), dtype=np.bool_)
    for e, (name, scale) in enumerate(zip(table.estimators, table.scales, strict=True)):
        if scale.machine_only != machine_only:
            continue
        bounds = [gate.bound(tag, name, scale) for tag in table.languages]
        worst = -np.inf if scale.higher_is_better else np.inf
        bound_L = np.array([worst if b is None else b for b in bounds], dtype=np.float64)
        bound_N = bound_L[table.language_N] if bounds else np.zeros(0)
        quality_N = table.quality_NE[:, e]
        fits_N = quality_N >= bound_N if scale.higher_is_better else quality_N <= bound_N
        above_N &= fits_N | np.isnan(quality_N) | (table.brought_N & machine_only)
    return above_N


def misses(scale: Scale, value: float, bound: float, *, brought: bool) -> bool:
    """Return whether a text is gated by one estimate; a text that was brought, not by a proxy of machines."""
    if brought and scale.machine_only:
        return False
    return value < bound if scale.higher_is_better else value > bound


def why_gated(table: CandidateTable, gate: Gate, row: int) -> str:
    """Return which thresholds a candidate misses, e.g. "quality: roundtrip-chrf 0.41 < 0.5"."""
    language = table.languages[int(table.language_N[row])]
    missed = []
    for e, (name, scale) in enumerate(zip(table.estimators, table.scales, strict=True)):
        bound, value = gate.bound(language, name, scale), float(table.quality_NE[row, e])
        if bound is None or np.isnan(value):
            continue
        if misses(scale, value, bound, brought=bool(table.brought_N[row])):
            sign = "<" if scale.higher_is_better else ">"
            missed.append(f"{name} {value:.3g} {sign} {bound:g}")
    return "quality: " + ", ".join(missed)
