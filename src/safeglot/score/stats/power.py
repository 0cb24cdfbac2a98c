"""The smallest loss of safety that a comparison detects, and the prompts that a loss needs.

p is the safety in the reference, the drop what the other language has less. `phi` is the
correlation of the two verdicts on a prompt, held to what the two safeties allow (Frechet's
bounds); None stands for two separate sets of prompts. All functions broadcast. They are normal
approximations: below some 50 prompts they are a guide only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from safeglot.score.arrays import Bools, Floats, Numbers, floats, shares
from safeglot.score.stats.gaps import variance_at
from safeglot.score.stats.intervals import z_of
from safeglot.score.stats.two_samples import rates_low

ALPHA, POWER = 0.05, 0.80
Z_OF_POWER = z_of(2 * POWER - 1)
"""So many standard errors an estimate is off, one way, in one of five runs."""
_HALVINGS = 50
_SHORT_OF_MAXIMUM = 0.999
"""At the maximum itself no pair at all would differ the other way."""


def discordant_share(p_ref: Numbers, p_other: Numbers, *, phi: Numbers) -> Floats:
    """Return the share of pairs whose verdicts differ, from both safeties and their correlation."""
    p, q = np.broadcast_arrays(floats(p_ref), floats(p_other))
    unlinked, spread = p * (1 - q) + q * (1 - p), np.sqrt(p * (1 - p) * q * (1 - q))
    # In terms of phi x spread, the covariance, which stays finite where a safety is 0 or 1.
    most = _SHORT_OF_MAXIMUM * np.minimum(p * (1 - q), q * (1 - p))
    least = -np.minimum(p * q, (1 - p) * (1 - q))
    return floats(unlinked - 2 * np.clip(floats(phi) * spread, least, most))


def prompts_needed(
    p_ref: Numbers,
    p_other: Numbers,
    *,
    phi: Numbers | None,
    alpha: float = ALPHA,
    power: float = POWER,
) -> Floats:
    """Return the prompts (in each language) that show a drop with the power asked, unrounded.

    Raises ValueError where the safeties are equal: no number of prompts shows that difference.
    Source: Miettinen 1968, Biometrics 24; Connor 1987, Biometrics 43.
    """
    p, q = np.broadcast_arrays(shares(p_ref, "safety"), shares(p_other, "safety"))
    if np.any(p == q):
        raise ValueError("equal safeties: there is no difference to plan for; give two that differ")
    return _needed(p, p - q, phi, z=_quantiles(alpha, power))


def smallest_drop(
    p_ref: Numbers,
    n: Numbers,
    *,
    phi: Numbers | None,
    alpha: float = ALPHA,
    power: float = POWER,
) -> tuple[Floats, Bools]:
    """Return the smallest drop that n prompts show with the power asked, and whether there is one.

    Where not even a loss of all safety would show, the drop is p_ref and the second is False.
    n may be an effective number.
    Source: Miettinen 1968, Biometrics 24; Connor 1987, Biometrics 43.
    """
    given = (shares(p_ref, "safety"), floats(n), floats(0.0 if phi is None else phi))
    p, size, correlation = np.broadcast_arrays(*given)
    link, z = (None if phi is None else correlation), _quantiles(alpha, power)
    seen = (p > 0) & (_needed(p, np.where(p > 0, p, 1.0), link, z=z) <= size)
    low, high = np.zeros_like(p), p.copy()
    for _ in range(_HALVINGS):
        middle = np.where(seen, (low + high) / 2, 1.0)
        enough = _needed(p, middle, link, z=z) <= size
        low, high = np.where(seen & ~enough, middle, low), np.where(seen & enough, middle, high)
    return high, np.asarray(seen, dtype=np.bool_)


def prompts_beside(p: float, edge: float, *, alpha: float, power: float = POWER) -> int | None:
    """Return the prompts with which the exact one-sided test tells a rate from an edge on its own side.

    None where no number does: on the edge.
    Source: Chernick and Liu 2002, The American Statistician 56(2) (power of exact tests).
    """
    p, edge = (p, edge) if p > edge else (1 - p, 1 - edge)

    def reached(n: float) -> bool:
        most = np.ceil(special.bdtrik(1 - alpha, n, edge) - 1e-9) if edge > 0 else 0.0
        return bool(most < n and special.bdtrc(most, n, p) >= power)

    return fewest(reached) if p - edge > _SMALLEST else None


def pairs_beside(
    difference: float, discordant: float, edge: float, *, alpha: float, power: float = POWER
) -> int | None:
    """Return the pairs with which a paired difference is told from an edge on its own side.

    `discordant` is the share of pairs that differ. None where no number does.
    Half a pair more has to be lost or won than the normal distribution asks, since pairs are whole.
    Source: Liu et al. 2002, Statistics in Medicine 21, 231-245.
    """
    far, z = abs(difference - edge), _quantiles(2 * alpha, power)
    if far <= _SMALLEST:
        return None
    lost, won = (max(discordant - sign * difference, 0.0) / 2 for sign in (1, -1))
    toward = (edge, lost, won) if difference > edge else (-edge, won, lost)
    at_edge, here = float(variance_at(*map(floats, toward))), max(lost + won - difference**2, 0.0)
    spread = z[0] * at_edge**0.5 + z[1] * here**0.5
    needed = ((spread + (spread**2 + 2 * far) ** 0.5) / (2 * far)) ** 2
    return max(int(np.ceil(needed)), 1) if needed < _MOST else None


def times_beside(
    one: tuple[float, float], other: tuple[float, float], edge: float, *, alpha: float
) -> float | None:
    """Return how many times the prompts of two rates tell their difference from an edge on its own side.

    With a power of 80%. None where no number does.
    """
    (p, n), (q, m) = one, other
    if p - q < edge:
        (p, n), (q, m), edge = (q, m), (p, n), -edge
    if p - q - edge <= _SMALLEST or not (n > 0 and m > 0):
        return None

    def reached(k: float) -> bool:
        off = Z_OF_POWER * (p * (1 - p) / k + q * (1 - q) * n / m / k) ** 0.5
        low, strict = (
            float(rates_low((p, k), (q, m * k / n), alpha=a)) for a in (alpha, strict_alpha(alpha))
        )
        return low - off >= edge and strict >= edge

    found = fewest(reached)
    return None if found is None else found / n


def strict_alpha(alpha: float) -> float:
    """Return the level of a bound that clears an edge with numbers at which one of alpha does with a power of 80%."""
    return float(special.ndtr(-sum(_quantiles(2 * alpha, POWER))))


_SMALLEST = 1e-6
"""Differences under it are none: more prompts than there are would be needed."""
_MOST = 2**31


def fewest(reached: Callable[[float], bool]) -> int | None:
    """Return a number at which something is reached, by doubling and halving; None beyond `_MOST`."""
    high = 1
    while not reached(high):
        high *= 2
        if high > _MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _quantiles(alpha: float, power: float) -> tuple[float, float]:
    if not (0 < alpha < 1 and 0 < power < 1):
        raise ValueError(f"alpha {alpha} and power {power} have to lie between 0 and 1")
    return z_of(1 - alpha), z_of(2 * power - 1)


def _needed(p: Floats, drop: Floats, phi: Numbers | None, *, z: tuple[float, float]) -> Floats:
    q = np.clip(p - drop, 0.0, 1.0)
    if phi is None:
        middle = (p + q) / 2
        null, other = 2 * middle * (1 - middle), p * (1 - p) + q * (1 - q)
    else:
        null = discordant_share(p, q, phi=phi)
        other = np.maximum(null - drop**2, 0.0)
    return floats((z[0] * np.sqrt(null) + z[1] * np.sqrt(other)) ** 2 / drop**2)
