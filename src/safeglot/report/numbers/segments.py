"""A bar of parts that follow each other, in percent of its width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One part of a bar, in percent of its width."""

    name: str
    x: str
    width: str


def segments(shares: Mapping[str, float], *, least: float = 0.0) -> tuple[Segment, ...]:
    """Return the parts of a bar; a share of zero, or one below `least`, leaves its place empty."""
    return tuple(_segments(shares, least))


def _segments(shares: Mapping[str, float], least: float) -> Iterator[Segment]:
    start = 0.0
    for name, share in shares.items():
        if share > 0 and share >= least:
            yield Segment(name=name, x=f"{100 * start:.3f}%", width=f"{100 * share:.3f}%")
        start += share
