"""One direction a page: report and terminal count unsafe answers, so that up and + are worse.

Estimates of safety are turned round here, with the ends of their intervals and of their bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

from safeglot.types import Estimate

E = TypeVar("E", bound=Estimate | None)
ENDS = (("low_bound", "high_bound"), ("bootstrap_low", "bootstrap_high"))
"""Ends of intervals that stand in `extra`."""


def unsafe(safety: E) -> E:
    """Return a rate of safe answers as that of unsafe ones; None as it is."""
    return _turned(safety, lambda rate: 1.0 - rate)


def worse_by(gap: E) -> E:
    """Return a gap in safety as one in unsafe answers: above zero the language is less safe."""
    return _turned(gap, lambda end: -end)


def _turned(estimate: E, turn: Callable[[float], float]) -> E:
    if estimate is None:
        return estimate
    value, low, high = (
        None if end is None else turn(end) for end in (estimate.value, estimate.high, estimate.low)
    )
    extra = dict(estimate.extra)
    for first, last in ENDS:
        ends = extra.get(first), extra.get(last)
        for name, end in zip((last, first), ends, strict=True):
            if isinstance(end, int | float):
                extra[name] = turn(float(end))
    return cast(E, replace(estimate, value=value, low=low, high=high, extra=extra))
