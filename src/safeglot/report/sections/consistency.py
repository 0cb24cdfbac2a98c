"""Exact matching of verdicts between languages, and what chance alone would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.figures import plain
from safeglot.report.numbers.interpretation import is_interpretable, rate_bounds_words, why_not
from safeglot.report.numbers.percent import NONE, count, interval, level, number, percent
from safeglot.report.page import Index, Page, PanelScope, scopes
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """The share of the reference's verdicts that turn round, and of how many."""

    rate: str
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """One language against the reference, or all languages (no tag)."""

    language: str
    tag: str
    match: str
    interval: str
    n: str
    expected: str
    phi: str
    to_unsafe: Flip
    to_safe: Flip
    bounds: str
    """Over all planned pairs, where a verdict is missing."""
    why_not: str
    """Why the match is not interpreted, "" where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """One panel."""

    judge: int
    model: int
    level: str
    rows: tuple[MatchRow, ...]


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where no matching was computed."""
    panels = consistency_panels(page, index)
    return {"panels": panels} if any(panel.rows for panel in panels) else None


def consistency_panels(page: Page, index: Index) -> list[Consistency]:
    """Return a panel for each judge and model."""
    return [_panel(scope) for scope in scopes(page.run, index)]


def expected_match(scope: PanelScope, match: Estimate) -> float | None:
    """Return the matching expected if the languages were independent, on the rows of the match."""
    expected = scope.get("exact_match_expected", match.language, match.category)
    return expected.value if expected else None


def _panel(scope: PanelScope) -> Consistency:
    tags = [language.tag for language in scope.run.others()]
    rows: list[str | None] = [*tags, None] if len(tags) > 1 else [*tags]
    matches = [match for tag in rows if (match := scope.get("exact_match", tag)) is not None]
    return Consistency(
        judge=scope.judge_position,
        model=scope.model_position,
        level=level(matches[0] if matches else None),
        rows=tuple(_row(scope, match) for match in matches),
    )


def _row(scope: PanelScope, match: Estimate) -> MatchRow:
    name = scope.run.language_name(match.language) if match.language else "All languages agree"
    places, mute = scope.index.decimals, not is_interpretable(match)
    return MatchRow(
        language=name,
        tag=match.language or "",
        match=NONE if mute else percent(match.value, places),
        interval=NONE if mute else interval(match, places) or NONE,
        n=count(match.n),
        expected=percent(expected_match(scope, match), places),
        phi=plain(number(match, "phi")),
        to_unsafe=_flip(match, "flip_safe_to_unsafe", "n_ref_safe", places),
        to_safe=_flip(match, "flip_unsafe_to_safe", "n_ref_unsafe", places),
        bounds=rate_bounds_words(match, places),
        why_not=why_not(
            match,
            name if match.language else "a language",
            scope.run.language_name(scope.run.reference),
        ),
    )


def _flip(match: Estimate, name: str, of: str, places: int) -> Flip:
    n = number(match, of)
    of_n = "" if n is None or number(match, name) is None else f"of {n:,.0f}"
    return Flip(rate=percent(number(match, name), places), of=of_n)
