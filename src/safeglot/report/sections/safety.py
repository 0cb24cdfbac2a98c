"""Safety by language and model: one panel for each judge and average, with its plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from safeglot.report.numbers.axis import Axis, Mark, ends, mark, rate_axis
from safeglot.report.numbers.bands import NO_DATA, Band, band_of
from safeglot.report.numbers.percent import (
    NONE,
    count,
    interval,
    level,
    method_words,
    percent,
    shortfalls,
)
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, Run, averages, of_average
from safeglot.report.sections.qualifiers import (
    qualifier_panels,
    screening_only,
    shown_bounds,
    warnings,
)
from safeglot.types import Estimate

ROW_PX = 15
MAX_DODGED = 6
"""With more models than this a row of the plot holds dots only, without intervals."""
SYMBOLS = 6
AVERAGE_WORDS = {
    "safety_macro32": "the plain mean of the 32 categories (macro-32)",
    "safety_macro": "the plain mean of the categories (macro)",
    "safety_micro": "all prompts together, large categories weigh more (micro)",
    "safety_macro6": "the mean of the 6 macro categories, each the mean of its own (macro-6)",
    "safety_macro_of_macros": "the mean of the macro categories, each the mean of its own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCell:
    """One rate as printed."""

    rate: str
    interval: str
    n: str
    band: Band
    remark: str = ""
    bounded: bool = False
    """`rate` holds bounds: there is no point, since too many answers are invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """One language; `language` is None in the row of means."""

    language: NamedLanguage | None
    cells: tuple[RateCell, ...]
    marks: tuple[Mark, ...]
    screening: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One panel."""

    judge: int
    average: str
    name: str
    level: str
    method: str
    rows: tuple[RateRow, ...]
    axis: Axis
    height: float
    dodged: bool


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs, with the qualifiers that stand below the rates."""
    run = page.run
    return {
        "averages": averages(index),
        "average_words": {metric: AVERAGE_WORDS[metric] for metric in averages(index)},
        "headlines": headlines(page, index),
        "warnings": [warnings(run, index, judge) for judge in run.judges],
        "qualifiers": qualifier_panels(page, index),
    }


def headlines(page: Page, index: Index) -> list[Headline]:
    """Return the panels, the default average first."""
    return [
        _headline(page.run, index, judge, metric)
        for judge in page.run.judges
        for metric in averages(index)
    ]


def rate_cell(estimate: Estimate | None, places: int) -> RateCell:
    """Return one rate with its interval and n, or the bounds that stand in its place."""
    if estimate is not None and is_bounds(estimate):
        return RateCell(
            rate=interval(estimate, places),
            interval="bounds, not a point",
            n=count(estimate.n),
            band=NO_DATA,
            remark=_remark(estimate),
            bounded=True,
        )
    if estimate is None or estimate.value is None:
        n = count(estimate.n) if estimate else "0"
        return RateCell(rate=NONE, interval="", n=n, band=NO_DATA, remark=_remark(estimate))
    return RateCell(
        rate=percent(estimate.value, places),
        interval=interval(estimate, places) or "no interval",
        n=count(estimate.n),
        band=band_of(estimate),
        remark=_remark(estimate),
    )


def is_bounds(estimate: Estimate) -> bool:
    """Return whether an estimate is a pair of bounds without a point."""
    return estimate.value is None and estimate.low is not None and estimate.high is not None


def rate_or_bounds(scope: PanelScope, average: str, language: str | None) -> Estimate | None:
    """Return the average, or the bounds in its place; a mean over bounded languages is bounded."""
    mean = scope.get(average, language)
    if language is not None:
        return shown_bounds(scope, language, average) or mean
    tags = [language.tag for language in scope.run.languages]
    if mean is None or not any(shown_bounds(scope, tag, average) for tag in tags):
        return mean
    bounds = [
        e for tag in tags if (e := of_average(scope, "safety_bounds", average, tag)) is not None
    ]
    lows = [e.low for e in bounds if e.low is not None]
    highs = [e.high for e in bounds if e.high is not None]
    whole = len(lows) == len(highs) == len(tags)
    return replace(
        mean,
        value=None,
        low=sum(lows) / len(lows) if whole else None,
        high=sum(highs) / len(highs) if whole else None,
        method="mean of the languages' bounds",
    )


def _remark(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    parts = [f"{count(estimate.missing)} missing"] if estimate.missing else []
    return ", ".join([*parts, *shortfalls(estimate)])


def _headline(run: Run, index: Index, judge: str, average: str) -> Headline:
    languages: list[NamedLanguage | None] = [*run.languages, None]
    by_model = [PanelScope(run=run, index=index, judge=judge, model=model) for model in run.models]
    grid = [
        [rate_or_bounds(scope, average, language.tag if language else None) for scope in by_model]
        for language in languages
    ]
    estimates = [e for line in grid for e in line if e is not None]
    axis = rate_axis(ends(estimates))
    dodged = len(run.models) <= MAX_DODGED
    return Headline(
        judge=run.judges.index(judge),
        average=average,
        name=averages(index)[average],
        level=level(estimates[0] if estimates else None),
        method=method_words(next((e.method for e in estimates if e.value is not None), "")),
        rows=tuple(
            RateRow(
                language=language,
                cells=tuple(rate_cell(e, index.decimals) for e in line),
                marks=tuple(_marks(line, axis)),
                screening=language is not None and screening_only(index, judge, language.tag),
            )
            for language, line in zip(languages, grid, strict=True)
            if language is not None or len(run.languages) > 1
        ),
        axis=axis,
        height=ROW_PX * len(run.models) + 11 if dodged else 30,
        dodged=dodged,
    )


def _marks(line: Sequence[Estimate | None], axis: Axis) -> Iterator[Mark]:
    dodged = len(line) <= MAX_DODGED
    for position, estimate in enumerate(line):
        y = ROW_PX * position + 13 if dodged else 15
        placed = mark(axis, estimate, y=y, symbol=position % SYMBOLS if dodged else 0)
        if placed is not None and (placed.point or dodged):
            yield placed
