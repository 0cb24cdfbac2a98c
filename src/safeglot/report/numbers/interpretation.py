"""Whether a gap or match may be interpreted, and in words why not; its bounds as printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from safeglot.report.numbers.figures import Figure, difference, word
from safeglot.report.numbers.percent import NONE, number, percent, points
from safeglot.text.rounding import below
from safeglot.types import Estimate

FLAGS = ("gap_not_interpretable", "match_not_interpretable", "test_not_interpretable")
NOT_INTERPRETED = "not interpreted"
NO_EVIDENCE = "no evidence of a difference"
NOT_TESTED = "not tested"
LIMIT, LIMIT_WORDS = 0.05, "5%"
"""The share of missing verdicts or invalid answers above which nothing is interpreted."""
_LACK = {
    "missing": "of the planned verdicts in {} are missing",
    "invalid": "of the answers in {} are invalid",
}


def is_interpretable(estimate: Estimate) -> bool:
    """Return whether a difference, match or test of languages may be interpreted."""
    return not any(word(estimate, flag) for flag in FLAGS)


def reading(gap: Estimate) -> str:
    """Return "lower" or "higher", or that there is no evidence, no test or no reading of the gap."""
    if not is_interpretable(gap):
        return NOT_INTERPRETED
    p = number(gap, "p_holm")
    if gap.value is None or p is None:
        return NOT_TESTED
    if not below(p, 1 - (gap.level or 0.95)) or gap.value == 0:
        return NO_EVIDENCE
    return "lower" if gap.value < 0 else "higher"


def why_not(estimate: Estimate, language: str, reference: str) -> str:
    """Return in words why it may not be, "" where it may; the languages are given by name."""
    reasons = "".join(word(estimate, flag) for flag in FLAGS)
    parts = []
    for kind, words in _LACK.items():
        if kind not in reasons:
            continue
        for place, name in (("_reference", reference), ("", language)):
            share = number(estimate, f"{kind}_share{place}")
            if share is not None and share > LIMIT:
                parts.append(f"{percent(share)}% {words.format(name)}")
    return " and ".join(parts)


def has_bounds(estimate: Estimate) -> bool:
    """Return whether something was missing, so that there are bounds over all that was planned."""
    return number(estimate, "low_bound") is not None


def gap_bounds_words(estimate: Estimate, places: int = 1) -> str:
    """Return the bounds of a difference, in points: "−50.0 to +2.5"; "" where nothing is missing."""
    return _bounds(estimate, lambda end: points(end, places))


def within_bounds(gap: Estimate, places: int = 1) -> str:
    """Return the bounds as they stand behind a gap in a sentence, "" where nothing is missing."""
    bounds = gap_bounds_words(gap, places)
    return f"; bounds over all planned pairs {bounds}" if bounds else ""


def rate_bounds_words(estimate: Estimate, places: int = 1) -> str:
    """Return the bounds of a match, in percent; "" where nothing is missing."""
    return _bounds(estimate, lambda end: percent(end, places))


def _bounds(estimate: Estimate, shown: Callable[[float | None], str]) -> str:
    if not has_bounds(estimate):
        return ""
    return f"{shown(number(estimate, 'low_bound'))} to {shown(number(estimate, 'high_bound'))}"


def as_shown(estimate: Estimate) -> Estimate:
    """Return the estimate, or only its bounds where it may not be interpreted."""
    if is_interpretable(estimate):
        return estimate
    low, high = number(estimate, "low_bound"), number(estimate, "high_bound")
    return replace(estimate, value=None, low=low, high=high)


def gap_figure(gap: Estimate | None, language: str, reference: str, places: int = 1) -> Figure:
    """Return a gap as a figure; where it may not be interpreted, the reason in place of it."""
    if gap is None or is_interpretable(gap):
        return difference(gap, places)
    return Figure(text=NONE, note=f"{NOT_INTERPRETED}: {why_not(gap, language, reference)}")


def not_read(estimate: Estimate) -> Figure:
    """Return a dash with the reason, for a number of an estimate that may not be interpreted."""
    return Figure(text=NONE, note=reason_of(estimate))


def reason_of(estimate: Estimate) -> str:
    """Return in a few words why a number is not interpreted: "not interpreted: too much missing"."""
    reasons = "".join(word(estimate, flag) for flag in FLAGS)
    return f"{NOT_INTERPRETED}: too much {reasons}"
