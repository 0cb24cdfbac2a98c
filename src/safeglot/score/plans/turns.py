"""The turns of prompts: by the order of asking, or the hardest first but for a share that is drawn evenly."""

from __future__ import annotations

import numpy as np

from safeglot.score.arrays import Bools, Floats, Ints
from safeglot.score.frame import layout_of
from safeglot.score.plans.pool import PromptPool
from safeglot.score.stats.linear import Layout

HARDEST = (0.05, 0.2, 0.5)
"""Shares of a category, by difficulty, at which one class ends and the next begins."""
EVEN = 0.3
"""The share drawn by the order of asking where the hardest prompts come first: it stands for all."""


class RankedPool:
    """The prompts of each category by their turn in it, and which of them each language draws.

    Turns go by the order of asking; where the hardest come first, only as many as `EVEN` of those
    drawn do, and the others by difficulty. `class_E` are the classes of difficulty, the hardest first.
    """

    def __init__(
        self, pool: PromptPool, gated_LP: Bools | None, *, hard_first: bool = False
    ) -> None:
        self.layout: Layout = layout_of(pool.member_PC)
        n_L, self.n_C = len(pool.languages), len(pool.categories)
        in_LP = np.ones((n_L, len(pool.member_PC)), dtype=np.bool_)
        self.kept_LP: Bools = in_LP if gated_LP is None else ~gated_LP
        rank_PC = np.cumsum(pool.member_PC, axis=0, dtype=np.int64) - 1
        self._rank_E = rank_PC[self.layout.prompt_E, self.layout.stratum_E]
        self._turn_E, self.class_E = self._rank_E, np.zeros_like(self._rank_E)
        if hard_first and pool.difficulty_P is not None:
            self._turn_E = self._rank_E.copy()
            for c in range(self.n_C):
                own = np.flatnonzero(self.layout.stratum_E == c)
                hard = classes(pool.difficulty_P[self.layout.prompt_E[own]])
                self.class_E[own], self._turn_E[own] = hard, turns(hard)
        self._most_C = pool.member_PC.sum(axis=0, dtype=np.int64)
        self.size_LC: Ints = self.counts(self.kept_LP)

    def counts(self, of_LP: Bools) -> Ints:
        """Return how many prompts of each language and category are marked; shape (L, C)."""
        return self._counted(of_LP, self.layout.stratum_E, self.n_C)

    def counts_by_class(self, of_LP: Bools) -> Ints:
        """Return the same by class of difficulty; shape (L, C, H)."""
        n_H = len(HARDEST) + 1
        fine_LH = self._counted(of_LP, self.layout.stratum_E * n_H + self.class_E, self.n_C * n_H)
        return fine_LH.reshape(len(of_LP), self.n_C, n_H)

    def _counted(self, of_LP: Bools, stratum_E: Ints, n: int) -> Ints:
        prompt_E = self.layout.prompt_E
        counted = [np.bincount(stratum_E[of_P[prompt_E]], minlength=n) for of_P in of_LP]
        return np.stack(counted).astype(np.int64)

    def drawn(self, drawn_LC: Ints, *, evenly: bool = False) -> Bools:
        """Return as many prompts of each category as are drawn, those kept of them; shape (L, P).

        With `evenly`, only those that came by the order of asking, which stand for all. A gate moves
        no turn: the languages draw the same prompts.
        """
        by_E, of_LC = self._turn_E, drawn_LC
        if evenly and self._turn_E is not self._rank_E:
            whole_LC = drawn_LC >= self._most_C
            by_E, of_LC = self._rank_E, np.where(whole_LC, drawn_LC, even_part(drawn_LC))
        within_LE = by_E < of_LC[:, self.layout.stratum_E]
        want_LP = np.zeros_like(self.kept_LP)
        for want_P, within_E in zip(want_LP, within_LE, strict=True):
            want_P[self.layout.prompt_E[within_E]] = True
        return want_LP & self.kept_LP


def classes(difficulty_N: Floats) -> Ints:
    """Return the class of each prompt of a category, 0 for the hardest; unknown ones are as the mean.

    Prompts of one difficulty are of one class, that of their middle: few earlier runs leave many alike,
    and a class that takes in a part of them tells less where they are many than elsewhere.
    """
    known_N = np.isfinite(difficulty_N)
    mean = difficulty_N[known_N].mean() if known_N.any() else 0.0
    _, alike_N, n_A = np.unique(
        -np.where(known_N, difficulty_N, mean), return_inverse=True, return_counts=True
    )
    middle_A = (np.cumsum(n_A) - n_A / 2) / max(difficulty_N.size, 1)
    return np.asarray(np.searchsorted(HARDEST, middle_A)[alike_N], dtype=np.int64)


def even_part(drawn: Ints) -> Ints:
    """Return how many of so many drawn come by the order of asking."""
    return np.asarray(np.ceil(EVEN * drawn - 1e-9), dtype=np.int64)


def turns(class_N: Ints) -> Ints:
    """Return the turn of each prompt of a category, in the order of asking, from its class.

    Of d drawn, `even_part` come by the order; the others are the hardest that are left, within a
    class by the order too. So what is drawn of a class stands for it.
    """
    n_H = len(HARDEST) + 1
    is_NH = class_N[:, np.newaxis] == np.arange(n_H)
    first_DH = np.vstack([np.zeros((1, n_H), dtype=np.int64), np.cumsum(is_NH, axis=0)])
    d = np.arange(len(class_N) + 1)
    drawn_DH, left_D = first_DH[even_part(d)], d - even_part(d)
    turn_N = np.empty(len(class_N), dtype=np.int64)
    for h in range(n_H):
        more_D = np.minimum(first_DH[-1, h] - drawn_DH[:, h], left_D)
        drawn_D, left_D = drawn_DH[:, h] + more_D, left_D - more_D
        own = np.flatnonzero(class_N == h)
        turn_N[own] = np.searchsorted(drawn_D, np.arange(own.size), side="right") - 1
    return turn_N
