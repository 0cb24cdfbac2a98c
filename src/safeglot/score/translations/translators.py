"""How much of a language's rate is its translators: variance components over several of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from safeglot.score.arrays import Floats, Numbers, floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Components:
    """Two-way random analysis of variance, prompts by translators, one value a cell.

    Components may come out below zero, which says zero. `var_mean` is the variance of the
    language's mean that is due to translators; `se` that of the mean over prompts and translators
    both, and `df` its degrees of freedom.
    """

    mean: float
    mean_K: Floats
    ms_prompt: float
    ms_translator: float
    ms_residual: float
    var_prompt: float
    var_translator: float
    var_residual: float
    var_mean: float
    se: float
    df: float | None
    prompts: int
    dropped: int

    @property
    def translators(self) -> int:
        """How many translators there are."""
        return int(self.mean_K.size)

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Return the interval of the mean over other prompts and other translators.

        None where nothing varies: a standard error of 0 says nothing about others.
        """
        if self.df is None:
            return None
        half = float(special.stdtrit(self.df, 0.5 + level / 2)) * self.se
        return self.mean - half, self.mean + half


def present(values_PK: Numbers) -> Floats:
    """Return the rows without a missing cell (NaN); shape (I, K). Raises: ValueError for other shapes."""
    table = floats(values_PK)
    if table.ndim != 2:
        raise ValueError(f"got {table.ndim} axes, prompts by translators are wanted")
    return floats(table[~np.isnan(table).any(axis=1)])


def variance_components(values_PK: Numbers) -> Components | str:
    """Return the variance of prompts by translators, split; shape (P, K), NaN where missing.

    Prompts that lack a cell are left out and counted. With fewer than two prompts or translators
    there is no split: the reason comes back instead. The degrees of freedom are Satterthwaite's.
    Source: Brennan, Generalizability Theory, 2001; Satterthwaite 1946, Biometrics Bulletin 2.
    """
    table = present(values_PK)
    n_I, n_K = table.shape
    if n_K < 2:
        return "needs two translators or more"
    if n_I < 2:
        return (
            f"needs two prompts with all translators, there is {n_I}"
            if n_I
            else ("no prompt has a verdict under every translator")
        )
    mean, mean_I, mean_K = float(table.mean()), table.mean(axis=1), table.mean(axis=0)
    residual_IK = table - mean_I[:, np.newaxis] - mean_K + mean
    ms_i = n_K * float(np.square(mean_I - mean).sum()) / (n_I - 1)
    ms_k = n_I * float(np.square(mean_K - mean).sum()) / (n_K - 1)
    ms_ik = float(np.square(residual_IK).sum()) / ((n_I - 1) * (n_K - 1))
    var_k = (ms_k - ms_ik) / n_I
    se, df = _error((ms_i, ms_k, ms_ik), n_I, n_K)
    return Components(
        mean=mean,
        mean_K=floats(mean_K),
        ms_prompt=ms_i,
        ms_translator=ms_k,
        ms_residual=ms_ik,
        var_prompt=(ms_i - ms_ik) / n_K,
        var_translator=var_k,
        var_residual=ms_ik,
        var_mean=max(var_k, 0.0) / n_K + ms_ik / (n_I * n_K),
        se=se,
        df=df,
        prompts=n_I,
        dropped=len(floats(values_PK)) - n_I,
    )


def _error(squares: tuple[float, float, float], n_I: int, n_K: int) -> tuple[float, float | None]:
    """Return the standard error of the mean over both facets and its degrees of freedom."""
    ms_i, ms_k, ms_ik = squares
    if ms_k <= ms_ik:  # translators add nothing: the prompts' mean square has it all
        return float(np.sqrt(ms_i / (n_I * n_K))), None if ms_i < 1e-15 else float(n_I - 1)
    combined = ms_i + ms_k - ms_ik
    if combined < 1e-15:
        return 0.0, None
    parts = ms_i**2 / (n_I - 1) + ms_k**2 / (n_K - 1) + ms_ik**2 / ((n_I - 1) * (n_K - 1))
    return float(np.sqrt(combined / (n_I * n_K))), max(combined**2 / parts, 1.0)


def sign_robust(gap_PK: Numbers, *, level: float = 0.95) -> bool | None:
    """Return whether a gap holds whoever translates; shape (P, K), NaN where missing.

    It does where it has one sign under every translator and its interval over prompts and
    translators excludes 0. None where the translators cannot be compared.
    """
    components = variance_components(gap_PK)
    if isinstance(components, str):
        return None
    interval = components.interval(level)
    one_sign = bool((components.mean_K > 0).all() or (components.mean_K < 0).all())
    if interval is None:  # every cell is the same: no error to be told
        return False
    return one_sign and (interval[0] > 0 or interval[1] < 0)


def dependability(mean_L: Numbers, var_mean_L: Numbers) -> float | None:
    """Return the dependability of a ranking of languages, in [0, 1]; shapes (L,), (L,).

    It is var_lang / (var_lang + e), e the languages' mean variance due to translators, and
    var_lang the variance of their means less e. None for fewer than two languages, or where
    neither varies.
    Source: Brennan, Generalizability Theory, 2001.
    """
    means, errors = floats(mean_L), floats(var_mean_L)
    if means.size < 2:
        return None
    error = float(errors.mean())
    language = max(float(means.var(ddof=1)) - error, 0.0)
    return language / (language + error) if language + error > 1e-15 else None
