"""Effects of ways to put a request, each prompt put in every combination of them.

Factors are coded 0 and 1: code-switching, transliteration, framing, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special

from safeglot.score.arrays import Floats, Ints, Numbers, floats

_TINY = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One effect on the unsafe rate: a main effect, or the difference of two differences.

    With one prompt there is no error; where all prompts agree `se` is 0, and low, high and p
    are None, for that says nothing about other prompts.
    """

    name: str
    effect: float
    se: float | None
    low: float | None
    high: float | None
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrasts:
    """The effects, and how many prompts have a verdict in all combinations."""

    effects: tuple[Contrast, ...]
    prompts: int
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Rows of a factorial: which prompt, at which levels; shapes (R,), (R, F), and F names."""

    prompt_R: Numbers
    levels_RF: Numbers
    names: Sequence[str]


def contrasts(design: Design, unsafe_R: Numbers, *, level: float = 0.95) -> Contrasts:
    """Return main effects and two-way interactions within prompts, with Student's t over prompts.

    A combination's rows (samples) are averaged, NaN is missing, and a prompt that lacks a
    combination is left out and counted. Raises: ValueError for levels other than 0 and 1.
    Source: MEASUREMENT 10.
    """
    table, dropped = _table(design, _unsafe(unsafe_R))
    n_F = len(design.names)
    sign_VF = _corners(n_F) * 2 - 1
    effects = []
    for order in (1, 2):
        for chosen in combinations(range(n_F), order):
            name = "".join(design.names[f] for f in chosen)
            weight_V = sign_VF[:, list(chosen)].prod(axis=1) / 2 ** (n_F - order)
            effects.append(_effect(name, (table * weight_V).sum(axis=1), level))
    shown = tuple(effects) if len(table) else ()
    return Contrasts(effects=shown, prompts=len(table), dropped=dropped)


def _corners(n_F: int) -> Ints:
    """Return the combinations of levels, the first factor slowest; shape (2^F, F)."""
    return (np.arange(2**n_F)[:, np.newaxis] >> np.arange(n_F)[::-1]) & 1


def _read(design: Design) -> tuple[Ints, Ints, int]:
    """Return the combination of each row, the prompt of each row, and how many prompts there are."""
    levels = np.asarray(design.levels_RF, dtype=np.int64)
    if levels.ndim != 2 or levels.shape[1] != len(design.names):
        raise ValueError(f"got levels of shape {levels.shape} for {len(design.names)} factors")
    if not np.isin(levels, (0, 1)).all():
        raise ValueError("levels of a factor must be 0 and 1")
    named, prompt_R = np.unique(np.asarray(design.prompt_R), return_inverse=True)
    corner_R = levels @ (1 << np.arange(levels.shape[1])[::-1])
    return corner_R, prompt_R, len(named)


def _unsafe(unsafe_R: Numbers) -> Floats:
    y_R = floats(unsafe_R)
    if np.any((y_R < 0) | (y_R > 1)):
        raise ValueError("unsafe rates must be from 0 to 1, and NaN where missing")
    return y_R


def _table(design: Design, unsafe_R: Floats) -> tuple[Floats, int]:
    """Return the mean of each prompt in each combination, shape (I, 2^F), and the prompts left out."""
    corner_R, prompt_R, n_P = _read(design)
    n_V = 2 ** len(design.names)
    known_R = ~np.isnan(unsafe_R)
    place_R = (prompt_R * n_V + corner_R)[known_R]
    n_PV = np.bincount(place_R, minlength=n_P * n_V).reshape(n_P, n_V)
    sum_PV = np.bincount(place_R, unsafe_R[known_R], minlength=n_P * n_V).reshape(n_P, n_V)
    kept_P = (n_PV > 0).all(axis=1)
    return sum_PV[kept_P] / n_PV[kept_P], int((~kept_P).sum())


def _effect(name: str, effect_I: Floats, level: float) -> Contrast:
    n = effect_I.size
    value = float(effect_I.mean()) if n else 0.0
    se = float(effect_I.std(ddof=1)) / n**0.5 if n > 1 else None
    if se is None or se < _TINY:
        return Contrast(name=name, effect=value, se=se, low=None, high=None, p=None)
    half = float(special.stdtrit(n - 1, 0.5 + level / 2)) * se
    p = 2 * float(special.stdtr(n - 1, -abs(value) / se))
    return Contrast(name=name, effect=value, se=se, low=value - half, high=value + half, p=p)
