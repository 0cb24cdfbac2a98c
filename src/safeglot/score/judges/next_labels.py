"""Where the next ten labels are worth most: what they are expected to leave of the widest interval.

Intervals of interest are the corrected gap to the reference language, and in that itself the
corrected rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator, default_rng

from safeglot.score.arrays import Floats
from safeglot.score.judges.corrected_rates import two_phase_of
from safeglot.score.judges.label_counts import LabelCounts
from safeglot.score.judges.two_phase import mover_difference

TEN, DRAWS = 10, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTen:
    """The width of a language's interval of interest, now and expected with ten more labels of it.

    `widest` is what is then expected of the widest interval of all languages.
    """

    language: str
    labels: int
    width: float
    after: float
    widest: float


def next_ten(
    counts: Mapping[str, LabelCounts], reference: str, *, level: float = 0.95
) -> list[NextTen]:
    """Return what ten more labels of each language would do; widths of rates, from 0 to 1.

    Expected over what people may say, by what they said (Beta, Jeffreys' prior) of answers drawn
    as the labelled ones were. Source: Raiffa and Schlaifer 1961, ch. 5 (preposterior analysis).
    """
    now = {tag: _whole(c, level) for tag, c in counts.items()}
    base = counts.get(reference)
    tie = {tag: float(np.sum(c.influence_P * base.influence_P)) for tag, c in counts.items() if base and tag != reference}  # fmt: skip
    width = _widths(now, tie, reference, level)
    found = []
    for tag, c in counts.items():
        rng, own, widest = default_rng(TEN), 0.0, 0.0
        for _ in range(DRAWS):
            then = _widths(now | {tag: _whole(_more(c, rng), level)}, tie, reference, level)
            own += then[tag] / DRAWS
            widest += max(then.values()) / DRAWS
        found.append(
            NextTen(language=tag, labels=c.labelled, width=width[tag], after=own, widest=widest)
        )
    return found


_Whole = tuple[float, float, float]


def _whole(c: LabelCounts, level: float) -> _Whole:
    """Return the corrected rate with its ends; half way between them where a verdict has no label."""
    rate = two_phase_of(c, level=level)
    return (rate.low + rate.high) / 2 if rate.theta is None else rate.theta, rate.low, rate.high


def _widths(
    whole: Mapping[str, _Whole], tie: Mapping[str, float], reference: str, level: float
) -> dict[str, float]:
    """Return the width of the interval of interest in each language; `tie` is its covariance with the reference."""
    found = {}
    for tag, own in whole.items():
        _, low, high = own
        if tag in tie:
            _, low, high = mover_difference(whole[reference], own, covariance=tie[tag], level=level)
        found[tag] = high - low
    return found


def _more(c: LabelCounts, rng: Generator) -> LabelCounts:
    """Return the counts with ten more labels, said by chance as likely as the labels there are say."""
    s = c.strata
    has_H: Floats = (s.labelled_H if s.labelled_H.any() else s.answers_H > 0).astype(np.float64)
    more_H = np.minimum(rng.multinomial(TEN, has_H / has_H.sum()), s.answers_H - s.labelled_H)
    chance_H = rng.beta(s.unsafe_H + 0.5, s.labelled_H - s.unsafe_H + 0.5)
    total_H = np.maximum(s.labelled_H + more_H, 1)
    unsafe_H = rng.binomial(more_H, chance_H)
    worth_H = np.where(s.labelled_H > 0, s.worth_H / np.maximum(s.labelled_H, 1), 1.0)
    strata = replace(
        s,
        labelled_H=s.labelled_H + more_H,
        unsafe_H=s.unsafe_H + unsafe_H,
        rate_H=(s.rate_H * s.labelled_H + unsafe_H) / total_H,
        worth_H=s.worth_H + worth_H * more_H,
    )
    return replace(c, strata=strata)
