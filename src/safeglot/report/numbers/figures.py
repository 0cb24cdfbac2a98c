"""Figures: a number of a table as printed, with what stands below it or why it is not there."""

from __future__ import annotations

from collections.abc import Callable
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
    """Return a rate in percent."""
    return _figure(estimate, lambda value: percent(value, places), lambda e: interval(e, places))


def difference(estimate: Estimate | None, places: int = 1) -> Figure:
    """Return a difference of rates in percentage points."""
    return _figure(estimate, lambda value: points(value, places), lambda e: gap_interval(e, places))


def index_number(estimate: Estimate | None, digits: int = 2) -> Figure:
    """Return a number that is no share: kappa, d', a slope."""
    return _figure(
        estimate, lambda value: plain(value, digits), lambda e: span(e.low, e.high, digits)
    )


def _figure(
    estimate: Estimate | None,
    shown: Callable[[float], str],
    interval_of: Callable[[Estimate], str],
) -> Figure:
    if estimate is None or estimate.value is None:
        return nothing(estimate)
    return Figure(text=shown(estimate.value), interval=interval_of(estimate), n=count(estimate.n))


def bounds(estimate: Estimate | None, places: int = 1) -> Figure:
    """Return bounds, which have no point between them."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return nothing(estimate)
    return Figure(text=interval(estimate, places), n=count(estimate.n))


def nothing(estimate: Estimate | None) -> Figure:
    """Return a dash, and the reason where the estimate has one."""
    if estimate is None or estimate.method in NOT_TOLD:
        return ABSENT
    return Figure(text=NONE, note=method_words(estimate.method))


def plain(value: float | None, digits: int = 2) -> str:
    """Return a number with a proper minus sign, a dash for None."""
    return NONE if value is None else f"{value:.{digits}f}".replace("-", MINUS)


def span(low: float | None, high: float | None, digits: int = 2) -> str:
    """Return the ends of an interval as "0.10 to 0.20", "" where one of them is not known."""
    return "" if low is None or high is None else f"{plain(low, digits)} to {plain(high, digits)}"


def word(estimate: Estimate | None, name: str) -> str:
    """Return a word of `extra`, "" where it is absent or a number."""
    text = estimate.extra.get(name) if estimate is not None else None
    return text if isinstance(text, str) else ""


def extra(estimate: Estimate | None, name: str) -> float | None:
    """Return a number of `extra`, None where there is none."""
    return number(estimate, name) if estimate is not None else None
