"""The difference of two rates that were measured on different prompts.

A rate comes with how many independent prompts it is worth. All functions broadcast.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from safeglot.score.arrays import Floats, Numbers, floats
from safeglot.score.stats.intervals import exact_low

Rate: TypeAlias = tuple[Numbers, Numbers]
"""(share, n); the share is 0 where n is."""

_LEAST_P, _HALVINGS = 1e-12, 22


def rates_low(one: Rate, other: Rate, *, alpha: Numbers) -> Floats:
    """Return the lower bound of one less other that is wrong with a chance of alpha.

    Square and add of the exact bounds of both: Wilson's are too short where a category that weighs
    much has a few prompts, nearly all safe (coverage down to .91 for .95; these .93 and more, see
    `tests/simulation/unpaired.py`).
    Source: Zou and Donner 2008, Statistics in Medicine 27; Clopper and Pearson 1934, Biometrika 26.
    """
    (p, n), (q, m) = ((floats(rate), floats(size)) for rate, size in (one, other))
    down = np.maximum(p - exact_low(p * n, n, alpha=alpha), 0.0)
    up = np.maximum(1 - exact_low((1 - q) * m, m, alpha=alpha) - q, 0.0)
    return floats(np.maximum(p - q - np.hypot(down, up), -1.0))


def p_of_rates(one: Rate, other: Rate, edge: Numbers) -> Floats:
    """Return the one-sided p value of a difference of at most an edge: where the bound meets it."""
    edge = floats(edge)
    shape = np.broadcast_shapes(*(np.shape(x) for x in (*one, *other, edge)))
    low, high = np.full(shape, np.log(_LEAST_P)), np.zeros(shape)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        shown = rates_low(one, other, alpha=np.exp(middle)) >= edge
        low, high = np.where(shown, low, middle), np.where(shown, middle, high)
    beyond = floats(one[0]) - floats(other[0]) >= edge
    return floats(np.where(beyond, np.exp(high), 1.0))
