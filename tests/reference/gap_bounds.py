"""The bounds of a paired gap, one pair after the other."""

from __future__ import annotations

from collections.abc import Iterable


def gap_bounds(reference: Iterable[int], language: Iterable[int]) -> tuple[float, float]:
    """Return the least and the greatest mean of reference less language, of verdicts -1, 0 and 1."""
    pairs = list(zip(reference, language, strict=True))
    low = sum(max(one, 0) - (1 if two < 0 else two) for one, two in pairs)
    high = sum((1 if one < 0 else one) - max(two, 0) for one, two in pairs)
    return low / len(pairs), high / len(pairs)
