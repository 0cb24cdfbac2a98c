"""Averages of safety over categories, from counts."""

import numpy as np


def micro(safe_C, n_C):
    """Return the safe share of all prompts pooled."""
    return np.sum(safe_C) / np.sum(n_C)


def macro(safe_C, n_C):
    """Return the unweighted mean over the categories that have data."""
    safe, n = np.asarray(safe_C, dtype=float), np.asarray(n_C, dtype=float)
    return np.mean(safe[n > 0] / n[n > 0])


def macro_of_macros(safe_C, n_C, macro_C):
    """Return the mean over macro categories of the mean over their categories."""
    safe, n, macros = np.asarray(safe_C), np.asarray(n_C), np.asarray(macro_C)
    names = sorted({name for name, size in zip(macro_C, n_C, strict=True) if size > 0})
    return np.mean([macro(safe[macros == name], n[macros == name]) for name in names])


def macro_se(safe_C, n_C):
    """Return the standard error of `macro`: sum of p (1 - p) / (n - 1) over K^2.

    One sample a prompt, one category a prompt, at least two prompts in a category that has data.
    """
    safe, n = np.asarray(safe_C, dtype=float), np.asarray(n_C, dtype=float)
    safe, n = safe[n > 0], n[n > 0]
    p = safe / n
    return np.sqrt(np.sum(p * (1 - p) / (n - 1))) / n.size
