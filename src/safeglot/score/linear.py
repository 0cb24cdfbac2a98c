"""The variance of weighted means of cells whose rows share prompts.

Every average in the product is a sum over strata (categories, or languages x categories) of a
weight times the stratum's mean. Its uncertainty comes from prompts: what one prompt adds in all
strata, languages and samples is summed before it is squared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Bools, Floats, Ints, Numbers, floats

PRIOR_PROMPTS = 10.0
"""How many prompts with a rarer verdict the belief is worth that rows of a prompt are alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """Which prompt stands in which stratum; one entry for each such pair, shape (E,)."""

    prompt_E: Ints
    stratum_E: Ints
    n_prompts: int
    n_strata: int

    def repeat(self, times: int) -> Layout:
        """Give the same strata once for each language, with the prompts shared by all."""
        shift = np.repeat(np.arange(times) * self.n_strata, self.prompt_E.size)
        return Layout(
            prompt_E=np.tile(self.prompt_E, times),
            stratum_E=np.tile(self.stratum_E, times) + shift,
            n_prompts=self.n_prompts,
            n_strata=self.n_strata * times,
        )

    def sums(self, numbers_E: Ints) -> Ints:
        """Add up by stratum; shape (H,)."""
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
    """Give a weighted mean of the strata and its variance over prompts.

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
    residual_E, apart_E = _residuals(
        layout, rows, used_E, mean_H=mean_H, whole=(value, spread**0.5)
    )
    share_E = np.where(used_E, weight_E / scale / n_H[layout.stratum_E], 0.0)
    influence_P = np.bincount(layout.prompt_E, share_E * residual_E, layout.n_prompts)
    share_P = np.bincount(layout.prompt_E, share_E * rows.n_E, layout.n_prompts)
    # Sums rather than a BLAS product: the same bytes whatever the number of threads.
    variance = float(np.square(influence_P).sum())
    prompts = int((share_P > 0).sum())
    worth = _Worth(
        rows=1 / float((np.square(weight_H / scale) / n_H).sum()),
        prompts=1 / float(np.square(share_P).sum()),
        apart=float((np.square(share_E) * apart_E).sum()),
    )
    n_eff = worth.prompts
    if prompts > 1 and spread > 1e-12 and variance > 0 and worth.apart > 0:
        n_eff = worth.n_eff(spread, variance, prompts / (prompts - 1))
    return Combined(value=value, square=square, variance=variance, n_eff=n_eff, prompts=prompts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worth:
    """Kish's sizes over rows and over prompts, and the variance if all rows were independent."""

    rows: float
    prompts: float
    apart: float

    def n_eff(self, spread: float, variance: float, factor: float) -> float:
        alone = min(self.rows, spread * factor / self.apart)
        dependent = self.rows / self.prompts
        return alone / float(design_effect(variance / self.apart, dependent, spread * self.prompts))


def design_effect(seen: Numbers, dependent: Numbers, evidence: Numbers) -> Floats:
    """Give the design effect of rows that share prompts, at least 1; broadcasts.

    `seen` is that of the data, `dependent` what it would be if the rows of a prompt were all
    alike, `evidence` how many prompts have a row of the rarer kind, as if each had one row. One of
    them cannot tell whether rows of a prompt fail together, so it leaves `dependent`, and
    `PRIOR_PROMPTS` more give it half the weight. An effect above `dependent` counts in full: it comes from unequal weights.
    """
    seen, dependent = floats(seen), floats(dependent)
    known = np.maximum(floats(evidence) - 1, 0.0)
    mixed = (known * seen + PRIOR_PROMPTS * dependent) / (known + PRIOR_PROMPTS)
    return np.maximum(np.maximum(seen, mixed), 1.0)


def _residuals(
    layout: Layout, rows: Rows, used_E: Bools, *, mean_H: Floats, whole: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Give each entry's distance from its stratum's mean, times its rows, corrected for G.

    Beside it the sum of its rows' squared distances: what it adds if they are independent.

    A stratum of one prompt shows no variance of its own. All such strata together are taken as
    one stratum with one mean; if they hold a single prompt, it is given the deviation of the
    whole (`whole`: value and standard deviation of a row), never none.
    """
    stratum_E = layout.stratum_E
    prompts_H = layout.sums(used_E.astype(np.int64))
    factor_H = np.sqrt(prompts_H / np.maximum(prompts_H - 1, 1))
    mean_E, factor_E = mean_H[stratum_E], factor_H[stratum_E]
    residual_E = (rows.total_E - rows.n_E * mean_E) * factor_E
    apart_E = rows.square_E - 2 * mean_E * rows.total_E + rows.n_E * mean_E**2
    apart_E = np.maximum(apart_E, 0.0) * factor_E**2
    single_E = used_E & (prompts_H[stratum_E] == 1)
    if single_E.any():
        residual_E[single_E] = (
            _pooled(mean_H[stratum_E[single_E]], layout.prompt_E[single_E], whole)
            * rows.n_E[single_E]
        )
        apart_E[single_E] = residual_E[single_E] ** 2 / rows.n_E[single_E]
    return residual_E, apart_E


def _pooled(mean_E: Floats, prompt_E: Ints, whole: tuple[float, float]) -> Floats:
    value, deviation = whole
    n_prompts = len(np.unique(prompt_E))
    if n_prompts == 1:
        return np.where(mean_E >= value, deviation, -deviation)
    factor = float(np.sqrt(n_prompts / (n_prompts - 1)))
    return (mean_E - float(mean_E.mean())) * factor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """All strata side by side, each a mean of its own; shape (H,)."""

    n_H: Ints
    total_H: Ints
    square_H: Ints
    n_eff_H: Floats
    """Independent prompts that the cell is worth: n where no prompt has more than one row."""


def cells(layout: Layout, rows: Rows) -> Cells:
    """Give every stratum's counts and its effective number of prompts, n / design effect.

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
        evidence_H = iid_H / size_H * kish_H
        deff_H = design_effect(seen_H, size_H / np.maximum(kish_H, 1.0), evidence_H)
        n_eff_H = np.where(varies, n_H / deff_H, kish_H)
    return Cells(n_H=n_H, total_H=total_H, square_H=square_H, n_eff_H=n_eff_H)
