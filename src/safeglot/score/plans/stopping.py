"""A plan followed through its looks: what it wants next, and what it has found.

Nothing is kept between looks: from the verdicts alone the looks are gone through again, each on the
prompts that it had wanted. So a run that is resumed, or comes by its replies in another order, stops
in the same place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from safeglot.score.arrays import Bools, Bytes, Floats, Ints
from safeglot.score.cube import MISSING
from safeglot.score.plans.pool import Ledger, LedgerEntry, PromptPool, PromptsSeen
from safeglot.score.plans.turns import RankedPool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownAtLook:
    """What a look may see: which prompts were wanted so far, and their verdicts (-1 for none).

    `step` is how many prompts of a category this look draws. `open_LC` are the cells that went on so
    far, `evidence_LC` what earlier looks left there.
    """

    number: int
    step: int
    pool: PromptPool
    ranked: RankedPool
    want_LP: Bools
    unsafe_LP: Bytes
    open_LC: Bools
    evidence_LC: Floats

    @property
    def drawn_LC(self) -> Ints:
        """How many prompts of each cell are drawn."""
        return self.ranked.counts(self.want_LP)

    def open_cells(self) -> list[tuple[int, int]]:
        """Return the places (language, category) of the cells that went on so far."""
        at_K, category_K = np.nonzero(self.open_LC)
        return list(zip(at_K.tolist(), category_K.tolist(), strict=True))

    def verdicts(self, verdict: int) -> Ints:
        """Return the prompts of each cell with a verdict; shape (L, C)."""
        return self.ranked.counts(self.unsafe_LP == verdict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LookedAt:
    """What a look found: its entries, the cells that go on, and what the next look needs to know."""

    entries: tuple[LedgerEntry, ...]
    open_LC: Bools
    evidence_LC: Floats


class StoppingPlan(Protocol):
    """A rule that says at each look which languages or cells have had enough."""

    @property
    def hard_first(self) -> bool:
        """Whether prompts that were hard in earlier runs come first."""

    def steps(self) -> Iterator[int]:
        """Yield the prompts of each category that are drawn by each look, ascending without end."""

    def look(self, known: KnownAtLook) -> LookedAt:
        """Return what is found in the verdicts that are there."""


def follow(plan: StoppingPlan, pool: PromptPool, seen: PromptsSeen) -> Ledger:
    """Return the looks that the settled prompts allow, and what the next one wants."""
    ranked = RankedPool(pool, seen.gated_LP, hard_first=plan.hard_first)
    open_LC = ranked.size_LC > 0
    drawn_LC, evidence_LC = np.zeros_like(ranked.size_LC), np.zeros(open_LC.shape)
    want_LP = np.zeros_like(ranked.kept_LP)
    entries: list[LedgerEntry] = []
    done = False
    for number, step in enumerate(plan.steps(), 1):
        done = not open_LC.any()
        drawn_LC = np.where(open_LC, step, drawn_LC)
        want_LP = want_LP | ranked.drawn(drawn_LC)
        if done or (want_LP & ~seen.settled_LP).any():
            break
        known = KnownAtLook(
            number=number,
            step=step,
            pool=pool,
            ranked=ranked,
            want_LP=want_LP,
            unsafe_LP=np.where(want_LP, seen.unsafe_LP, np.int8(MISSING)),
            open_LC=open_LC,
            evidence_LC=evidence_LC,
        )
        found = plan.look(known)
        entries += found.entries
        open_LC, evidence_LC = found.open_LC, found.evidence_LC
    even_LP = want_LP & ranked.drawn(drawn_LC, evenly=True)
    return Ledger(entries=tuple(entries), want_LP=want_LP, even_LP=even_LP, done=done)
