"""The variance of weighted means of cells whose rows share prompts.

Every average in the product is a sum over strata (categories, or languages x categories) of a
weight times the stratum's mean. Its uncertainty comes from prompts: what one prompt adds in all
strata, languages and samples is summed before it is squared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from safeglot.score.arrays import Bools, Floats, Ints, Numbers, floats

PRIOR_PROMPTS = 5.0
"""How many prompts' worth of variance the belief stands for that rows of a prompt are alike."""


_BLOCK = 2**13
"""Prompts of which all is held at once, each once a language."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """Which prompt stands in which stratum; one entry for each such pair, shape (E,).

    With `rounds` the strata stand side by side as often, once for each language: what is of strata
    or entries has all of one language, then all of the next.
    Raises ValueError where the entries do not stand in the order of their prompts.
    """

    prompt_E: Ints
    stratum_E: Ints
    n_prompts: int
    n_strata: int
    rounds: int = 1

    def __post_init__(self) -> None:
        if (self.prompt_E[1:] < self.prompt_E[:-1]).any():
            raise ValueError("the entries do not stand in the order of their prompts")

    def repeat(self, times: int) -> Layout:
        """Return the same strata once for each language, with the prompts shared by all."""
        return replace(self, rounds=self.rounds * times)

    def sums(self, numbers_E: Ints | Bools) -> Ints:
        """Return the sums by stratum; shape (H,)."""
        return self.float_sums(numbers_E).astype(np.int64)

    def float_sums(self, numbers_E: Ints | Bools | Floats) -> Floats:
        """Return the same of any numbers."""
        sums_RH = np.zeros((self.rounds, self.n_strata))
        for r, own_E in enumerate(numbers_E.reshape(self.rounds, self.prompt_E.size)):
            sums_RH[r] = np.bincount(self.stratum_E, own_E, self.n_strata)
        return sums_RH.ravel()

    def at_entries(self, of_H: Floats) -> Floats:
        """Return what strata have, at their entries."""
        return of_H.reshape(self.rounds, self.n_strata)[:, self.stratum_E].ravel()

    def blocks(self, rows: Rows) -> Iterator[_Block]:
        """Yield the entries of a few prompts at a time."""
        most = max(1, _BLOCK // max(self.rounds, 1))
        starts = range(0, self.n_prompts, most)
        ends = np.searchsorted(self.prompt_E, [*starts, self.n_prompts]).tolist()
        round_R1 = np.arange(self.rounds)[:, np.newaxis]
        for start, first, last in zip(starts, ends, ends[1:], strict=False):
            size = min(most, self.n_prompts - start)
            prompt_N = self.prompt_E[first:last] - start
            n_E, total_E, square_E = (
                x.reshape(self.rounds, self.prompt_E.size)[:, first:last].ravel()
                for x in (rows.n_E, rows.total_E, rows.square_E)
            )
            yield _Block(
                prompts=slice(start, start + size),
                size=size,
                prompt_E=np.tile(prompt_N, self.rounds),
                unit_E=(prompt_N + size * round_R1).ravel(),
                stratum_E=(self.stratum_E[first:last] + self.n_strata * round_R1).ravel(),
                rows=Rows(n_E=n_E, total_E=total_E, square_E=square_E),
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """What each entry has: judged rows, the sum of their values, the sum of their squares.

    For safety the values are 0 and 1 and the last two are equal; for gaps they are -1, 0 and 1.
    """

    n_E: Ints
    total_E: Ints
    square_E: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """The entries of some prompts in all rounds; a unit is a prompt in a round, all its entries hold the same rows."""

    prompts: slice
    size: int
    prompt_E: Ints
    unit_E: Ints
    stratum_E: Ints
    rows: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """A weighted mean of strata.

    `variance` is its sampling variance over prompts, `square` the weighted mean of the squared
    values, `n_eff` the number of independent rows that it is worth.
    """

    value: float
    square: float
    variance: float
    n_eff: float
    prompts: int


def combine(layout: Layout, rows: Rows, weight_H: Floats) -> Combined:
    """Return a weighted mean of the strata and its variance over prompts.

    Weights are zero for strata without rows and not all zero. Within a stratum of G prompts the
    variance has the factor G / (G - 1); strata of one prompt are pooled (see `_residuals`).
    n_eff is what the rows are worth if independent (the variance of one over that of the mean, at
    most Kish's 1 / sum a^2, a being a row's share of all the weight), over the design effect
    (`design_effect`); where nothing varies it is Kish's over prompts.
    Source: Miller 2024, arXiv 2411.00640, eq. 4; Kish 1992, J. Official Statistics 8(2).
    """
    n_H = np.maximum(layout.sums(rows.n_E), 1)
    mean_H = layout.sums(rows.total_E) / n_H
    scale = float(weight_H.sum())
    value = float((weight_H * mean_H).sum()) / scale
    square = float((weight_H * (layout.sums(rows.square_E) / n_H)).sum()) / scale
    spread = max(square - value**2, 0.0)
    share_H = weight_H / scale / n_H
    lines = _residuals(layout, rows, weight_H, mean_H=mean_H, whole=(value, spread**0.5))
    n_eff, negative, prompts = min(_precision(layout, rows, share_H, of, spread) for of in lines)
    return Combined(value=value, square=square, variance=-negative, n_eff=n_eff, prompts=prompts)


def _precision(
    layout: Layout, rows: Rows, share_H: Floats, line: _Line, spread: float
) -> tuple[float, float, int]:
    """Return n_eff, the variance over prompts with a minus, and the prompts.

    `share_H` is a row's share of all the weight, `spread` the variance of a row.
    """
    influence_P, share_P = np.zeros((2, layout.n_prompts))
    kish_RP, apart_RP, units_RP = np.zeros((3, layout.rounds, layout.n_prompts))
    for block in layout.blocks(rows):
        own, at_E, here = block.rows, block.stratum_E, block.prompts
        share_E, slope_E, level_E = share_H[at_E], line.slope_H[at_E], line.level_H[at_E]
        residual_E = slope_E * own.total_E + level_E * own.n_E
        share_P[here] = np.bincount(block.prompt_E, share_E * own.n_E, block.size)
        influence_P[here] = np.bincount(block.prompt_E, share_E * residual_E, block.size)
        # Each row once: one in several categories is still one row.
        n_U, total_U, square_U = np.zeros((3, layout.rounds * block.size))
        n_U[block.unit_E], total_U[block.unit_E] = own.n_E, own.total_E
        square_U[block.unit_E] = own.square_E
        share_U, slope_U, level_U, influence_U = (
            np.bincount(block.unit_E, x_E, n_U.size)
            for x_E in (share_E, share_E * slope_E, share_E * level_E, share_E * residual_E)
        )
        apart_U = slope_U**2 * square_U + 2 * slope_U * level_U * total_U + level_U**2 * n_U
        kish_RP[:, here] = (share_U**2 * n_U).reshape(layout.rounds, -1)
        apart_RP[:, here] = apart_U.reshape(layout.rounds, -1)
        units_RP[:, here] = np.square(influence_U).reshape(layout.rounds, -1)
    # Sums rather than a BLAS product: the same bytes whatever the number of threads.
    variance = float(np.square(influence_P).sum())
    evidence = float(participants(variance, np.square(np.square(influence_P)).sum()))
    # Kish's sizes over rows and over prompts, and the variance if all rows were independent.
    of_rows, of_prompts = 1 / float(kish_RP.ravel().sum()), 1 / float(np.square(share_P).sum())
    apart, prompts = max(float(apart_RP.ravel().sum()), 0.0), int((share_P > 0).sum())
    # Residuals that cancel leave rounding of 1e-32 or so: one unsafe of a million prompts gives 1e-12.
    if not (prompts > 1 and spread > 1e-12 and variance > 1e-24 and apart > 0):
        return of_prompts, -variance, prompts
    alone = min(of_rows, spread * prompts / (prompts - 1) / apart)
    effect = float(design_effect(variance / apart, of_rows / of_prompts, evidence))
    # Answers to one text are worth no more for what other languages do: a copy adds nothing.
    within = float(units_RP.ravel().sum()) / apart
    return alone / max(effect, within), -variance, prompts


def participants(square: Numbers, fourth: Numbers) -> Floats:
    """Return how many prompts carry a variance, from the sums of their parts' squares and fourths.

    All of them where each adds alike, one where one adds nearly all; 0 without variance.
    """
    square, fourth = floats(square), floats(fourth)
    return np.where(fourth > 0, square**2 / np.where(fourth > 0, fourth, 1.0), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Line:
    """What a row of value y in a stratum adds to its entry's residual: slope x y + level."""

    slope_H: Floats
    level_H: Floats


