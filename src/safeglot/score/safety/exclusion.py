"""The effect of leaving out categories on averages, gaps and matching, on the same prompts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from safeglot.score.arrays import Bools, Floats, Ints
from safeglot.score.cube import SAFE, Cube
from safeglot.score.frame import Sheet, frame_of, rows_of, sheet_of
from safeglot.score.safety.matches_and_gaps import exact_matches, gaps_of_averages
from safeglot.score.safety.pairs import join, others_of
from safeglot.score.safety.safety import safety_averages
from safeglot.score.stats.effective import mean_difference, mean_rate
from safeglot.score.stats.linear import Layout
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An estimate with all categories and without some, and the paired change (without - with).

    `low` and `high` are None where one side has no rows.
    """

    whole: Estimate
    rest: Estimate
    value: float | None
    low: float | None = None
    high: float | None = None


def without_categories(cube: Cube, excluded: Collection[str]) -> Cube:
    """Return the cube without some categories and the prompts that are in these only.

    Raises ValueError for a category that the cube lacks, and where nothing would be left.
    """
    unknown = [name for name in excluded if name not in cube.categories]
    if unknown:
        raise ValueError(f"categories that the run does not have: {', '.join(unknown)}")
    kept_C = np.array([name not in excluded for name in cube.categories], dtype=np.bool_)
    if not kept_C.any():
        raise ValueError("no category would be left; leave out fewer")
    kept_P = kept_prompts(cube, kept_C)
    return replace(
        cube,
        unsafe_JMLPS=cube.unsafe_JMLPS[:, :, :, kept_P],
        member_PC=cube.member_PC[np.ix_(kept_P, kept_C)],
        prompts=tuple(compress(cube.prompts, kept_P)),
        categories=tuple(compress(cube.categories, kept_C)),
        gated_LP=None if cube.gated_LP is None else cube.gated_LP[:, kept_P],
        macro_C=None if cube.macro_C is None else tuple(compress(cube.macro_C, kept_C)),
        unneeded_MLP=None if cube.unneeded_MLP is None else cube.unneeded_MLP[:, :, kept_P],
        size_C=None if cube.size_C is None else tuple(compress(cube.size_C, kept_C)),
        outcome_MLPS=None if cube.outcome_MLPS is None else cube.outcome_MLPS[:, :, kept_P],
        invalid_MLPS=None if cube.invalid_MLPS is None else cube.invalid_MLPS[:, :, kept_P],
    )


def mean_without(mean: float, left_out: Collection[float], *, of: int) -> float:
    """Return the mean of the categories that are left, where only the mean of all and some are known."""
    return (of * mean - sum(left_out)) / (of - len(left_out))


def kept_prompts(cube: Cube, kept_C: Bools) -> Bools:
    """Return which prompts stay: those in a kept category, and those in none at all; shape (P,)."""
    return np.asarray(cube.member_PC[:, kept_C].any(axis=1) | ~cube.member_PC.any(axis=1))


def changes(
    cube: Cube, excluded: Collection[str], *, judge: int, model: int, level: float = 0.95
) -> list[Change]:
    """Return macro and micro safety, macro gap and exact match per language with their changes.

    The change of a mean is (share left out) x (mean of the rest - mean of what is left out). Its
    interval joins those of the two means (Wilson's, Tango's for gaps, on what they are worth with
    prompts as clusters). They are of different prompts; where a prompt is in categories of both
    sides, the interval is rather too wide.
    Source: Zou and Donner 2008, Statistics in Medicine 27, 1693-1702 (MOVER).
    """
    rest = without_categories(cube, excluded)
    sheets = [sheet_of(frame_of(part, level=level), judge, model) for part in (cube, rest)]
    whole, without = ({(e.metric, e.language): e for e in _estimates_of(sheet)} for sheet in sheets)
    kept_C = np.array([name not in excluded for name in cube.categories], dtype=np.bool_)
    parts = _Parts(sheet=sheets[0], kept_C=kept_C, kept_P=kept_prompts(cube, kept_C), level=level)
    return [
        _change(parts, estimate, without[key]) for key, estimate in whole.items() if key in without
    ]


def _estimates_of(sheet: Sheet) -> Iterator[Estimate]:
    wanted = ("safety_micro", "safety_macro", "safety_macro32")
    yield from (e for e in safety_averages(sheet) if e.metric in wanted)
    if len(sheet.frame.cube.languages) > 1 and not sheet.frame.cube.unpaired:
        joined = join(sheet)
        yield from gaps_of_averages(sheet, joined)
        yield from (e for e in exact_matches(sheet, joined) if e.metric == "exact_match")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parts:
    sheet: Sheet
    kept_C: Bools
    kept_P: Bools
    level: float

    def categories(self) -> tuple[Layout, Bools]:
        return self.sheet.frame.by_category, self.kept_C

    def halves(self) -> tuple[Layout, Bools]:
        """Return the prompts in two strata: left out, kept."""
        whole = self.sheet.frame.whole
        layout = replace(whole, stratum_E=self.kept_P.astype(np.int64), n_strata=2)
        return layout, np.array([False, True])


