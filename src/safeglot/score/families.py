"""Tests that are corrected together, some of which could not be made."""

from __future__ import annotations

import numpy as np

from safeglot.score.arrays import Bools, Floats, Numbers, floats
from safeglot.score.multiplicity import benjamini_hochberg, holm


def corrected_where(p: Numbers, tested: Bools) -> tuple[Floats, Floats]:
    """Give Holm's and Benjamini and Hochberg's p values over the tests made; 1 elsewhere."""
    strict, loose = np.ones_like(floats(p)), np.ones_like(floats(p))
    strict[tested] = holm(floats(p)[tested])
    loose[tested] = benjamini_hochberg(floats(p)[tested])
    return strict, loose
