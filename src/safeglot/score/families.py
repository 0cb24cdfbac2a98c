"""Tests that are corrected together, some of which could not be made."""

from __future__ import annotations

import numpy as np

from safeglot.score.arrays import Bools, Floats, Numbers, floats
from safeglot.score.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm


def corrected_where(p: Numbers, tested: Bools) -> tuple[Floats, Floats, Floats]:
    """Give p values by Holm, Benjamini-Hochberg and Benjamini-Yekutieli over the tests made; 1 elsewhere."""
    found = tuple(np.ones_like(floats(p)) for _ in range(3))
    for one, correct in zip(found, (holm, benjamini_hochberg, benjamini_yekutieli), strict=True):
        one[tested] = correct(floats(p)[tested])
    return found[0], found[1], found[2]
