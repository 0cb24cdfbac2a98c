"""One number of a table as printed: the value, what stands below it, and why it is not there."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.percent import (
    MINUS,
    NONE,
    count,
    gap_interval,
    interval,
    method_words,
    number,
    percent,
    points,
)
from safeglot.types import Estimate

NOT_TOLD = {"", "no data"}
"""Methods that say no more than the dash does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value with its interval and n; `note` says why there is no value, or what to mind."""

    text: str
    interval: str = ""
    n: str = ""
    note: str = ""


ABSENT = Figure(text=NONE)


def rate(estimate: Estimate | None, places: int = 1) -> Figure:
    """Print a rate in percent."""
    if estimate is None or estimate.value is None:
        return nothing(estimate)
    return Figure(
        text=percent(estimate.value, places),
        interval=interval(estimate, places),
        n=count(estimate.n),
    )


def difference(estimate: Estimate | None, places: int = 1) -> Figure:
    """Print a difference of rates in percentage points."""
    if estimate is None or estimate.value is None:
        return nothing(estimate)
    return Figure(
        text=points(estimate.value, places),
        interval=gap_interval(estimate, places),
        n=count(estimate.n),
    )


def index_number(estimate: Estimate | None, digits: int = 2) -> Figure:
    """Print a number that is no share: kappa, d', a slope."""
    if estimate is None or estimate.value is None:
        return nothing(estimate)
    low, high = estimate.low, estimate.high
    span = "" if low is None or high is None else f"{plain(low, digits)} to {plain(high, digits)}"
    return Figure(text=plain(estimate.value, digits), interval=span, n=count(estimate.n))


def bounds(estimate: Estimate | None, places: int = 1) -> Figure:
    """Print bounds, which have no point between them."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return nothing(estimate)
    return Figure(text=interval(estimate, places), n=count(estimate.n))


def nothing(estimate: Estimate | None) -> Figure:
    """Print a dash, and the reason where the estimate has one."""
    if estimate is None or estimate.method in NOT_TOLD:
        return ABSENT
    return Figure(text=NONE, note=method_words(estimate.method))


def plain(value: float | None, digits: int = 2) -> str:
    """Print a number with a proper minus sign."""
    return NONE if value is None else f"{value:.{digits}f}".replace("-", MINUS)


def word(estimate: Estimate | None, name: str) -> str:
    """Return a word of `extra`, "" where it is absent or a number."""
    found = estimate.extra.get(name) if estimate is not None else None
    return found if isinstance(found, str) else ""


def extra(estimate: Estimate | None, name: str) -> float | None:
    """Return a number of `extra`, None where there is none."""
    return number(estimate, name) if estimate is not None else None
