"""A factorial as rows: which prompt, at which levels of which factors, and its unsafe rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Floats, Numbers, floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Rows of a factorial: which prompt, at which levels; shapes (R,), (R, F), and F names."""

    prompt_R: Numbers
    levels_RF: Numbers
    names: Sequence[str]


def table_of(design: Design, unsafe_R: Numbers) -> Floats:
    """Return the mean of each prompt in each combination, shape (P, 2^F), NaN where it has none."""
    levels, y_R = np.asarray(design.levels_RF, dtype=np.int64), floats(unsafe_R)
    corner_R = levels @ (1 << np.arange(levels.shape[1])[::-1])
    named, prompt_R = np.unique(np.asarray(design.prompt_R), return_inverse=True)
    table = np.full((len(named), 2 ** levels.shape[1]), np.nan)
    for place in {*zip(prompt_R.tolist(), corner_R.tolist(), strict=True)}:
        here = (prompt_R == place[0]) & (corner_R == place[1]) & ~np.isnan(y_R)
        table[place] = y_R[here].mean() if here.any() else np.nan
    return table
