"""The categories that carry a gap between languages, in a sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from safeglot.report.numbers.interpretation import is_interpretable, reading, within_bounds
from safeglot.report.numbers.percent import (
    NBSP,
    gap_interval,
    n_of,
    number,
    p_equals,
    points,
)
from safeglot.report.page import PanelScope
from safeglot.types import Estimate

MAX_NAMED = 3
"""Categories that are named; the others are counted."""


def category_gaps(scope: PanelScope) -> list[Estimate]:
    """Return the gaps of categories that differ after Holm's adjustment, the largest first."""
    gaps = [gap for gap in scope.all("gap") if gap.category is not None and gap.value is not None]
    differing = [gap for gap in gaps if reading(gap) in ("lower", "higher")]
    return sorted(differing, key=lambda gap: (-abs(gap.value or 0.0), str(gap.category)))


def carried(scope: PanelScope) -> list[str]:
    """Return which categories lose, or gain, and what they are of the mean over categories.

    A gap of one category can vanish in a mean of 32 of them (arXiv 2412.15035, sec. 4).
    """
    differing = category_gaps(scope)
    if not differing:
        return []
    named = [_named(scope, gap) for gap in differing[:MAX_NAMED]]
    rest = len(differing) - MAX_NAMED
    more = f" {rest} more gaps of categories differ." if rest > 1 else ""
    if rest == 1:
        more = " 1 more gap of a category differs."
    return [f"By category: {'; '.join(named)}.{more}"]


def _named(scope: PanelScope, gap: Estimate) -> str:
    places = scope.index.decimals
    language = scope.run.language_name(gap.language or "")
    return (
        f"{gap.category} in {language} {points(gap.value, places)} points "
        f"({gap_interval(gap, places)}, p{NBSP}{p_equals(number(gap, 'p_holm'))}, "
        f"{n_of(gap.n, 'pairs')}{within_bounds(gap, places)}{_share(scope, gap)})"
    )


def _share(scope: PanelScope, gap: Estimate) -> str:
    """Return how much of the mean's gap this category is; "" where the mean is of it alone."""
    mean = scope.get("gap", gap.language)
    of = len({e.category for e in _of_language(scope, gap.language or "")})
    if (
        mean is None
        or mean.value is None
        or gap.value is None
        or of < 2
        or not is_interpretable(mean)
    ):
        return ""
    places = scope.index.decimals
    return f"; {points(gap.value / of, places)} of the mean's {points(mean.value, places)}"


def _of_language(scope: PanelScope, language: str) -> Sequence[Estimate]:
    return [
        e
        for e in scope.all("gap")
        if e.language == language and e.category is not None and e.value is not None
    ]
