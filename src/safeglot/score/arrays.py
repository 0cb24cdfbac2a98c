"""Array types of the score stage; the suffix of a name gives its axes.

J judges, M models, L languages, P prompts, S samples, C categories, H strata, E entries
(a prompt in a stratum), O languages other than the reference.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.int8]
Bools: TypeAlias = npt.NDArray[np.bool_]
Numbers: TypeAlias = npt.ArrayLike

_SLACK = 1e-9
"""Effective counts are products of floats."""


def floats(numbers: Numbers) -> Floats:
    """Return numbers of any kind and shape as 64-bit floats."""
    return np.asarray(numbers, dtype=np.float64)


def part_of(part: Numbers, whole: Numbers, what: str = "safe answers") -> tuple[Floats, Floats]:
    """Return a count and what it is of, broadcast. Raises ValueError outside 0 to all of them."""
    part, whole = np.broadcast_arrays(floats(part), floats(whole))
    if not np.all((part >= -_SLACK) & (part <= whole * (1 + _SLACK) + _SLACK)):
        raise ValueError(f"{what}: {part.tolist()} of {whole.tolist()}: must be from 0 to all")
    return part, whole


def shares(numbers: Numbers, what: str) -> Floats:
    """Return rates as floats. Raises ValueError for one outside [0, 1]."""
    read = floats(numbers)
    if not np.all((read >= 0) & (read <= 1)):
        raise ValueError(f"{what}: {read.tolist()}: a rate must be from 0 to 1")
    return read
