"""What a plan draws from, what it has seen, and the ledger of its looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safeglot.score.arrays import Bools, Bytes, Floats

GOES_ON, PRECISE, BAND, EXHAUSTED = "goes-on", "precise", "band", "exhausted"
"""How a look ends for a language or cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PromptPool:
    """The harmful prompts that a run would ask in full, in the order of asking.

    A prompt counts in each category that `member_PC` gives it; one of none is never drawn.
    `difficulty_P` is how often a prompt was answered unsafely in earlier runs, nan where not known.
    Raises ValueError where the parts do not fit together.
    """

    languages: tuple[str, ...]
    reference: str
    categories: tuple[str, ...]
    member_PC: Bools
    difficulty_P: Floats | None = None

    def __post_init__(self) -> None:
        if self.member_PC.shape != (len(self.member_PC), len(self.categories)):
            raise ValueError(
                f"member_PC has shape {self.member_PC.shape}, the labels ask for (P, C)"
            )
        if self.reference not in self.languages:
            raise ValueError(f"reference {self.reference!r} is not among {self.languages}")
        if self.difficulty_P is not None and self.difficulty_P.shape != self.member_PC.shape[:1]:
            raise ValueError(
                f"{self.difficulty_P.size} difficulties of {len(self.member_PC)} prompts"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PromptsSeen:
    """How the prompts of a pool ended so far in each language, shapes (L, P).

    `unsafe_LP` is 1, 0, or -1 without a verdict; `settled_LP` says that nothing more will come.
    What a gate took out (`gated_LP`) is not asked and no part of the pool.
    """

    unsafe_LP: Bytes
    settled_LP: Bools
    gated_LP: Bools | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What one look found for a language, or for one of its categories, and whether it goes on.

    `drawn` are prompts: a category's, or where `category` is None those of each category.
    """

    look: int
    language: str
    category: str | None
    drawn: int
    n: int
    missing: int
    pool: int
    state: str
    band: str | None = None
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ledger:
    """All looks so far, and the prompts that have to be settled before the next, shape (L, P).

    `even_LP` are those of them that stand for all of their category, so that a plain mean of them
    may be told; `done` says that there is no next look.
    """

    entries: tuple[LedgerEntry, ...]
    want_LP: Bools
    even_LP: Bools
    done: bool
