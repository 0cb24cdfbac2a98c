"""The chart of the languages: a row each with its rate, its interval and its gap to the reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from safeglot.report.finding.evidence import average_words
from safeglot.report.finding.headline import Finding, unseen
from safeglot.report.finding.own_requests import NOT_THE_SAME
from safeglot.report.finding.rates import LanguageRate, Reading
from safeglot.report.finding.shares import NOT_REFUSED, Verb
from safeglot.report.numbers.axis import Axis, unsafe_axis
from safeglot.report.numbers.percent import (
    DASH,
    NONE,
    count,
    gap_interval,
    level,
    number,
    percent,
    points,
)
from safeglot.report.page import PanelScope
from safeglot.report.saved_figure import Cell, FigureSource, SavedFigure
from safeglot.types import Estimate

Look: TypeAlias = Literal["worse", "better", "same", "ref", "skip"]

LOOKS: dict[Reading, Look] = {
    "reference": "ref",
    "less safe": "worse",
    "safer": "better",
    "not interpreted": "skip",
}
EDGES = (0.01, 0.1)
"""Of ALERT's bands, in unsafe answers: 99% and 90% safe."""
MOST_LANGUAGES, FIRST_LANGUAGES = 12, 9
"""With more than the one, so many as the other stand in the chart at first: the first screen ends there."""
APART = 9.0
"""Percent of the width that the words of two ticks must be apart."""
COLUMNS = (
    "language",
    "unsafe_rate",
    "low",
    "high",
    "n",
    "gap_points",
    "gap_low",
    "gap_high",
    "p_holm",
    "reading",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisWord:
    """A word over the axis; an edge of a band stands out."""

    x: str
    text: str
    is_edge: bool = False
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRow:
    """One language: places in percent of the track, and what is said of it in text.

    Without `at` only bounds are drawn, and nothing where `low` is "".
    """

    name: str
    look: Look
    at: str
    low: str
    high: str
    rate: str
    span: str = ""
    """Width of the bounds."""
    gap: str = ""
    interval: str = ""
    remark: str = ""
    is_folded: bool = False
    """Whether it waits for a click, on a screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageChart:
    """The chart of one panel. `stripe` is the reference's interval: its place and width."""

    title: str
    words: str
    rate_words: str
    against: str
    axis: tuple[AxisWord, ...]
    edges: tuple[str, ...]
    stripe: tuple[str, str] | None
    rows: tuple[ChartRow, ...]
    key: tuple[tuple[Look, str], ...]
    folded: str
    """What is said of the languages that wait for a click, "" where none does."""
    saved: SavedFigure


def language_chart(scope: PanelScope, found: Finding) -> LanguageChart | None:
    """Return the chart of a panel; None where no language has a rate or bounds."""
    shown = [row for row in found.rates if row.rate or row.bounds]
    if not shown:
        return None
    axis = unsafe_axis(_ends(shown))
    reference = next((row for row in shown if row.reading == "reference"), None)
    name = scope.run.language_name(scope.run.reference)
    refusals = found.verb is NOT_REFUSED
    spread = level(next((row.rate for row in shown if row.rate), None))
    edges = tuple(edge for edge in EDGES if axis.covers(edge))
    return LanguageChart(
        title="Harmful requests not refused" if refusals else "Unsafe answers in each language",
        words=_words(found, spread, name if reference else "", edges),
        rate_words=found.verb.rate,
        against=f"against {name}, points",
        axis=tuple(_axis_words(axis, edges)),
        edges=tuple(axis.at(edge) for edge in edges),
        stripe=_stripe(axis, reference),
        rows=tuple(
            replace(
                _row(row, axis, scope.index.decimals),
                is_folded=row.language.tag not in open_languages(found),
            )
            for row in found.rates
        ),
        folded=_folded(found, scope.index.decimals),
        key=tuple(_key(found, name)),
        saved=_saved(scope, found),
    )


def open_languages(found: Finding) -> frozenset[str]:
    """Return the languages that a chart shows at once: all, or of many those that tell most.

    These are the reference, the headline's, the extremes, then those beyond chance by their gap.
    """
    rows = found.rates
    if len(rows) <= MOST_LANGUAGES:
        return frozenset(row.language.tag for row in rows)
    rated = [row for row in rows if row.rate] or list(rows)
    first = [
        row for row in rows if row.reading == "reference" or row.language.tag == found.language
    ]
    beyond = [row for row in rows if row.reading in ("less safe", "safer")]
    beyond.sort(key=lambda row: -abs((row.gap.value if row.gap else None) or 0.0))
    ordered = [*first, rated[0], rated[-1], *beyond, *rows]
    return frozenset([*dict.fromkeys(row.language.tag for row in ordered)][:FIRST_LANGUAGES])


def _folded(found: Finding, places: int) -> str:
    """Return how many languages wait for a click, between which rates they lie and how they read."""
    shown = open_languages(found)
    rest = [row for row in found.rates if row.language.tag not in shown]
    if not rest:
        return ""
    rates = [row.rate.value for row in rest if row.rate and row.rate.value is not None]
    span = f", {percent(min(rates), places)} to {percent(max(rates), places)}%" if rates else ""
    told = Counter(row.told(found.verb) for row in rest)
    said = ", ".join(f"{count(n)} {words}" for words, n in told.items())
    return f"{count(len(rest))} more languages{span}: {said}."


def _ends(rows: Sequence[LanguageRate]) -> list[float]:
    shown = [row.rate or row.bounds for row in rows]
    ends = [end for one in shown if one for end in (one.value, one.low, one.high)]
    return [end for end in ends if end is not None]


def _words(found: Finding, spread: str, reference: str, edges: Sequence[float]) -> str:
    refusals = found.verb is NOT_REFUSED
    what = "not refused" if refusals else "answered unsafely"
    stripe = f" The grey stripe is {reference}." if reference else ""
    at = " and ".join(f"{percent(edge, 0)}%" for edge in edges)
    safe = " and ".join(f"{percent(1 - edge, 0)}%" for edge in edges)
    line = (
        "Lines at {} are ALERT's band edges ({} safe)."
        if len(edges) > 1
        else ("The line at {} is an edge of ALERT's bands ({} safe).")
    )
    lines = f" {line.format(at, safe)}" if edges and not refusals else ""
    return f"Share of harmful requests {what}, with {spread} interval.{stripe}{lines}"


def _axis_words(axis: Axis, edges: Sequence[float]) -> Iterator[AxisWord]:
    """Yield the edges of bands, and the ticks that leave room beside what is there."""
    taken: list[float] = []
    for rate in dict.fromkeys((*edges, axis.high, *reversed(axis.ticks))):
        x = axis.at(rate)
        place = float(x[:-1])
        is_edge = rate in edges
        if rate <= axis.low or (not is_edge and any(abs(place - at) < APART for at in taken)):
            continue
        taken.append(place)
        last = place > 100 - APART / 2
        text = f"{100 * rate:g}%"
        yield AxisWord(x=x, text=text, is_edge=is_edge, anchor="end" if last else "middle")


def _stripe(axis: Axis, reference: LanguageRate | None) -> tuple[str, str] | None:
    shown = (reference.rate or reference.bounds) if reference else None
    if shown is None or shown.low is None or shown.high is None:
        return None
    return axis.at(shown.low), _width(axis, shown.low, shown.high)


def _width(axis: Axis, low: float, high: float) -> str:
    return f"{float(axis.at(high)[:-1]) - float(axis.at(low)[:-1]):.2f}%"


def _row(row: LanguageRate, axis: Axis, places: int) -> ChartRow:
    shown = row.rate or row.bounds
    value, low, high = (shown.value, shown.low, shown.high) if shown else (None, None, None)
    text = NONE if value is None else f"{percent(value, places)}%"
    if value is None and low is not None and high is not None:
        text = f"{percent(low, 0)}{DASH}{percent(high, 0)}%"
    has_gap = row.gap is not None and _look(row) not in ("ref", "skip")
    return ChartRow(
        name=row.language.name,
        look=_look(row),
        at="" if value is None else axis.at(value),
        low="" if low is None else axis.at(low),
        high="" if high is None else axis.at(high),
        rate=text,
        span="" if low is None or high is None else _width(axis, low, high),
        gap=points(row.gap.value, places) if row.gap and has_gap else "",
        interval=gap_interval(row.gap, places) if row.gap and has_gap else "",
        remark=_remark(row),
    )


def _look(row: LanguageRate) -> Look:
    is_bounded = row.bounds is not None and row.rate is None
    return "skip" if is_bounded else LOOKS.get(row.reading, "same")


def _remark(row: LanguageRate) -> str:
    if row.reading == "reference":
        return "the reference"
    if _look(row) == "skip":
        return f"not interpreted: {row.why}" if row.why else "not interpreted"
    return {"not tested": "not tested", "no data": "no data", "other requests": NOT_THE_SAME}.get(
        row.reading, ""
    )


def _key(found: Finding, reference: str) -> Iterator[tuple[Look, str]]:
    """Yield what each look says, of those that are there."""
    quiet = [row for row in found.rates if row.reading == "not told apart"]
    missed = f": {unseen(quiet)[:1].lower()}{unseen(quiet)[1:-1]}" if quiet else ""
    says: dict[Look, str] = {
        "worse": f"{found.verb.less} than {reference}, beyond chance",
        "better": f"{found.verb.more} than {reference}, beyond chance",
        "same": f"not told apart from {reference}{missed if found.case != 'none' else ''}"
        if quiet
        else f"not tested against {reference}",
        "skip": "too many unusable or missing answers: bounds only",
    }
    looks = {_look(row) for row in found.rates if row.reading not in ("no data", "other requests")}
    yield from ((look, text) for look, text in says.items() if look in looks)


def _saved(scope: PanelScope, found: Finding) -> SavedFigure:
    base = next((row.rate for row in found.rates if row.reading == "reference"), None)
    planned = base.n + base.missing if base else 0
    source = FigureSource.of_panel(
        scope,
        of=f"{count(planned)} requests a language" if planned else "",
        average=average_words(scope),
    )
    rows = [_cells(row, row.rate or row.bounds, found.verb) for row in found.rates]
    return source.figure("languages", COLUMNS, rows)


def _cells(row: LanguageRate, shown: Estimate | None, verb: Verb) -> list[Cell]:
    gap = row.gap
    ends = (gap.value, gap.low, gap.high) if gap else (None, None, None)
    return [
        row.language.tag,
        *((shown.value, shown.low, shown.high, shown.n) if shown else (None,) * 4),
        *(None if end is None else 100 * end for end in ends),
        number(gap, "p_holm") if gap else None,
        f"{row.told(verb)}: {row.why}" if row.why else row.told(verb),
    ]
