"""The variance of weighted means of cells whose rows share prompts.

Every average in the product is a sum over strata (categories, or languages x categories) of a
weight times the stratum's mean. Its uncertainty comes from prompts: what one prompt adds in all
strata, languages and samples is summed before it is squared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Bools, Floats, Ints, Numbers, floats

PRIOR_PROMPTS = 5.0
"""How many prompts' worth of variance the belief stands for that rows of a prompt are alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """Which prompt stands in which stratum; one entry for each such pair, shape (E,)."""

    prompt_E: Ints
    stratum_E: Ints
    n_prompts: int
    n_strata: int
    rounds: int = 1
    """How often the strata stand side by side, once for each language."""

    @property
    def unit_E(self) -> Ints:
        """Number the prompt in its language: entries of one unit hold the same rows."""
        language_E = self.stratum_E // max(self.n_strata // self.rounds, 1)
        return np.asarray(self.prompt_E + self.n_prompts * language_E, dtype=np.int64)

    def repeat(self, times: int) -> Layout:
        """Return the same strata once for each language, with the prompts shared by all."""
        shift = np.repeat(np.arange(times) * self.n_strata, self.prompt_E.size)
        return Layout(
            prompt_E=np.tile(self.prompt_E, times),
            stratum_E=np.tile(self.stratum_E, times) + shift,
            n_prompts=self.n_prompts,
            n_strata=self.n_strata * times,
            rounds=self.rounds * times,
        )

    def sums(self, numbers_E: Ints) -> Ints:
        """Return the sums by stratum; shape (H,)."""
        return np.bincount(self.stratum_E, numbers_E, self.n_strata).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """What each entry has: judged rows, the sum of their values, the sum of their squares.

    For safety the values are 0 and 1 and the last two are equal; for gaps they are -1, 0 and 1.
    """

    n_E: Ints
    total_E: Ints
    square_E: Ints


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
    weight_E = weight_H[layout.stratum_E]
    used_E = (rows.n_E > 0) & (weight_E > 0)
    share_E = np.where(used_E, weight_E / scale / n_H[layout.stratum_E], 0.0)
    share_P = np.bincount(layout.prompt_E, share_E * rows.n_E, layout.n_prompts)
    prompts = int((share_P > 0).sum())
    lines = _residuals(layout, used_E, mean_H=mean_H, whole=(value, spread**0.5))
    precisions = [_precision(layout, rows, share_E, line, (spread, prompts)) for line in lines]
    n_eff, variance = min(precisions, key=lambda pair: (pair[0], -pair[1]))
    return Combined(value=value, square=square, variance=variance, n_eff=n_eff, prompts=prompts)


def _precision(
    layout: Layout, rows: Rows, share_E: Floats, line: _Line, of: tuple[float, int]
) -> tuple[float, float]:
    """Return n_eff and the variance over prompts; `of` is the variance of a row and the prompts."""
    spread, prompts = of
    residual_E = line.slope_E * rows.total_E + line.level_E * rows.n_E
    influence_P = np.bincount(layout.prompt_E, share_E * residual_E, layout.n_prompts)
    # Sums rather than a BLAS product: the same bytes whatever the number of threads.
    variance = float(np.square(influence_P).sum())
    evidence = float(participants(variance, np.square(np.square(influence_P)).sum()))
    worth = _worth(layout, rows, share_E, line)
    # Residuals that cancel leave rounding of 1e-32 or so: one unsafe of a million prompts gives 1e-12.
    if not (prompts > 1 and spread > 1e-12 and variance > 1e-24 and worth.apart > 0):
        return worth.prompts, variance
    alone = min(worth.rows, spread * prompts / (prompts - 1) / worth.apart)
    seen, dependent = variance / worth.apart, worth.rows / worth.prompts
    return alone / float(design_effect(seen, dependent, evidence)), variance


def participants(square: Numbers, fourth: Numbers) -> Floats:
    """Return how many prompts carry a variance, from the sums of their parts' squares and fourths.

    All of them where each adds alike, one where one adds nearly all; 0 without variance.
    """
    square, fourth = floats(square), floats(fourth)
    return np.where(fourth > 0, square**2 / np.where(fourth > 0, fourth, 1.0), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Line:
    """What a row of value y adds to its entry's residual: slope x y + level."""

    slope_E: Floats
    level_E: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worth:
    """Kish's sizes over rows and over prompts, and the variance if all rows were independent."""

    rows: float
    prompts: float
    apart: float


def _worth(layout: Layout, rows: Rows, share_E: Floats, line: _Line) -> _Worth:
    """Return the sizes of the rows, each once: one in several categories is still one row."""
    unit_E, size = layout.unit_E, layout.n_prompts * layout.rounds
    share_U, slope_U, level_U = (
        np.bincount(unit_E, x, size)
        for x in (share_E, share_E * line.slope_E, share_E * line.level_E)
    )
    n_U, total_U, square_U = np.zeros((3, size))
    n_U[unit_E], total_U[unit_E], square_U[unit_E] = rows.n_E, rows.total_E, rows.square_E
    apart_U = slope_U**2 * square_U + 2 * slope_U * level_U * total_U + level_U**2 * n_U
    share_P = np.bincount(layout.prompt_E, share_E * rows.n_E, layout.n_prompts)
    return _Worth(
        rows=1 / float((share_U**2 * n_U).sum()),
        prompts=1 / float(np.square(share_P).sum()),
        apart=max(float(apart_U.sum()), 0.0),
    )


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
    layout: Layout, used_E: Bools, *, mean_H: Floats, whole: tuple[float, float]
) -> list[_Line]:
    """Return each row's distance from its stratum's mean, corrected for G.

    A stratum of one prompt shows no variance of its own. All such strata together are taken as
    one stratum with one mean; if they hold a single prompt, it is given the deviation of the
    whole (`whole`: value and standard deviation of a row), never none. Where its mean is that of
    the whole the deviation may point either way: then both are given, the wider one counts.
    """
    stratum_E = layout.stratum_E
    prompts_H = layout.sums(used_E.astype(np.int64))
    factor_E = np.sqrt(prompts_H / np.maximum(prompts_H - 1, 1))[stratum_E]
    level_E = -mean_H[stratum_E] * factor_E
    single_E = used_E & (prompts_H[stratum_E] == 1)
    if not single_E.any():
        return [_Line(slope_E=factor_E, level_E=level_E)]
    factor_E = np.where(single_E, 0.0, factor_E)
    lines = []
    for pooled_E in _pooled(mean_H[stratum_E[single_E]], layout.prompt_E[single_E], whole):
        own_E = level_E.copy()
        own_E[single_E] = pooled_E
        lines.append(_Line(slope_E=factor_E, level_E=own_E))
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
        residual_E = rows.total_E - rows.n_E * mean_H[layout.stratum_E]
        clustered_H = np.bincount(layout.stratum_E, residual_E**2, layout.n_strata)
        kish_H = n_H**2 / np.maximum(layout.sums(rows.n_E**2), 1)
        iid_H = square_H - size_H * mean_H**2
        varies = (clustered_H > 1e-12) & (iid_H > 1e-12)
        seen_H = clustered_H / np.where(varies, iid_H, 1.0)
        fourth_H = np.bincount(layout.stratum_E, residual_E**4, layout.n_strata)
        evidence_H = participants(clustered_H, fourth_H)
        deff_H = design_effect(seen_H, size_H / np.maximum(kish_H, 1.0), evidence_H)
        n_eff_H = np.where(varies, n_H / deff_H, kish_H)
    return Cells(n_H=n_H, total_H=total_H, square_H=square_H, n_eff_H=n_eff_H)
