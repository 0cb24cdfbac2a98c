"""The uncertainty of every average and macro gap by drawing prompts again.

A draw takes prompts with replacement, within each category where every prompt has at most one,
else among all prompts; the same prompts for all judges, models and languages, so that what they
share stays shared. Drawn within categories, the micro average has a smaller error than its `se`,
which takes all prompts as one sample.

All statistics are sums over prompts of (times drawn) x (verdicts), hence one product of two
tables of small whole numbers for each category: exact, and the same bytes whatever the number of
threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.random import Generator, default_rng

from safeglot.score.arrays import Bools, Floats, Ints, floats
from safeglot.score.cube import SAFE, Cube
from safeglot.score.frame import Frame

Counts: TypeAlias = npt.NDArray[np.int32]

BLOCK = 256
"""Draws held at once, where that is no more than `_MOST_TIMES` numbers."""
_MOST_TIMES, _MOST_DRAWN = 2**24, 2**20
_PART = 4096
"""Prompts whose verdicts are unpacked at once."""
_EXACT_IN_SINGLE = 2**24


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Standard error and percentile interval of one statistic; None with fewer than two draws."""

    se: float | None
    low: float | None
    high: float | None
    draws: int
    """Draws in which the statistic had data."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draws:
    """Every statistic in every draw: metric -> (B, J, M, places), NaN where a draw had no data.

    Places are the languages in the cube's order and then their mean; for `gap` the languages other
    than the reference. Metrics: micro, macro, macro_of_macros (with a macro taxonomy), gap.
    """

    tables: dict[str, Floats]
    level: float

    def of(self, metric: str, *, judge: int, model: int, place: int) -> Spread:
        """Return the spread of one statistic over the draws."""
        drawn_B = self.tables[metric][:, judge, model, place]
        known_B = drawn_B[~np.isnan(drawn_B)]
        if known_B.size < 2:
            return Spread(se=None, low=None, high=None, draws=known_B.size)
        low, high = np.quantile(known_B, [(1 - self.level) / 2, (1 + self.level) / 2])
        return Spread(
            se=float(known_B.std(ddof=1)), low=float(low), high=float(high), draws=known_B.size
        )


def bootstrap(frame: Frame, *, draws: int, seed: int) -> Draws:
    """Return every statistic of every draw of prompts.

    A category that has no verdict among the prompts drawn is left out of that draw's average, as
    in the estimates. Prompts without a category are a stratum of their own and count in micro.
    Raises ValueError for fewer than one draw.
    Source: Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.2.
    """
    if draws < 1:
        raise ValueError(f"{draws} draws: a bootstrap takes one or more; leave it out for none")
    rng = default_rng(seed)
    block = max(1, min(BLOCK, _MOST_TIMES // max(1, len(frame.cube.prompts))))
    sizes = [min(block, draws - start) for start in range(0, draws, block)]
    blocks = [statistics(frame, _draw(frame, rng, size)) for size in sizes]
    return Draws(
        tables={name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]},
        level=frame.level,
    )


def statistics(frame: Frame, times_BP: Counts) -> dict[str, Floats]:
    """Return every statistic with prompt p counted times_BP[:, p] times; see Draws for the shapes."""
    cube = frame.cube
    n_J, n_M, n_L = cube.unsafe_JMLPS.shape[:3]
    shape = (len(times_BP), n_J, n_M, n_L)
    micro, macro, gap = _Mean(shape), _Mean(shape), _Mean((*shape[:3], n_L - 1))
    macros = {name: _Mean(shape) for name in dict.fromkeys(cube.macro_C or ())}
    for stratum in _strata(frame):
        safe, n, net, pairs = _sums(cube, stratum.rows_N, times_BP)
        rate, has = safe / np.maximum(n, 1), n > 0
        if cube.size_C is None and stratum.in_micro:
            micro.add(safe, n)
        if stratum.category is None:
            continue
        if cube.size_C is not None:
            size = float(cube.size_C[stratum.category])
            micro.add(size * rate, floats(size * has))
        macro.add(rate, has)
        gap.add(net / np.maximum(pairs, 1), pairs > 0)
        if cube.macro_C is not None:
            macros[cube.macro_C[stratum.category]].add(rate, has)
    tables = {"micro": _over_languages(micro.rate()), "macro": _over_languages(macro.rate())}
    if macros:
        tables["macro_of_macros"] = _over_languages(_mean_of([m.rate() for m in macros.values()]))
    return tables | {"gap": gap.rate()}


class _Mean:
    """Sums that grow stratum by stratum, and what they are divided by."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._total, self._weight = np.zeros(shape), np.zeros(shape)

    def add(self, total: Floats, weight: Floats | Bools) -> None:
        self._total += np.where(weight > 0, total, 0.0)
        self._weight += weight

    def rate(self) -> Floats:
        has = self._weight > 0
        return np.where(has, self._total / np.where(has, self._weight, 1.0), np.nan)


