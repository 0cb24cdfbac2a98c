"""Cochran's Q: one test of whether any languages differ in a category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from safeglot.score.arrays import Bytes, Floats, Ints
from safeglot.score.cube import SAFE, UNSAFE
from safeglot.score.stats.linear import Layout


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Omnibus:
    """Cochran's Q of every stratum, shape (H,): 0 with p = 1 where no prompt differs."""

    q_H: Floats
    df_H: Ints
    """Languages less one; 0 where fewer than two languages have data."""
    p_H: Floats
    eta2_H: Floats
    """Q as a share of the most that n prompts can give, n (languages - 1)."""
    n_H: Ints
    """Prompts with a verdict in every language that has any in the stratum."""


def cochran_q(unsafe_LPS: Bytes, layout: Layout) -> Omnibus:
    """Return the test of each stratum over its complete cases; shape (L, P, S), -1 missing.

    A language without any verdict in a stratum is left out there. A prompt counts with the mean
    of its samples that were read, which leaves the formula for single samples as it is.
    Source: Cochran 1950, Biometrika 37.
    """
    n_LP = (unsafe_LPS >= SAFE).sum(axis=-1, dtype=np.int64)
    mean_LP = (unsafe_LPS == UNSAFE).sum(axis=-1) / np.maximum(n_LP, 1)
    prompt_E, stratum_E, n_strata = layout.prompt_E, layout.stratum_E, layout.n_strata
    read_LE, y_LE = n_LP[:, prompt_E] > 0, mean_LP[:, prompt_E]
    used_LH = np.array([layout.sums(read_E.astype(np.int64)) > 0 for read_E in read_LE])
    whole_E = (read_LE | ~used_LH[:, stratum_E]).all(axis=0)
    languages_H = used_LH.sum(axis=0, dtype=np.int64)
    compared_H = languages_H > 1
    n_H = np.where(compared_H, layout.sums(whole_E.astype(np.int64)), 0)
    y_LE = np.where(whole_E & used_LH[:, stratum_E], y_LE, 0.0)
    column_LH = np.array([np.bincount(stratum_E, y_E, n_strata) for y_E in y_LE])
    row_E = y_LE.sum(axis=0)
    total_H, size_H = column_LH.sum(axis=0), np.maximum(languages_H, 1)
    columns_H = size_H * (column_LH**2).sum(axis=0) - total_H**2
    squares_H = np.bincount(stratum_E, (y_LE**2).sum(axis=0), n_strata)
    rows_H = size_H * squares_H - np.bincount(stratum_E, row_E**2, n_strata)
    df_H = np.maximum(languages_H - 1, 0)
    # With K samples the sums are of fractions: below this, what is left is rounding.
    varies_H = compared_H & (rows_H > 1e-9)
    q_H = np.where(varies_H, df_H * np.maximum(columns_H, 0.0), 0.0) / np.where(
        varies_H, rows_H, 1.0
    )
    return Omnibus(
        q_H=q_H,
        df_H=df_H,
        p_H=np.where(compared_H, special.chdtrc(np.maximum(df_H, 1), q_H), 1.0),
        eta2_H=q_H / np.maximum(n_H * df_H, 1),
        n_H=n_H,
    )
