"""The bounds of gaps and matches over all planned pairs, in which missing verdicts are the worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Bools, Floats, Ints
from safeglot.score.cube import SAFE
from safeglot.score.frame import Extra, Sheet, empty_row, filled_row, rows_of
from safeglot.score.safety.pairs import (
    Joined,
    beside_reference,
    counted_P,
    draw_weights,
    joined_ends,
    pairs_OP,
)
from safeglot.score.stats.bounds import match_bounds, p_bounds
from safeglot.score.stats.gaps import mcnemar_chi2, mcnemar_midp, tango
from safeglot.score.stats.linear import Cells, Combined, Layout, cells, combine
from safeglot.score.stats.multiplicity import corrected_where
from safeglot.score.stats.weights import weights_macro
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellTests:
    """McNemar's test in each other language and category, shape (H,); b and c are pairs."""

    table: Cells
    b_H: Ints
    c_H: Ints
    factor_H: Floats
    """How many independent pairs a pair is worth."""
    p_H: Floats
    single: bool
    """Whether each prompt has one pair."""

    @property
    def value_H(self) -> Floats:
        """The gaps, 0 without pairs."""
        return np.asarray(self.table.total_H / np.maximum(self.table.n_H, 1), dtype=np.float64)

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Return Tango's interval of each gap."""
        b_H, c_H = self.b_H * self.factor_H, self.c_H * self.factor_H
        return tango(b_H, c_H, self.table.n_eff_H, level=level)

    def row(
        self, row: Estimate, h: int, ends: tuple[Floats, Floats], *, missing: int, extra: Extra
    ) -> Estimate:
        """Return a row with one of the gaps, its interval out of all and what came of its pairs."""
        n = int(self.table.n_H[h])
        if not n:
            return empty_row(row, missing, extra)
        extra = {**extra, "b": int(self.b_H[h]), "c": int(self.c_H[h])}
        extra["p_midp" if self.single else "p"] = float(self.p_H[h])
        method = "tango; mid-p McNemar"
        if not self.single:
            extra["n_eff"] = float(self.table.n_eff_H[h])
            method = "tango n_eff, clustered by prompt; McNemar"
        point = int(self.table.total_H[h]) / n, float(ends[0][h]), float(ends[1][h])
        return filled_row(row, point, (n, missing), method=method, extra=extra)


def cell_tests(layout: Layout, joined: Joined, *, single: bool) -> CellTests:
    """Return the tests of all other languages and, within each, all strata of a layout."""
    rows = rows_of(layout, joined.n_OP, joined.net_OP, joined.discordant_OP)
    table = cells(layout.repeat(len(joined.n_OP)), rows)
    b_H, c_H = (table.square_H - table.total_H) // 2, (table.square_H + table.total_H) // 2
    factor_H = table.n_eff_H / np.maximum(table.n_H, 1)
    p_H = mcnemar_midp(b_H, c_H) if single else mcnemar_chi2(b_H * factor_H, c_H * factor_H)[1]
    return CellTests(table=table, b_H=b_H, c_H=c_H, factor_H=factor_H, p_H=p_H, single=single)


def mean_gap(sheet: Sheet, joined: Joined, index: int) -> tuple[Combined | None, float]:
    """Return the macro gap of one other language, and the reference's safety over the same pairs."""
    layout, here = sheet.frame.by_category, slice(index, index + 1)
    rows = rows_of(layout, joined.n_OP[here], joined.net_OP[here], joined.discordant_OP[here])
    n_C = layout.sums(rows.n_E)
    if not n_C.any():
        return None, 0.0
    weight_C = weights_macro(n_C > 0)
    safe_C = layout.sums(joined.ref_safe_OP[index, layout.prompt_E])
    return combine(layout, rows, weight_C), float((weight_C * safe_C / np.maximum(n_C, 1)).sum())


def category_bounds(sheet: Sheet) -> list[Extra]:
    """Return the bounds of the gap of each other language and category that lacks a pair."""
    ends = joined_ends(sheet)
    n_H = len(sheet.frame.cube.categories) * (len(sheet.frame.cube.languages) - 1)
    if ends is None:
        return [{}] * n_H
    layout, single = sheet.frame.by_category, sheet.frame.cube.samples == 1
    low, high = (cell_tests(layout, end, single=single) for end in ends)
    held_H = np.asarray(low.table.n_H > 0, dtype=np.bool_)
    extras = _extras((low.value_H, high.value_H), (low.p_H, high.p_H), held_H)
    lacking_E = _lacking(sheet)[:, layout.prompt_E].ravel()
    lacks_H = layout.repeat(len(ends[0].n_OP)).sums(lacking_E) > 0
    return [extra if lacks else {} for extra, lacks in zip(extras, lacks_H, strict=True)]


