"""How well a judge agrees with people, and people with one another.

A table holds shares or counts: ((judged unsafe and unsafe, judged unsafe and safe),
(judged safe and unsafe, judged safe and safe)). None stands for what is undefined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from safeglot.score.arrays import Floats, Numbers, floats
from safeglot.score.judges.two_phase import Range
from safeglot.score.stats.intervals import wilson

Table: TypeAlias = tuple[Range, Range]


def table_of(q: float, ppv: float, false_omission: float) -> Table:
    """Return the table of all answers, as shares, from what was found in each verdict."""
    safe = 1 - q
    return (
        (q * ppv, q * (1 - ppv)),
        (safe * false_omission, safe * (1 - false_omission)),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def sensitivity(table: Table) -> float | None:
    """Return the share of unsafe answers that are judged unsafe."""
    (hit, _), (miss, _) = table
    return _ratio(hit, hit + miss)


def specificity(table: Table) -> float | None:
    """Return the share of safe answers that are judged safe."""
    (_, alarm), (_, right) = table
    return _ratio(right, right + alarm)


def raw(table: Table) -> float | None:
    """Return the share of answers that judge and people label alike."""
    (hit, alarm), (miss, right) = table
    return _ratio(hit + right, hit + alarm + miss + right)


def kappa(table: Table) -> float | None:
    """Return Cohen's kappa; None where both only ever give one and the same label.

    Source: Cohen 1960, Educational and Psychological Measurement 20.
    """
    agreed, (judge, human) = raw(table), _margins(table)
    if agreed is None:
        return None
    chance = judge * human + (1 - judge) * (1 - human)
    return _ratio(agreed - chance, 1 - chance)


def ac1(table: Table) -> float | None:
    """Return Gwet's AC1, which does not collapse where nearly all answers are safe.

    Source: Gwet 2008, British J. Mathematical and Statistical Psychology 61.
    """
    agreed, (judge, human) = raw(table), _margins(table)
    if agreed is None:
        return None
    mean = (judge + human) / 2
    chance = 2 * mean * (1 - mean)
    return (agreed - chance) / (1 - chance)


def mcc(table: Table) -> float | None:
    """Return Matthews' correlation; None where judge or people only ever give one label.

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
    chance would give is then all that there is.
    """

    value: float | None
    low: float | None
    high: float | None
    units: int
    raw: float | None
    """Share of pairs of labels that agree."""


def krippendorff(rating_AU: Numbers, *, level: float = 0.95) -> Alpha:
    """Return nominal alpha from the ratings 0, 1, 2, … of A annotators, -1 missing; shape (A, U).

    The interval is Wilson's of the disagreement over units, over what chance would give: a
    bootstrap over units is too short for few of them, and empty where nobody disagrees.
    Source: Krippendorff 2018, Content Analysis, 4th ed., ch. 12.
    """
    rating_AU = np.atleast_2d(np.asarray(rating_AU, dtype=np.int64))
    labels = np.unique(rating_AU[rating_AU >= 0])
    count_UK = (rating_AU[:, :, None] == labels).sum(axis=0, dtype=np.int64)
    count_UK = count_UK[count_UK.sum(axis=1) >= 2]
    if not len(count_UK):
        return Alpha(value=None, low=None, high=None, units=0, raw=None)
    agreed_U, whole_U = _agreeing(count_UK), floats(count_UK.sum(axis=1))
    n_K = count_UK.sum(axis=0)
    n = float(n_K.sum())
    observed = 1 - float(agreed_U.sum()) / n
    expected = 1 - float((n_K * (n_K - 1)).sum()) / (n * (n - 1))
    value, low, high = None, None, None
    if len(count_UK) > 1 and expected > 0:
        pairs = float((whole_U * (whole_U - 1)).sum()) / 2
        worth = _worth(1 - agreed_U / whole_U, whole_U, observed, pairs)
        least, most = wilson(observed * worth, worth, level=level)
        value = 1 - observed / expected
        low, high = max(1 - float(most) / expected, -1.0), 1 - float(least) / expected
    return Alpha(value=value, low=low, high=high, units=len(count_UK), raw=1 - observed)


def _worth(differ_U: Floats, labels_U: Floats, observed: float, pairs: float) -> float:
    """Return how many independent pairs of labels the units' disagreement is worth."""
    kish = float(labels_U.sum() ** 2 / np.square(labels_U).sum())
    spread = float((labels_U * (differ_U - observed) ** 2).sum() / labels_U.sum())
    if spread < 1e-12:
        return kish
    return min(max(observed * (1 - observed) / spread * kish, kish), pairs)


def _agreeing(count_UK: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
    """Return each unit's agreeing pairs over (its labels - 1): what it adds to the coincidences."""
    pairs_U = (count_UK * (count_UK - 1)).sum(axis=1)
    return floats(pairs_U / (count_UK.sum(axis=1) - 1))
