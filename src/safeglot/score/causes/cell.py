"""One judge on one model in one language: the verdicts that tell the causes of its gap apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from safeglot.score.arrays import Bools, Bytes, Floats
from safeglot.types import Estimate

METHOD = "tango on differences within prompts"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """Verdicts of one judge on one model in one language: 0, 1, -1 missing; shapes (P, S).

    An arm has one array for each of its translators, and the prompts that it has a text for.
    `translators` are the others than the main one; in `quality`, shape (P,), the main one is "".
    Where the main texts were `chosen` among the translators', these are all, and there is no main
    one. `gated_PS` are verdicts on texts that the run's gate took out, whose quality
    stands with the main ones'; `kept_P` are the prompts that it kept, None without a gate. `asked_P` are the prompts that were asked in
    any language, None for all.
    """

    row: Estimate
    level: float = 0.95
    reference_PS: Bytes
    native_PS: Bytes
    gated_PS: Bytes | None = None
    kept_P: Bools | None = None
    chosen: bool = False
    asked_P: Bools | None = None
    arms: Mapping[str, tuple[Sequence[Bytes], Bools]] = field(default_factory=dict)
    translators: Mapping[str, Bytes] = field(default_factory=dict)
    texts: Mapping[str, Bools] = field(default_factory=dict)
    quality: Mapping[str, Floats] = field(default_factory=dict)
    estimator: str = ""


def rate_of(unsafe_PS: Floats | Bytes) -> Floats:
    """Return each prompt's mean over its samples, shape (P,); NaN where none has a verdict."""
    known_PS = ~np.isnan(unsafe_PS) & (unsafe_PS >= 0)
    n_P = known_PS.sum(axis=-1)
    total_P = np.where(known_PS, unsafe_PS, 0).sum(axis=-1)
    return np.where(n_P > 0, total_P / np.maximum(n_P, 1), np.nan)


def mean_of(tables: Sequence[Bytes], like_PS: Bytes) -> Floats:
    """Return the mean over an arm's translators, shape (P, S); NaN where none has a verdict."""
    if not tables:
        return np.full(like_PS.shape, np.nan)
    return rate_of(np.stack(tables, axis=-1).astype(np.float64))


def paired(a_PS: Floats, b_PS: Floats) -> tuple[Floats, Floats]:
    """Return both rates over the samples that have a verdict in both: they are the same answers."""
    both = ~(np.isnan(a_PS) | np.isnan(b_PS))
    return rate_of(np.where(both, a_PS, np.nan)), rate_of(np.where(both, b_PS, np.nan))


def known(unsafe_PS: Bytes) -> Floats:
    """Return verdicts as rates, NaN where there is none; same shape."""
    return np.where(unsafe_PS >= 0, unsafe_PS, np.nan).astype(np.float64)


def nothing(cell: Cell, metric: str, why: str, missing: int) -> Estimate:
    """Return the row of a number that cannot be had, with the reason."""
    return replace(cell.row, metric=metric, level=None, method=why, missing=missing)