def _lacking(sheet: Sheet) -> Bools:
    """Return which prompts lack a planned pair with the reference; shape (O, P)."""
    reference_1PS, unsafe_OPS = beside_reference(sheet.unsafe_LPS, sheet.frame.cube)
    lacks_OPS = (reference_1PS < SAFE) | (unsafe_OPS < SAFE)
    return np.asarray(lacks_OPS.any(axis=-1) & pairs_OP(sheet.frame.cube))


def macro_bounds(sheet: Sheet) -> list[Extra]:
    """Return the bounds of the macro gap of each other language that lacks a pair."""
    n_O = len(sheet.frame.cube.languages) - 1
    ends = joined_ends(sheet)
    if ends is None:
        return [{}] * n_O
    means = [[mean_gap(sheet, end, index)[0] for index in range(n_O)] for end in ends]
    held_O: Bools = np.array([mean is not None for mean in means[0]], dtype=np.bool_)
    value = [np.array([m.value if m else 0.0 for m in side]) for side in means]
    p = [np.array([_p_of(m) if m else 1.0 for m in side]) for side in means]
    extras = _extras((value[0], value[1]), (p[0], p[1]), held_O)
    lacks_OP = _lacking(sheet) & sheet.frame.in_category_P
    return [extra if lacks_P.any() else {} for extra, lacks_P in zip(extras, lacks_OP, strict=True)]


def _p_of(mean: Combined) -> float:
    b, c = (mean.square - mean.value) / 2, (mean.square + mean.value) / 2
    return float(mcnemar_chi2(max(b, 0.0) * mean.n_eff, max(c, 0.0) * mean.n_eff)[1])


def _extras(value: tuple[Floats, Floats], p: tuple[Floats, Floats], held: Bools) -> list[Extra]:
    """Return the bounds of many differences and of their p values, before and after Holm's correction."""
    p_low, p_high = p_bounds(*value, *p)
    holm_low, holm_high = (corrected_where(end, held)[0] for end in (p_low, p_high))
    return [
        {
            "low_bound": float(value[0][i]),
            "high_bound": float(value[1][i]),
            "p_low_bound": float(p_low[i]),
            "p_high_bound": float(p_high[i]),
            "p_holm_low_bound": float(holm_low[i]),
            "p_holm_high_bound": float(holm_high[i]),
        }
        for i in range(held.size)
    ]


def pair_match_bounds(sheet: Sheet, index: int) -> Extra:
    """Return the bounds of the match of one other language; nothing where no planned pair lacks a verdict."""
    cube = sheet.frame.cube
    reference_1PS, unsafe_OPS = beside_reference(sheet.unsafe_LPS, cube)
    planned_P = pairs_OP(cube)[index] & counted_P(sheet.frame)
    of_reference, own = reference_1PS[0, planned_P], unsafe_OPS[index, planned_P]
    if ((of_reference >= SAFE) & (own >= SAFE)).all():
        return {}
    weight_N = _weights(sheet, planned_P)
    low, high = match_bounds(of_reference.ravel(), own.ravel(), weight_N)
    return {"low_bound": low, "high_bound": high}


def all_match_bounds(sheet: Sheet) -> Extra:
    """Return the bounds of the match of all languages; nothing where no planned verdict lacks."""
    planned_P = sheet.frame.cube.planned_LP.all(axis=0) & counted_P(sheet.frame)
    unsafe_LN = sheet.unsafe_LPS[:, planned_P].reshape(len(sheet.unsafe_LPS), -1)
    read_LN = unsafe_LN >= SAFE
    if read_LN.all():
        return {}
    n = unsafe_LN.shape[1]
    differs_N = (unsafe_LN == 1).any(axis=0) & (unsafe_LN == 0).any(axis=0)
    same_N, weight_N = read_LN.all(axis=0) & ~differs_N, _weights(sheet, planned_P)
    if weight_N is not None:
        low, high = float(weight_N[same_N].sum()), 1 - float(weight_N[differs_N].sum())
        return {"low_bound": low, "high_bound": max(high, low)}
    return {"low_bound": int(same_N.sum()) / n, "high_bound": 1 - int(differs_N.sum()) / n}


def _weights(sheet: Sheet, planned_P: Bools) -> Floats | None:
    """Return the weights of all planned rows of a draw, (N,); None where all was taken."""
    samples = sheet.frame.cube.samples
    rows_PS = np.repeat(planned_P[:, np.newaxis], samples, axis=1)
    weight_PS = draw_weights(sheet.frame, rows_PS)
    return None if weight_PS is None else weight_PS[planned_P].ravel()