def _mean_of(rates: list[Floats]) -> Floats:
    mean = _Mean(rates[0].shape)
    for rate in rates:
        mean.add(rate, ~np.isnan(rate))
    return mean.rate()


def _over_languages(rate_BJML: Floats) -> Floats:
    """Return the rates with the mean over the languages that have data as one more place."""
    overall = _mean_of(list(np.moveaxis(rate_BJML, -1, 0)))
    return np.concatenate([rate_BJML, overall[..., np.newaxis]], axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stratum:
    category: int | None
    rows_N: Ints
    in_micro: bool


def _strata(frame: Frame) -> Iterator[_Stratum]:
    """Yield the categories, then what they leave out of the micro average."""
    member_PC = frame.cube.member_PC
    parts = bool((member_PC.sum(axis=1) <= 1).all())
    for category in range(member_PC.shape[1]):
        rows_N = np.flatnonzero(member_PC[:, category])
        if rows_N.size:
            yield _Stratum(category=category, rows_N=rows_N, in_micro=parts)
    rest_N = np.flatnonzero(~frame.in_category_P) if parts else np.arange(len(member_PC))
    if rest_N.size:
        yield _Stratum(category=None, rows_N=rest_N, in_micro=True)


def _draw(frame: Frame, rng: Generator, size: int) -> Counts:
    """Return how often each draw has each prompt; shape (B, P)."""
    times_BP = np.zeros((size, len(frame.cube.prompts)), dtype=np.int32)
    for stratum in _strata(frame):
        if stratum.in_micro:
            n = stratum.rows_N.size
            part = max(1, _MOST_DRAWN // n)
            for start in range(0, size, part):  # the numbers are those of one call for all
                own_BP = times_BP[start : start + part]
                shape = len(own_BP), n
                drawn_BN = rng.integers(0, n, shape) + n * np.arange(shape[0])[:, np.newaxis]
                times_BN = np.bincount(drawn_BN.ravel(), minlength=drawn_BN.size).reshape(shape)
                own_BP[:, stratum.rows_N] = times_BN
    return times_BP


def _sums(cube: Cube, rows_N: Ints, times_BP: Counts) -> list[Floats]:
    """Return sums over a stratum's prompts: safe, judged (B, J, M, L), c - b, pairs (B, J, M, O)."""
    parts = [
        _sums_of_part(cube, part_N, times_BP[:, part_N])
        for part_N in (rows_N[at : at + _PART] for at in range(0, rows_N.size, _PART))
    ]
    return [sum(tables[1:], start=tables[0]) for tables in zip(*parts, strict=True)]


def _sums_of_part(
    cube: Cube, rows_N: Ints, times_BN: Counts
) -> tuple[Floats, Floats, Floats, Floats]:
    unsafe_JMLNS = cube.unsafe_JMLPS[:, :, :, rows_N]
    reference = cube.languages.index(cube.reference)
    others = [index for index in range(len(cube.languages)) if index != reference]
    read, safe = unsafe_JMLNS >= SAFE, unsafe_JMLNS == SAFE
    both = read[:, :, others] & read[:, :, [reference]]
    # Safe in both languages is 1 - 1 = 0, only in the other 1, only in the reference -1.
    won, lost = both & safe[:, :, others], both & safe[:, :, [reference]]
    return (
        _weighted(times_BN, _added(safe)),
        _weighted(times_BN, _added(read)),
        _weighted(times_BN, _added(won) - _added(lost)),
        _weighted(times_BN, _added(both)),
    )


def _added(flags_JMLNS: Bools) -> Counts:
    """Return the samples of each prompt added up."""
    return np.asarray(flags_JMLNS.sum(axis=-1, dtype=np.int32), dtype=np.int32)


def _weighted(times_BN: Counts, table_JMLN: Counts) -> Floats:
    """Return a table summed over prompts, each as often as it was drawn; shape (B, J, M, L)."""
    rows_VN = table_JMLN.reshape(-1, table_JMLN.shape[-1])
    most = int(times_BN.sum(axis=1).max()) * max(int(np.abs(rows_VN).max(initial=0)), 1)
    # Whole numbers this small add up exactly in single precision, at half the time.
    if most < _EXACT_IN_SINGLE:
        sums_BV = (times_BN.astype(np.float32) @ rows_VN.astype(np.float32).T).astype(np.float64)
    else:
        sums_BV = times_BN.astype(np.float64) @ rows_VN.astype(np.float64).T
    return floats(sums_BV.reshape(len(times_BN), *table_JMLN.shape[:-1]))