def _change(parts: _Parts, whole: Estimate, rest: Estimate) -> Change:
    if whole.value is None or rest.value is None:
        return Change(whole=whole, rest=rest, value=None)
    pooled = whole.metric in ("safety_micro", "exact_match")
    size_C = parts.sheet.frame.cube.size_C
    by_prompt = pooled and size_C is None
    layout, kept_H = parts.halves() if by_prompt else parts.categories()
    n_LP, total_LP, square_LP = _values(parts.sheet, whole)
    size_H = np.ones(len(kept_H))
    if pooled and size_C is not None:
        size_H = np.array(size_C, dtype=np.float64)
    sides = _sides(layout, kept_H, n_LP, size_H=None if by_prompt else size_H)
    value = rest.value - whole.value
    if sides is None:
        return Change(whole=whole, rest=rest, value=value)
    rows = rows_of(layout, n_LP, total_LP, square_LP)
    of = mean_difference if whole.metric == "gap" else mean_rate
    kept, out = (
        of(layout.repeat(len(n_LP)), rows, weight_H, level=parts.level)
        for weight_H in (sides.kept_H, sides.out_H)
    )
    down = sides.share * np.hypot(kept.value - kept.low, out.high - out.value)
    up = sides.share * np.hypot(kept.high - kept.value, out.value - out.low)
    return Change(
        whole=whole, rest=rest, value=value, low=float(value - down), high=float(value + up)
    )


def _values(sheet: Sheet, of: Estimate) -> tuple[Ints, Ints, Ints]:
    """Return per prompt the rows, the sum and the sum of squares of what is averaged; (L, P)."""
    cube, unsafe = sheet.frame.cube, sheet.unsafe_LPS
    if of.metric == "exact_match" and of.language is None:
        complete = (unsafe >= SAFE).all(axis=0, keepdims=True)
        same = complete & (unsafe == unsafe[:1]).all(axis=0, keepdims=True)
        n_LP, same_LP = (x.sum(axis=-1, dtype=np.int64) for x in (complete, same))
        return n_LP, same_LP, same_LP
    if of.metric in ("gap", "exact_match"):
        joined, index = join(sheet), others_of(cube).index(str(of.language))
        n, net, differ = (
            x[index : index + 1] for x in (joined.n_OP, joined.net_OP, joined.discordant_OP)
        )
        return (n, net, differ) if of.metric == "gap" else (n, n - differ, n - differ)
    place = slice(None) if of.language is None else [cube.languages.index(of.language)]
    judged, safe = unsafe[place] >= SAFE, unsafe[place] == SAFE
    n_LP, safe_LP = (x.sum(axis=-1, dtype=np.int64) for x in (judged, safe))
    return n_LP, safe_LP, safe_LP


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sides:
    """Weights of the strata (of all languages) in the mean of each side, and the share left out."""

    kept_H: Floats
    out_H: Floats
    share: float


def _sides(layout: Layout, kept_H: Bools, n_LP: Ints, *, size_H: Floats | None) -> _Sides | None:
    """Return the two sides' weights; None where no language has rows on both.

    `size_H` are the strata's own; without them each row counts alike.
    """
    repeated = layout.repeat(len(n_LP))
    n_LH = repeated.sums(n_LP[:, layout.prompt_E].ravel()).reshape(len(n_LP), -1)
    size_LH = n_LH.astype(np.float64) if size_H is None else (n_LH > 0) * size_H
    kept_LH, out_LH = size_LH * kept_H, size_LH * ~kept_H
    kept_L, out_L = kept_LH.sum(axis=1), out_LH.sum(axis=1)
    share_L = np.where(kept_L > 0, out_L, 0.0) / np.maximum(kept_L + out_L, 1.0)
    if not share_L.any():
        return None
    used = int((kept_L + out_L > 0).sum())
    # the change is the mean over languages of share x (rest - left out)
    return _Sides(
        kept_H=(share_L[:, None] * kept_LH / np.maximum(kept_L, 1.0)[:, None]).ravel(),
        out_H=(share_L[:, None] * out_LH / np.maximum(out_L, 1.0)[:, None]).ravel(),
        share=float(share_L.sum()) / used,
    )
