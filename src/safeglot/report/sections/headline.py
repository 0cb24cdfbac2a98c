"""The headline: languages by models, one panel for each judge and average, with its plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
from safeglot.report.page import Index, Language, Page, Run, averages
from safeglot.report.sections.qualifiers import screening_only, shown_bounds
from safeglot.types import Estimate

ROW_PX = 15
MAX_DODGED = 6
"""With more models than this a row of the plot holds dots only, without intervals."""
SYMBOLS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One rate as printed."""

    rate: str
    interval: str
    n: str
    band: Band
    remark: str = ""
    bounded: bool = False
    """`rate` holds bounds: there is no point, since too many answers are invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One language; `language` is None in the row of means."""

    language: Language | None
    cells: tuple[Cell, ...]
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
    rows: tuple[Row, ...]
    axis: Axis
    height: float
    dodged: bool


def headlines(page: Page, index: Index) -> list[Headline]:
    """Build the panels, the default average first."""
    return [
        _headline(page, index, judge=at, average=metric, name=name)
        for at, judge in enumerate(page.run.judges)
        for metric, name in averages(index).items()
    ]


def cell(estimate: Estimate | None, places: int) -> Cell:
    """Print one rate with its interval and n."""
    if estimate is not None and is_bounds(estimate):
        return Cell(
            rate=interval(estimate, places),
            interval="bounds, not a point",
            n=count(estimate.n),
            band=NO_DATA,
            remark=_remark(estimate),
            bounded=True,
        )
    if estimate is None or estimate.value is None:
        n = count(estimate.n) if estimate else "0"
        return Cell(rate=NONE, interval="", n=n, band=NO_DATA, remark=_remark(estimate))
    return Cell(
        rate=percent(estimate.value, places),
        interval=interval(estimate, places) or "no interval",
        n=count(estimate.n),
        band=band_of(estimate),
        remark=_remark(estimate),
    )


def is_bounds(estimate: Estimate) -> bool:
    """Return whether an estimate is a pair of bounds without a point."""
    return estimate.value is None and estimate.low is not None and estimate.high is not None


def _remark(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    parts = [f"{count(estimate.missing)} missing"] if estimate.missing else []
    return ", ".join([*parts, *shortfalls(estimate)])


def _headline(page: Page, index: Index, *, judge: int, average: str, name: str) -> Headline:
    run = page.run
    tags: list[str | None] = [one.tag for one in run.languages]
    grid = [_get(page, index, average, judge=judge, tag=tag) for tag in [*tags, None]]
    found = [one for line in grid for one in line if one is not None]
    axis, places = rate_axis(ends(found)), index.decimals
    dodged = len(run.models) <= MAX_DODGED
    languages: list[Language | None] = [*run.languages, None]
    rows = [
        _row(language, line, axis, places, screening=_screened(index, run.judges[judge], language))
        for language, line in zip(languages, grid, strict=True)
        if language is not None or len(run.languages) > 1
    ]
    return Headline(
        judge=judge,
        average=average,
        name=name,
        level=level(found[0] if found else None),
        method=method_words(next((e.method for e in found if e.value is not None), "")),
        rows=tuple(rows),
        axis=axis,
        height=ROW_PX * len(run.models) + 11 if dodged else 30,
        dodged=dodged,
    )


def _get(
    page: Page, index: Index, average: str, *, judge: int, tag: str | None
) -> list[Estimate | None]:
    name = page.run.judges[judge]
    return [
        rate_or_bounds(page.run, index, average, judge=name, key=(m, tag)) for m in page.run.models
    ]


def rate_or_bounds(
    run: Run, index: Index, average: str, *, judge: str, key: tuple[str, str | None]
) -> Estimate | None:
    """Return the average, or the bounds in its place; a mean over bounded languages is bounded."""
    model, tag = key
    average_of = index.get(average, model, judge=judge, language=tag, category=None)
    if tag is not None:
        return shown_bounds(index, judge=judge, model=model, language=tag) or average_of
    shown = [shown_bounds(index, judge=judge, model=model, language=o.tag) for o in run.languages]
    if average_of is None or not any(shown):
        return average_of
    found = [
        index.get("safety_bounds", model, judge=judge, language=one.tag, category=None)
        for one in run.languages
    ]
    lows = [one.low for one in found if one is not None and one.low is not None]
    highs = [one.high for one in found if one is not None and one.high is not None]
    whole = len(lows) == len(highs) == len(run.languages)
    return replace(
        average_of,
        value=None,
        low=sum(lows) / len(lows) if whole else None,
        high=sum(highs) / len(highs) if whole else None,
        method="mean of the languages' bounds",
    )


def _screened(index: Index, judge: str, language: Language | None) -> bool:
    return language is not None and screening_only(index, judge, language.tag)


def _row(
    language: Language | None,
    line: Sequence[Estimate | None],
    axis: Axis,
    places: int,
    *,
    screening: bool,
) -> Row:
    return Row(
        language=language,
        cells=tuple(cell(one, places) for one in line),
        marks=tuple(_marks(line, axis)),
        screening=screening,
    )


def _marks(line: Sequence[Estimate | None], axis: Axis) -> Iterator[Mark]:
    dodged = len(line) <= MAX_DODGED
    for at, one in enumerate(line):
        y = ROW_PX * at + 13 if dodged else 15
        placed = mark(axis, one, y=y, symbol=at % SYMBOLS if dodged else 0)
        if placed is not None and (placed.point or dodged):
            yield placed
