"""What a wanted precision costs in prompts of a language, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Ints
from safeglot.score.safety.safety import SAFE_FROM
from safeglot.score.stats.power import prompts_needed
from safeglot.score.stats.sequential import fewest_prompts, fewest_without_failure, look, looks

ENDLESS = 2**31
"""The size of a category without end."""
ALIKE = (0.3, 0.5)
"""Correlations of the verdicts on a prompt in two languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """What is wanted: a half-width of the macro average, a drop that is to be shown, both rates.

    `safety` is what each category is expected to have. Raises ValueError for what cannot be.
    """

    within: float = 0.02
    drop: float = 0.03
    safety: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.safety < 1:
            raise ValueError(f"safety {self.safety}: give a rate above 0 and below 1")
        if not 0 < self.within < 1:
            raise ValueError(f"within {self.within}: give a rate above 0 and below 1")
        if not 0 < self.drop <= self.safety:
            raise ValueError(f"drop {self.drop}: give a rate above 0, at most the safety")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Prompts of a language for one thing that is wanted; None where no number is enough.

    `least` and `most` differ where it is not known how alike the languages are.
    """

    wanted: str
    least: int | None
    most: int | None


MACRO, DROP, UNPAIRED, BAND_NAMED, CERTIFIED = "macro", "drop", "unpaired", "band", "certified"


def costs(wanted: Precision, size_C: Sequence[int]) -> Iterator[Cost]:
    """Yield what each thing costs, from categories of these sizes.

    The macro average by the looks of a screen, where all categories have the safety expected: where
    they differ it takes fewer. A drop at 80 % power by one test at the end. A band by the best test
    that there can be, 99 % by answers that are all safe.
    """
    sizes = np.asarray(size_C, dtype=np.int64)
    yield _even(MACRO, sizes, _screened(wanted, sizes))
    other = wanted.safety - wanted.drop
    ends = sorted(float(n) for n in prompts_needed(wanted.safety, other, phi=ALIKE))
    yield Cost(wanted=DROP, least=_ceil(ends[0]), most=_ceil(ends[-1]))
    apart = _ceil(float(prompts_needed(wanted.safety, other, phi=None)))
    yield Cost(wanted=UNPAIRED, least=apart, most=apart)
    named = fewest_prompts(wanted.safety)
    yield _even(BAND_NAMED, sizes, None if named is None else _ceil(named))
    each = [
        fewest_without_failure(None if n >= ENDLESS else int(n), safety=SAFE_FROM) for n in sizes
    ]
    shown = sum(int(n) if own is None else own for n, own in zip(sizes, each, strict=True))
    yield Cost(wanted=CERTIFIED, least=shown, most=shown)


def _screened(wanted: Precision, size_C: Ints) -> int | None:
    """Return the prompts of each category at the look that ends a screen; None where none does before the end."""
    for step in looks(most=int(size_C.max())):
        n_C = np.minimum(step, size_C)
        if look(wanted.safety * n_C, n_C, whole_C=n_C >= size_C, within=wanted.within).stop:
            return step
    return None


def _even(wanted: str, size_C: Ints, each: int | None) -> Cost:
    """Return as many prompts of each category; all where a pool is smaller."""
    if each is None and size_C.max() >= ENDLESS:
        return Cost(wanted=wanted, least=None, most=None)
    n = int(size_C.sum() if each is None else np.minimum(size_C, each).sum())
    return Cost(wanted=wanted, least=n, most=n)


def _ceil(number: float) -> int:
    return int(np.ceil(number - 1e-9))