def design_effect(seen: Numbers, dependent: Numbers, evidence: Numbers) -> Floats:
    """Return the design effect of rows that share prompts, at least 1; broadcasts.

    `seen` is that of the data, `dependent` what it would be if the rows of a prompt were all
    alike, `evidence` how many prompts carry the variance (`participants`). One of them cannot tell
    whether rows of a prompt fail together, so it leaves `dependent`, and `PRIOR_PROMPTS` more
    give it half the weight. An effect above `dependent` counts in full: it comes from unequal weights.
    """
    seen, dependent = floats(seen), floats(dependent)
    known = np.maximum(floats(evidence) - 1, 0.0)
    mixed = (known * seen + PRIOR_PROMPTS * dependent) / (known + PRIOR_PROMPTS)
    return np.maximum(np.maximum(seen, mixed), 1.0)


def _residuals(
    layout: Layout, rows: Rows, weight_H: Floats, *, mean_H: Floats, whole: tuple[float, float]
) -> list[_Line]:
    """Return each row's distance from its stratum's mean, corrected for G.

    A stratum of one prompt shows no variance of its own. All such strata together are taken as
    one stratum with one mean; if they hold a single prompt, it is given the deviation of the
    whole (`whole`: value and standard deviation of a row), never none. Where its mean is that of
    the whole the deviation may point either way: then both are given, the wider one counts.
    """
    prompts_H = np.where(weight_H > 0, layout.sums(rows.n_E > 0), 0)
    factor_H = np.sqrt(prompts_H / np.maximum(prompts_H - 1, 1))
    level_H, single_H = -mean_H * factor_H, prompts_H == 1
    if not single_H.any():
        return [_Line(slope_H=factor_H, level_H=level_H)]
    factor_H = np.where(single_H, 0.0, factor_H)
    round_N, at_N = np.divmod(
        np.flatnonzero((layout.at_entries(floats(single_H)) > 0) & (rows.n_E > 0)),
        layout.prompt_E.size,
    )
    stratum_N = layout.stratum_E[at_N] + layout.n_strata * round_N
    lines = []
    for pooled_N in _pooled(mean_H[stratum_N], layout.prompt_E[at_N], whole):
        own_H = level_H.copy()
        own_H[stratum_N] = pooled_N
        lines.append(_Line(slope_H=factor_H, level_H=own_H))
    return lines


