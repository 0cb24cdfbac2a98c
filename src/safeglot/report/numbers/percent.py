"""Rates, differences, intervals and counts as printed; percent exists only in `report/`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from safeglot.types import Estimate

MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
DASH = "\N{EN DASH}"
NONE = DASH
"""What stands where there is no data."""

EDGES = (0.9, 0.99, 1.0)
"""A rate below an edge is never printed as if it had reached it."""


def percent(rate: float | None, places: int = 1) -> str:
    """Return a rate of [0, 1] in percent, without the sign."""
    if rate is None:
        return NONE
    text = f"{100 * rate:.{places}f}"
    for edge in EDGES:
        if rate < edge - 1e-9 and float(text) >= 100 * edge - 1e-9:
            steps = 10**places
            return f"{math.floor(100 * rate * steps) / steps:.{places}f}"
    return text


def points(gap: float | None, places: int = 1) -> str:
    """Return a difference of rates in percentage points, with its sign."""
    if gap is None:
        return NONE
    text = f"{abs(100 * gap):.{places}f}"
    if not float(text):
        return text
    return ("+" if gap > 0 else MINUS) + text


def interval(estimate: Estimate, places: int = 1) -> str:
    """Return the interval of a rate as printed, "" where it has none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{percent(estimate.low, places)}{DASH}{percent(estimate.high, places)}"


def gap_interval(estimate: Estimate, places: int = 1) -> str:
    """Return the interval of a difference as printed, "" where it has none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{points(estimate.low, places)} to {points(estimate.high, places)}"


def level(estimate: Estimate | None) -> str:
    """Return the confidence level as printed: "95%"."""
    if estimate is None or estimate.level is None:
        return "95%"
    return f"{100 * estimate.level:g}%"


def method_words(method: str) -> str:
    """Return a method as a reader knows it: the names of people in capitals, no code words."""
    words = method.replace(" n_eff", "")
    for name in ("wilson", "tango"):
        words = words.replace(name, name.capitalize())
    return words


def count(n: int) -> str:
    """Return a count with separators."""
    return f"{n:,}"


def counted(rate: Estimate) -> str:
    """Return a rate in counts: "12 of 1,200"."""
    return f"{count(round((rate.value or 0.0) * rate.n))} of {count(rate.n)}"


def between(low: int, high: int) -> str:
    """Return two counts as a range, one where they are alike: "19 to 101"."""
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def p_value(p: float | None) -> str:
    """Return a p-value to three decimals, or the bound it is below."""
    if p is None:
        return NONE
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def p_equals(p: float | None) -> str:
    """Return a p value behind its sign: "= 0.012" or "< 0.001"."""
    text = p_value(p)
    return text if text.startswith("<") else f"={NBSP}{text}"


def n_of(n: int, noun: str = "") -> str:
    """Return "n = 1,200 pairs" with spaces at which no line breaks."""
    return f"n{NBSP}={NBSP}{count(n)}" + (f"{NBSP}{noun}" if noun else "")


def number(estimate: Estimate, name: str) -> float | None:
    """Return a number of `extra`, None where it is absent or a word."""
    value = estimate.extra.get(name)
    return float(value) if isinstance(value, int | float) else None


def shortfalls(estimate: Estimate) -> list[str]:
    """Return of which parts an average has fewer than its name promises: "19 of 32 categories"."""
    lacking = []
    for name, whole in (("categories", "of"), ("languages", "of_languages")):
        got, of = number(estimate, name), number(estimate, whole)
        if got is not None and of is not None and got < of:
            lacking.append(f"{got:g} of {of:g} {name}")
    return lacking


def places_for(estimates: Sequence[Estimate]) -> int:
    """Return 2 decimals where the intervals are narrow enough to carry them, else 1."""
    widths = [e.high - e.low for e in estimates if e.low is not None and e.high is not None]
    return 2 if widths and median(widths) < 0.01 else 1
