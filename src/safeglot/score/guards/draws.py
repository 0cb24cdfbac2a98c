"""Rates of all answers from labels of some, which were drawn by strata such as a judge's verdicts.

A label stands for as many answers as its stratum has for each of its labels (Horvitz and Thompson).
A rate is a ratio of sums of them (Hajek), and its interval is put together from those of the sums:
Garwood within a stratum, MOVER over strata, square and add over the parts of the ratio.
Source: Horvitz and Thompson 1952, J. American Statistical Association 47; Zou and Donner 2008,
Statistics in Medicine 27; Newcombe 2001, The American Statistician 55.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import special

from safeglot.score.arrays import Bools, Bytes, Floats, Ints
from safeglot.score.judges.two_phase import mover_of, two_phase
from safeglot.score.stats.intervals import clustered_mean

Interval: TypeAlias = tuple[float, float, float]
"""A value with its low and high end."""
Part: TypeAlias = tuple[Bools, int | None]
"""Texts, and what the judge of the draw says of all such; None where it may say either."""
_HALVINGS = 32
_NEVER = 1e12
"""Labels that a stratum counts as, where by its verdict none can be of a part."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelDraw:
    """From how many answers labelled texts were drawn; H strata, in each of which all had one chance."""

    judge: str
    """By whose verdicts; "" where regardless of any."""
    names: tuple[str, ...]
    verdict_H: Bytes
    """What that judge says of all answers of the stratum: 1, 0, or -1 for none."""
    language_H: Ints
    size_H: Ints
    """Answers that there are."""
    prompts_L: Ints
    """Prompts with an answer in each language."""
    stratum_N: Ints
    """Of each text; -1 of one that was not drawn."""

    def labels(self, language: int | None, labelled_N: Bools, prompt_N: Ints) -> DrawnLabels | None:
        """Return the labels that stand for all answers of a language, or of all; None with a single stratum."""
        own_H, prompts_L = self.size_H > 0, self.prompts_L
        if language is not None:
            own_H, prompts_L = own_H & (self.language_H == language), prompts_L[[language]]
        if own_H.sum() < 2:
            return None
        given_N = labelled_N & (self.stratum_N >= 0)
        return DrawnLabels(
            draw=self,
            labelled_N=given_N,
            prompt_N=prompt_N,
            own_H=own_H,
            judged=float(prompts_L.max()),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnLabels:
    """The labels of some strata: what sums over all their answers are taken from."""

    draw: LabelDraw
    labelled_N: Bools
    prompt_N: Ints
    own_H: Bools
    judged: float
    """How many independent answers the strata's sizes are worth: prompts, at the least."""

    @property
    def _count_H(self) -> Ints:
        return np.bincount(self.draw.stratum_N[self.labelled_N], minlength=self.own_H.size)

    @property
    def lacking(self) -> str:
        """Which stratum has answers and no label, so that no rate of all is known; "" for none."""
        none_H = np.flatnonzero(self.own_H & (self._count_H == 0))
        return self.draw.names[none_H[0]] if none_H.size else ""

    @property
    def weight_N(self) -> Floats:
        """For how many answers each text stands; 0 without a label."""
        each_H = self.draw.size_H / np.maximum(self._count_H, 1)
        return np.where(self.labelled_N, each_H[self.draw.stratum_N], 0.0)

    def sums(self, *parts: Part) -> Sums:
        """Return what is needed to know the shares that parts have of all answers."""
        at_H = np.flatnonzero(self.own_H)
        size_H = self.draw.size_H[at_H]
        counts = []
        for part_N, need in parts:
            had_H, count_H = np.array([self._counts(part_N, h) for h in at_H.tolist()]).T
            if need is not None and self.draw.judge:
                count_H = np.where(self.draw.verdict_H[at_H] == need, count_H, _NEVER)
            counts.append((had_H, count_H))
        return Sums(weight_H=size_H / size_H.sum(), counts=tuple(counts), judged=self.judged)

    def _counts(self, part_N: Bools, h: int) -> tuple[float, float]:
        """Return how many labels of a stratum are of the part, and how many there are, as independent ones."""
        of_N = self.labelled_N & (self.draw.stratum_N == h)
        here_N, prompt_N = part_N[of_N], self.prompt_N[of_N]
        worth = 1.0
        if np.unique(prompt_N).size < prompt_N.size:
            worth = 1 / max(clustered_mean(here_N, prompt_N).deff, 1.0)
        return worth * float(here_N.sum()), worth * float(of_N.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Of strata of these shares how many labels are of each part and how many there are, as independent ones."""

    weight_H: Floats
    counts: tuple[tuple[Floats, Floats], ...]
    judged: float

    def of(self, measure: Callable[..., float | None], level: float) -> Interval | None:
        """Return a measure of the parts' shares of all answers, with its interval; None where it is undefined."""
        told = [
            two_phase(self.weight_H, had_H, count_H, judged=self.judged, level=level, ends=_exact)
            for had_H, count_H in self.counts
        ]
        point, ends = [one.theta or 0.0 for one in told], [(one.low, one.high) for one in told]
        return mover_of(measure, point, ends, limits=(-1.0, 1.0))


def _exact(had_H: Floats, count_H: Floats, *, level: float) -> tuple[Floats, Floats]:
    """Return Garwood's interval of a count, over all labels: parts of one total are independent counts given it.

    For one or two labels that weigh much approximate ones are too short.
    Source: Garwood 1936, Biometrika 28.
    """
    tail = (1 - level) / 2
    low_H = np.where(had_H > 0, special.gammaincinv(np.maximum(had_H, 1e-9), tail), 0.0)
    return low_H / count_H, special.gammaincinv(np.asarray(had_H) + 1, 1 - tail) / count_H


def ratio(part: float, rest: float) -> float | None:
    """Return the part's share of both."""
    return part / (part + rest) if part + rest > 0 else None


def difference(first: float, second: float, rest: float) -> float | None:
    """Return by how much the first exceeds the second, as a share of all three."""
    whole = first + second + rest
    return (first - second) / whole if whole > 0 else None


def p_of(interval: Callable[[float], Interval | None]) -> float:
    """Return 1 less the level up to which an interval leaves out 0; 1 where it never does."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        level = (low + high) / 2
        told = interval(level)
        leaves_out = told is not None and not told[1] <= 0 <= told[2]
        low, high = (level, high) if leaves_out else (low, level)
    return 1 - low
