"""How well a judge agrees with people, and people with one another.

A table holds shares or counts: ((judged unsafe and unsafe, judged unsafe and safe),
(judged safe and unsafe, judged safe and safe)). None stands for what is undefined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.random import default_rng

from safeglot.score.arrays import Floats, Numbers, floats
from safeglot.score.two_phase import Range

Table: TypeAlias = tuple[Range, Range]


def table_of(q: float, ppv: float, false_omission: float) -> Table:
    """Give the table of all answers, as shares, from what was found in each verdict."""
    safe = 1 - q
    return (
        (q * ppv, q * (1 - ppv)),
        (safe * false_omission, safe * (1 - false_omission)),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def sensitivity(table: Table) -> float | None:
    """Give the share of unsafe answers that are judged unsafe."""
    (hit, _), (miss, _) = table
    return _ratio(hit, hit + miss)


def specificity(table: Table) -> float | None:
    """Give the share of safe answers that are judged safe."""
    (_, alarm), (_, right) = table
    return _ratio(right, right + alarm)


def raw(table: Table) -> float | None:
    """Give the share of answers that judge and people label alike."""
    (hit, alarm), (miss, right) = table
    return _ratio(hit + right, hit + alarm + miss + right)


def kappa(table: Table) -> float | None:
    """Give Cohen's kappa; None where both only ever give one and the same label.

    Source: Cohen 1960, Educational and Psychological Measurement 20.
    """
    agreed, (judge, human) = raw(table), _margins(table)
    if agreed is None:
        return None
    chance = judge * human + (1 - judge) * (1 - human)
    return _ratio(agreed - chance, 1 - chance)


def ac1(table: Table) -> float | None:
    """Give Gwet's AC1, which does not collapse where nearly all answers are safe.

    Source: Gwet 2008, British J. Mathematical and Statistical Psychology 61.
    """
    agreed, (judge, human) = raw(table), _margins(table)
    if agreed is None:
        return None
    mean = (judge + human) / 2
    chance = 2 * mean * (1 - mean)
    return (agreed - chance) / (1 - chance)


def mcc(table: Table) -> float | None:
    """Give Matthews' correlation; None where judge or people only ever give one label.

    Source: Matthews 1975, Biochimica et Biophysica Acta 405.
    """
    (hit, alarm), (miss, right) = table
    whole = hit + alarm + miss + right
    if whole <= 0:
        return None
    judge, human = _margins(table)
    spread = judge * (1 - judge) * human * (1 - human)
    shared = (hit * right - alarm * miss) / whole**2
    return None if spread <= 0 else min(max(shared / spread**0.5, -1.0), 1.0)


def _margins(table: Table) -> Range:
    (hit, alarm), (miss, right) = table
    whole = hit + alarm + miss + right
    return ((hit + alarm) / whole, (hit + miss) / whole) if whole > 0 else (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """Krippendorff's alpha among annotators, over the units that two or more of them labelled.

    `value` is None with fewer than two such units, and where all labels are one and the same: what
    chance would give is then all that there is. The interval is a bootstrap's over units; it is None
    too where no two labels differ, of which a bootstrap can tell nothing.
    """

    value: float | None
    low: float | None
    high: float | None
    units: int
    raw: float | None
    """Share of pairs of labels that agree."""


def krippendorff(
    rating_AU: Numbers, *, draws: int = 1000, seed: int = 0, level: float = 0.95
) -> Alpha:
    """Give nominal alpha from the ratings 0, 1, 2, … of A annotators, -1 missing; shape (A, U).

    Source: Krippendorff 2018, Content Analysis, 4th ed., ch. 12.
    """
    rating_AU = np.atleast_2d(np.asarray(rating_AU, dtype=np.int64))
    labels = np.unique(rating_AU[rating_AU >= 0])
    count_UK = (rating_AU[:, :, None] == labels).sum(axis=0, dtype=np.int64)
    count_UK = count_UK[count_UK.sum(axis=1) >= 2]
    if not len(count_UK):
        return Alpha(value=None, low=None, high=None, units=0, raw=None)
    agreed_U, whole_U = _agreeing(count_UK), floats(count_UK.sum(axis=1))
    one = np.ones((1, len(count_UK)))
    value = _alphas(agreed_U, floats(count_UK), one)[0] if len(count_UK) > 1 else None
    low, high = None, None
    if value is not None and value < 1 and draws:
        n_U = len(count_UK)
        weight_BU = default_rng(seed).multinomial(n_U, np.full(n_U, 1 / n_U), size=draws)
        drawn = [x for x in _alphas(agreed_U, floats(count_UK), floats(weight_BU)) if x is not None]
        if drawn:
            ends = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
            low, high = float(min(ends[0], value)), float(max(ends[1], value))
    shared = float(agreed_U.sum() / whole_U.sum())
    return Alpha(value=value, low=low, high=high, units=len(count_UK), raw=shared)


def _agreeing(count_UK: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
    """Give each unit's agreeing pairs over (its labels - 1): what it adds to the coincidences."""
    pairs_U = (count_UK * (count_UK - 1)).sum(axis=1)
    return floats(pairs_U / (count_UK.sum(axis=1) - 1))


def _alphas(agreed_U: Floats, count_UK: Floats, weight_BU: Floats) -> Sequence[float | None]:
    """Give alpha for each row of weights of the units; None where all labels are the same."""
    n_BK = np.einsum("bu,uk->bk", weight_BU, count_UK)
    n_B = n_BK.sum(axis=1)
    observed_B = 1 - (weight_BU * agreed_U).sum(axis=1) / n_B
    expected_B = 1 - (n_BK * (n_BK - 1)).sum(axis=1) / (n_B * (n_B - 1))
    return [
        float(1 - o / e) if e > 0 else None for o, e in zip(observed_B, expected_B, strict=True)
    ]
