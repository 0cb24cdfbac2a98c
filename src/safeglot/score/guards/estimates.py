"""All numbers of a test of guards, in their fixed order."""

from __future__ import annotations

from collections.abc import Iterator

from safeglot.score.guards.consistency import consistency
from safeglot.score.guards.pairs import guard_differences, language_gaps
from safeglot.score.guards.probes import probe_differences
from safeglot.score.guards.rates import by_category, rates
from safeglot.score.guards.sheet import GuardSheet
from safeglot.score.guards.thresholds import TARGET, thresholds
from safeglot.types import Estimate


def estimates(
    sheet: GuardSheet, *, level: float = 0.95, target: float = TARGET
) -> Iterator[Estimate]:
    """Yield every estimate; without labels those of consistency alone."""
    if (sheet.label_N >= 0).any():
        yield from rates(sheet, level=level)
        yield from language_gaps(sheet, level=level)
        yield from guard_differences(sheet, level=level)
        yield from thresholds(sheet, level=level, target=target)
        yield from by_category(sheet, level=level)
        yield from probe_differences(sheet, level=level)
    if sheet.draw is None:  # answers to one prompt are no parallel texts
        yield from consistency(sheet, level=level)
