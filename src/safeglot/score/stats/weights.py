"""How much each category weighs in an average over categories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from safeglot.score.arrays import Floats, Numbers, floats


def weights_macro(has_C: Numbers) -> Floats:
    """Return equal weights to the categories that have data; all zero where none has."""
    has = floats(has_C)
    return has / max(float(has.sum()), 1.0)


def weights_macro_of_macros(has_C: Numbers, macro_C: Sequence[str]) -> Floats:
    """Return equal weights to the macro categories with data, shared equally by their categories."""
    has = floats(has_C)
    _, group = np.unique(np.asarray(macro_C), return_inverse=True)
    size_G = np.bincount(group, has)
    return has / np.maximum(size_G, 1.0)[group] / max(float((size_G > 0).sum()), 1.0)


def weights_of_sizes(has_C: Numbers, size_C: Numbers) -> Floats:
    """Return weights in proportion to sizes among the categories with data; all zero where none has.

    Source: Cochran 1977, Sampling Techniques, ch. 5 (stratified mean).
    """
    size = floats(has_C) * floats(size_C)
    return size / max(float(size.sum()), 1.0)
