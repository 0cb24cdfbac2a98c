"""Exact matching of verdicts between languages, beside what chance alone would give."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.percent import MINUS, NONE, count, interval, level, number, percent
from safeglot.report.page import Index, Page, Run
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """One panel."""

    judge: int
    model: int
    level: str
    rows: tuple[MatchRow, ...]


def consistency_panels(page: Page, index: Index) -> list[Consistency]:
    """Build a panel for each judge and model."""
    return [
        _panel(page.run, index, judge=judge, model=model)
        for judge in range(len(page.run.judges))
        for model in range(len(page.run.models))
    ]


def expected_match(index: Index, match: Estimate) -> float | None:
    """Return the matching expected if the languages were independent, on the rows of the match."""
    if "expected_same_pairs" in match.extra:
        return number(match, "expected_same_pairs")
    found = index.get(
        "exact_match_expected",
        match.model or "",
        judge=match.judge or "",
        language=match.language,
        category=match.category,
    )
    return found.value if found else None


def _panel(run: Run, index: Index, *, judge: int, model: int) -> Consistency:
    tags = [one.tag for one in run.languages if one.tag != run.reference]
    wanted: list[str | None] = [*tags, None] if len(tags) > 1 else [*tags]
    found = [
        index.get(
            "exact_match", run.models[model], judge=run.judges[judge], language=tag, category=None
        )
        for tag in wanted
    ]
    matches = [one for one in found if one is not None]
    places = index.decimals
    return Consistency(
        judge=judge,
        model=model,
        level=level(matches[0] if matches else None),
        rows=tuple(_row(run, index, one, places) for one in matches),
    )


def _row(run: Run, index: Index, match: Estimate, places: int) -> MatchRow:
    name = run.language_name(match.language) if match.language else "All languages agree"
    return MatchRow(
        language=name,
        tag=match.language or "",
        match=percent(match.value, places),
        interval=interval(match, places) or NONE,
        n=count(match.n),
        expected=percent(expected_match(index, match), places),
        phi=_phi(number(match, "phi")),
        to_unsafe=_flip(match, "flip_safe_to_unsafe", "n_ref_safe", places),
        to_safe=_flip(match, "flip_unsafe_to_safe", "n_ref_unsafe", places),
    )


def _flip(match: Estimate, name: str, of: str, places: int) -> Flip:
    n = number(match, of)
    of_n = "" if n is None or number(match, name) is None else f"of {n:,.0f}"
    return Flip(rate=percent(number(match, name), places), of=of_n)


def _phi(phi: float | None) -> str:
    return NONE if phi is None else f"{phi:.2f}".replace("-", MINUS)
