"""What plans share that stop each category of each language by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from safeglot.score.arrays import Floats, Ints
from safeglot.score.cube import SAFE, UNSAFE
from safeglot.score.plans.pool import BAND, EXHAUSTED, GOES_ON, LedgerEntry
from safeglot.score.plans.stopping import KnownAtLook, LookedAt

_STEP = 20


def even_steps() -> Iterator[int]:
    """Yield 20, 40, and so on to 320, from there a sixteenth more each."""
    drawn = _STEP
    while True:
        yield drawn
        drawn += max(_STEP, drawn // 16)


def losses(known: KnownAtLook) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the unsafe, the lost, the drawn and all prompts of each cell; shapes (L, C)."""
    unsafe_LC, drawn_LC = known.verdicts(UNSAFE), known.drawn_LC
    lost_LC = drawn_LC - unsafe_LC - known.verdicts(SAFE)
    return unsafe_LC, lost_LC, drawn_LC, known.ranked.size_LC


def look_at_cells(
    known: KnownAtLook,
    bands: Sequence[str | None],
    numbers: Sequence[Mapping[str, float]],
    *,
    evidence_LC: Floats,
) -> LookedAt:
    """Return a look with the band of each open cell, None where there is none yet, and its numbers."""
    _, lost_LC, drawn_LC, size_LC = losses(known)
    open_LC = known.open_LC & (drawn_LC < size_LC)
    entries = []
    for (at, c), band, own in zip(known.open_cells(), bands, numbers, strict=True):
        open_LC[at, c] &= band is None
        ended = EXHAUSTED if band is None else BAND
        entries.append(
            LedgerEntry(
                look=known.number,
                language=known.pool.languages[at],
                category=known.pool.categories[c],
                drawn=int(drawn_LC[at, c]),
                n=int(drawn_LC[at, c] - lost_LC[at, c]),
                missing=int(lost_LC[at, c]),
                pool=int(size_LC[at, c]),
                state=GOES_ON if open_LC[at, c] else ended,
                band=band,
                numbers=own,
            )
        )
    return LookedAt(entries=tuple(entries), open_LC=open_LC, evidence_LC=evidence_LC)
