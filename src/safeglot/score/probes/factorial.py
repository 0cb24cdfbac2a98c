"""Effects of ways to put a request, each prompt put in every combination of them.

Factors are coded 0 and 1: code-switching, transliteration, framing, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special

from safeglot.score.arrays import Floats, Numbers, floats

_TINY = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One effect on the unsafe rate: a main effect, or of two factors the difference of two differences.

    `n` prompts have a verdict in all combinations. With one there is no error; where all agree
    `se` is 0, and low, high and p are None, for that says nothing about other prompts.
    """

    factors: tuple[str, ...]
    n: int
    effect: float
    se: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def contrasts(unsafe_PV: Numbers, names: Sequence[str], *, level: float = 0.95) -> list[Contrast]:
    """Return main effects and two-way interactions within prompts, with Student's t over prompts.

    Rates of each prompt in each combination of F factors, shape (P, 2^F), the first factor slowest. NaN is
    missing: a prompt that lacks a combination is left out. Raises: ValueError for other shapes or
    rates. Source: MEASUREMENT 10.
    """
    table, n_F = floats(unsafe_PV), len(names)
    if table.ndim != 2 or table.shape[1] != 2**n_F:
        raise ValueError(f"got rates of shape {table.shape} for {n_F} factors")
    if np.any((table < 0) | (table > 1)):
        raise ValueError("unsafe rates must be from 0 to 1, and NaN where missing")
    table = table[~np.isnan(table).any(axis=1)]
    sign_VF = (np.arange(2**n_F)[:, np.newaxis] >> np.arange(n_F)[::-1] & 1) * 2 - 1
    found = []
    for order in (1, 2) if len(table) else ():
        for chosen in combinations(range(n_F), order):
            weight_V = sign_VF[:, list(chosen)].prod(axis=1) / 2 ** (n_F - order)
            factors = tuple(names[f] for f in chosen)
            found.append(_effect(factors, (table * weight_V).sum(axis=1), level))
    return found


def _effect(factors: tuple[str, ...], effect_I: Floats, level: float) -> Contrast:
    n, value = effect_I.size, float(effect_I.mean())
    se = float(effect_I.std(ddof=1)) / n**0.5 if n > 1 else None
    if se is None or se < _TINY:
        return Contrast(factors=factors, n=n, effect=value, se=se)
    half = float(special.stdtrit(n - 1, 0.5 + level / 2)) * se
    p = 2 * float(special.stdtr(n - 1, -abs(value) / se))
    ends = {"low": value - half, "high": value + half}
    return Contrast(factors=factors, n=n, effect=value, se=se, p=p, **ends)