def _pooled(mean_E: Floats, prompt_E: Ints, whole: tuple[float, float]) -> list[Floats]:
    value, deviation = whole
    n_prompts = len(np.unique(prompt_E))
    if n_prompts == 1:
        either = (1.0, -1.0) if np.any(mean_E == value) else (1.0,)
        sign_E = np.sign(mean_E - value)
        return [deviation * np.where(sign_E == 0, tie, sign_E) for tie in either]
    factor = float(np.sqrt(n_prompts / (n_prompts - 1)))
    return [(mean_E - float(mean_E.mean())) * factor]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """All strata side by side, each a mean of its own; shape (H,)."""

    n_H: Ints
    total_H: Ints
    square_H: Ints
    n_eff_H: Floats
    """Independent prompts that the cell is worth: n where no prompt has more than one row."""


def cells(layout: Layout, rows: Rows) -> Cells:
    """Return every stratum's counts and its effective number of prompts, n / design effect.

    The design effect is CR0 over independent rows, as `design_effect` has it; n_eff is Kish's
    n^2 / sum m^2 where nothing varies.
    """
    n_H, total_H, square_H = (layout.sums(x) for x in (rows.n_E, rows.total_E, rows.square_E))
    n_eff_H = n_H.astype(np.float64)
    if rows.n_E.size and rows.n_E.max() > 1:
        size_H = np.maximum(n_H, 1)
        mean_H = total_H / size_H
        residual_E = rows.total_E - rows.n_E * layout.at_entries(mean_H)
        clustered_H = layout.float_sums(residual_E**2)
        kish_H = n_H**2 / np.maximum(layout.sums(rows.n_E**2), 1)
        iid_H = square_H - size_H * mean_H**2
        varies = (clustered_H > 1e-12) & (iid_H > 1e-12)
        seen_H = clustered_H / np.where(varies, iid_H, 1.0)
        fourth_H = layout.float_sums(residual_E**4)
        evidence_H = participants(clustered_H, fourth_H)
        deff_H = design_effect(seen_H, size_H / np.maximum(kish_H, 1.0), evidence_H)
        n_eff_H = np.where(varies, n_H / deff_H, kish_H)
    return Cells(n_H=n_H, total_H=total_H, square_H=square_H, n_eff_H=n_eff_H)
