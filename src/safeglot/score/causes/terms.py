"""A term of a gap as a mean over prompts, also where part of it comes from a sample of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Floats
from safeglot.score.stats.mean_interval import score_interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Term:
    """The differences that a term is the mean of, shape (P,), and its interval.

    Of a term from a sample they are such that their mean is the sample's and their spread gives its
    standard error; prompts outside the sample add nothing but their number.
    """

    d_P: Floats
    low: float
    high: float
    sample_P: Floats | None = None
    """The sample's own differences, NaN outside; None where all prompts are in it."""


def term(d_P: Floats, *, level: float) -> Term:
    """Return a term of all prompts, with the score interval."""
    low, high = score_interval(d_P, level=level)
    return Term(d_P=d_P, low=low, high=high)


def of_sample(d_P: Floats, *, level: float) -> Term:
    """Return a term of the prompts that have a number, two or more; the others are NaN."""
    known_P = ~np.isnan(d_P)
    n, n_known = d_P.size, int(known_P.sum())
    if n_known == n:
        return term(d_P, level=level)
    own = d_P[known_P]
    scale = n / n_known * (n_known / (n_known - 1) * (n - 1) / n) ** 0.5
    spread_P = np.where(known_P, scale * (d_P - own.mean()), 0.0)
    low, high = score_interval(own, level=level)
    return Term(d_P=own.mean() + spread_P, low=low, high=high, sample_P=d_P)


def less(d_P: Floats, taken: Term, *, level: float) -> Term:
    """Return the mean over all prompts less a term, which may be of a sample of them.

    The interval is the score interval where both are of the same prompts. Else it is put together
    from both, by square and add with the correlation through the prompts that they share.
    Source: Zou and Donner 2008, Statistics in Medicine 27(10).
    """
    rest_P = d_P - taken.d_P
    if taken.sample_P is None:
        return term(rest_P, level=level)
    low, high = score_interval(d_P, level=level)
    value, other = float(d_P.mean()), float(taken.d_P.mean())
    shared = 2 * _correlation(d_P, taken.d_P)
    down = (value - low, taken.high - other)
    up = (high - value, other - taken.low)
    below, above = (max(a**2 + b**2 - shared * a * b, 0.0) ** 0.5 for a, b in (down, up))
    return Term(d_P=rest_P, low=value - other - below, high=value - other + above)


def plus(d_P: Floats, added: Term, *, level: float) -> Term:
    """Return the mean over all prompts and a term, which may be of a sample of them; as `less`."""
    sample_P = None if added.sample_P is None else -added.sample_P
    negated = Term(d_P=-added.d_P, low=-added.high, high=-added.low, sample_P=sample_P)
    return less(d_P, negated, level=level)


def se_of(d_P: Floats) -> float | None:
    """Return the standard error of a mean over prompts (CR1); None for a single one."""
    if d_P.size < 2:
        return None
    # As a sum rather than a BLAS product: the same bytes whatever the number of threads.
    return float(np.sqrt(((d_P - d_P.mean()) ** 2).sum() / (d_P.size - 1) / d_P.size))


def _correlation(a_P: Floats, b_P: Floats) -> float:
    a_P, b_P = a_P - a_P.mean(), b_P - b_P.mean()
    spread = float(np.sqrt((a_P**2).sum() * (b_P**2).sum()))
    return float((a_P * b_P).sum()) / spread if spread > 0 else 0.0
