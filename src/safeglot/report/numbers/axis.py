"""An axis for the plots of points and intervals, and marks in percent of its width."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safeglot.types import Estimate

STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)
MAX_TICKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A linear axis from `low` to `high` with ticks, all in [-1, 1]."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, rate: float) -> str:
        """Return the position of a rate, as percent of the width."""
        return f"{self._part(rate):.2f}%"

    def width(self, low: float, high: float) -> str:
        """Return how far two rates are apart, as percent of the width."""
        return f"{self._part(high) - self._part(low):.2f}%"

    def _part(self, rate: float) -> float:
        inside = min(max(rate, self.low), self.high)
        return 100 * (inside - self.low) / (self.high - self.low)

    def covers(self, rate: float) -> bool:
        """Return whether a rate lies on the axis."""
        return self.low <= rate <= self.high


def ends(estimates: Iterable[Estimate]) -> list[float]:
    """Return all points and interval ends that a plot must show."""
    parts = [part for e in estimates for part in (e.value, e.low, e.high)]
    return [part for part in parts if part is not None]


def unsafe_axis(shown: Sequence[float]) -> Axis:
    """Return an axis for rates of unsafe answers: from 0% to a round number above the highest."""
    return _axis(0.0, max([*shown, 0.01]), floor=0.0, ceiling=1.0)


def gap_axis(shown: Sequence[float]) -> Axis:
    """Return an axis for differences: zero is always on it."""
    return _axis(min([*shown, -0.01]), max([*shown, 0.01]), floor=-1.0, ceiling=1.0)


def _axis(low: float, high: float, *, floor: float, ceiling: float) -> Axis:
    fitting = (s for s in STEPS if (high - low) / s <= MAX_TICKS - 2)
    step = next(fitting, STEPS[-1])
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(n * step, 6) for n in range(first, last + 1)]
    kept = tuple(t for t in ticks if floor <= t <= ceiling)
    return Axis(low=kept[0], high=kept[-1], ticks=kept)
