"""How many answers to label, and of which verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import default_rng

from safeglot.score.arrays import Floats, Ints, Numbers, floats
from safeglot.score.stats.intervals import z_of

FLOOR = 30
"""Fewest labels of a stratum: below it a stratum without an error looks like one that has none."""


def neyman(weight_H: Numbers, sd_H: Numbers, n: float, *, cost_H: Numbers = 1.0) -> Floats:
    """Return n labels shared out in proportion to weight x sd / sqrt(cost); shape (H,).

    Where no stratum varies the labels follow the weights.
    Source: Cochran 1977, Sampling Techniques, ch. 5.
    """
    weight_H, sd_H = floats(weight_H), floats(sd_H)
    need_H = weight_H * sd_H / np.sqrt(floats(cost_H))
    if not need_H.sum() > 0:
        need_H = weight_H / np.sqrt(floats(cost_H))
    if not need_H.sum() > 0:
        return np.zeros(need_H.shape)
    return floats(n * need_H / need_H.sum())


def allocate(size_H: Numbers, sd_H: Numbers, n: int, *, floor: int = FLOOR) -> Ints:
    """Return whole numbers of labels, n in all, for strata of the given sizes; shape (H,).

    Neyman's shares, at least `floor` of each stratum and at most all of it. With fewer labels than
    the floors need, the strata get equal shares. Adds up to n, or to all answers if they are fewer.
    """
    size_H = np.asarray(size_H, dtype=np.int64)
    n = min(n, int(size_H.sum()))
    present = max(int((size_H > 0).sum()), 1)
    given_H: Ints = np.minimum(size_H, min(floor, n // present))
    wanted_H = neyman(size_H / max(int(size_H.sum()), 1), sd_H, n)
    while (left := n - int(given_H.sum())) > 0:
        gap_H = np.where(given_H < size_H, np.maximum(wanted_H - given_H, 1e-9), 0.0)
        share_H = left * gap_H / gap_H.sum()
        more_H = np.minimum(np.floor(share_H).astype(np.int64), size_H - given_H)
        if not more_H.any():
            more_H[int(np.argmax(share_H))] = 1
        given_H = given_H + more_H
    return given_H


def systematic(group_I: Numbers, n: int, *, seed: int) -> Ints:
    """Return n of I items, each drawn with the same chance, spread over their groups; shape (n,).

    Every group gets its share to within one, and who of it is chance. Positions in rising order.
    Source: Madow and Madow 1944, Annals of Mathematical Statistics 15.
    """
    groups = np.asarray(group_I)
    n = min(n, groups.size)
    generator = default_rng(seed)
    order = generator.permutation(groups.size)
    order = order[np.argsort(groups[order], kind="stable")]
    if not n:
        return np.zeros(0, dtype=np.int64)
    ticks = (generator.random() + np.arange(n)) * (groups.size / n)
    return np.sort(order[np.minimum(ticks.astype(np.int64), groups.size - 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Labels for a half-width: in all, and of the answers judged unsafe and safe, rounded up."""

    n: int
    judged_unsafe: int
    judged_safe: int


def budget(
    q: float, *, ppv: float, false_omission: float, half_width: float, judged: float | None = None
) -> Budget:
    """Return the labels that a normal interval of theta +- half_width needs, best shared out.

    `q` is the share judged unsafe, `judged` of how many answers (None: of very many). A planning
    number: MOVER and the floor add to it.
    Raises ValueError where even all labels would not do. Source: Cochran 1977, ch. 5 and 12.
    """
    for name, rate in (("q", q), ("ppv", ppv), ("false omission", false_omission)):
        if not 0 <= rate <= 1:
            raise ValueError(f"{name} is {rate:g}: a rate is from 0 to 1")
    if not 0 < half_width < 1:
        raise ValueError(f"half-width is {half_width:g}: it must lie between 0 and 1, as in 0.02")
    weight_H = np.array([q, 1 - q])
    sd_H = np.sqrt([ppv * (1 - ppv), false_omission * (1 - false_omission)])
    between = 0.0 if judged is None else q * (1 - q) * (ppv - false_omission) ** 2 / judged
    left = (half_width / z_of(0.95)) ** 2 - between
    if left <= 0:
        raise ValueError(
            f"+-{half_width:g} is out of reach with {judged:g} judged answers, however many of them "
            f"are labelled: their number alone gives +-{z_of(0.95) * between**0.5:.2g}. "
            "Ask for a wider interval, or judge more answers"
        )
    n = float((weight_H * sd_H).sum()) ** 2 / left
    unsafe, safe = (float(x) if n else 0.0 for x in neyman(weight_H, sd_H, n))
    return Budget(n=_up(n), judged_unsafe=_up(unsafe), judged_safe=_up(safe))


def _up(x: float) -> int:
    return int(np.ceil(x - 1e-9))
