"""The cause of a gap as a waterfall: what each step adds between the reference and a language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from safeglot.report.finding.cause import TERMS, Cause, cause_of
from safeglot.report.finding.headline import Finding
from safeglot.report.finding.rates import LanguageRate
from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.percent import count, percent, points
from safeglot.report.page import PanelScope
from safeglot.report.saved_figure import Cell, FigureSource, SavedFigure

Fall: TypeAlias = Literal["whole", "main", "small", "relief", "open"]
"""How a bar looks: a rate, the named cause, a step beside it, one that hides a part, an unknown part."""
SAME = 0.0006
"""How near the end of the steps must come to the language's own rate to be told as that."""
COLUMNS = ("language", "term", "low_points", "point_points", "high_points", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class FallStep:
    """One row: a bar from where the one above ends, or from 0, and the widest range of its end as a line."""

    name: str
    look: Fall
    start: float = 0.0
    end: float
    text: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """The steps of one language."""

    tag: str
    name: str
    axis: Axis
    steps: tuple[FallStep, ...]
    foot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfalls:
    """The languages of a panel whose arms were run; `shown` is the one that stands open."""

    languages: tuple[Waterfall, ...]
    shown: str
    are_less_safe: bool
    saved: SavedFigure


def waterfalls(scope: PanelScope, found: Finding) -> Waterfalls | None:
    """Return the causes as far as arms were run; None where none was, or there is no rate to start from."""
    base = next((row for row in found.rates if row.reading == "reference"), None)
    start = (base.micro or base.rate) if base else None
    if base is None or start is None or start.value is None:
        return None
    told = [(row, why) for row in found.rates if (why := _why(scope, row)) is not None]
    worse = [pair for pair in told if pair[0].reading == "less safe"]
    shown = worse or told
    if not shown:
        return None
    falls = tuple(_waterfall(scope, row, why, start.value) for row, why in shown)
    tags = [fall.tag for fall in falls]
    return Waterfalls(
        languages=falls,
        shown=found.language if found.language in tags else tags[0],
        are_less_safe=bool(worse),
        saved=_saved(scope, shown),
    )


def _why(scope: PanelScope, row: LanguageRate) -> Cause | None:
    if row.reading == "reference":
        return None
    why = cause_of(scope, row.language.tag)
    return (
        why
        if why.total is not None and why.total.value is not None and (why.terms or why.adaptation)
        else None
    )


def _waterfall(scope: PanelScope, row: LanguageRate, why: Cause, start: float) -> Waterfall:
    total = (why.total.value if why.total else None) or 0.0
    end = start + total
    parts = list(_parts(why, total))
    first = scope.run.language_name(scope.run.reference)
    own = (row.micro or row.rate) if row.rate else None
    is_same = own is not None and abs((own.value or 0.0) - end) < SAME
    last = f"{percent(end)}%" if is_same else f"{points(total)} in all"
    steps = (
        FallStep(name=first, look="whole", end=start, text=f"{percent(start)}%"),
        *_falls(parts, start, _main(why)),
        FallStep(name=row.language.name, look="whole", end=end, text=last),
    )
    return Waterfall(
        tag=row.language.tag,
        name=row.language.name,
        axis=_axis(steps),
        steps=steps,
        foot=_foot(why, row, own.value if own and not is_same else None),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A step: from where the one before ended to `point` further, at most from `low` to `high`."""

    name: str
    point: float
    low: float | None = None
    high: float | None = None


def _parts(why: Cause, total: float) -> Iterator[_Part]:
    """Yield the terms in their order, and what is left where an arm was not run."""
    for name in TERMS:
        term = why.term(name)
        if term is not None:
            yield _Part(name, term.point, term.low, term.high)
    added = [why.adaptation] if why.adaptation else []
    rest = total - sum(term.point for term in (*why.terms, *added))
    lacking = [name for name in TERMS if why.term(name) is None]
    if lacking:
        yield _Part(f"{' or '.join(lacking)}", rest)
    for term in added:
        yield _Part(term.name, term.point, term.low, term.high)


def _axis(steps: Sequence[FallStep]) -> Axis:
    """Return the axis that holds all bars and lines; it starts at 0 but for ranges below it."""
    known = [(step.start, step.end, step.low, step.high) for step in steps]
    ends = [end for step in known for end in step if end is not None]
    return Axis(low=min(ends), high=max(*ends, 0.001) * 1.02, ticks=())


def _main(why: Cause) -> str:
    named = [term for term in why.terms if term.sign > 0]
    return max(named, key=lambda term: term.low).name if named else ""


def _falls(parts: Sequence[_Part], start: float, main: str) -> Iterator[FallStep]:
    at = start
    for part in parts:
        known = part.low is not None and part.high is not None
        look: Fall = "open" if not known else "main" if part.name == main else "small"
        if known and part.high is not None and part.high < 0:
            look = "relief"
        yield FallStep(
            name=part.name.capitalize(),
            look=look,
            start=at,
            end=at + part.point,
            text=f"{points(part.low)} to {points(part.high)}"
            if known
            else f"{points(part.point)}, not split",
            low=None if part.low is None else at + part.low,
            high=None if part.high is None else at + part.high,
        )
        at += part.point


def _foot(why: Cause, row: LanguageRate, own: float | None) -> str:
    """Return what the steps are of, and that the language's own rate is another where it is."""
    n = count(why.total.n) if why.total else "0"
    lacking = len(TERMS) - len(why.terms)
    arms = "From arms" if lacking else "From three arms"
    of = "Of its translated requests" if why.adaptation else "Over all its requests"
    other = f" {of} the rate is {percent(own)}%." if own is not None else ""
    labels = " By the judge's labels, not corrected by people's." if row.is_corrected else ""
    return f"{arms} on the same {n} prompts, each step with its 95% interval.{other}{labels}"


def _saved(scope: PanelScope, shown: Sequence[tuple[LanguageRate, Cause]]) -> SavedFigure:
    source = FigureSource.of_panel(scope)
    rows: list[list[Cell]] = [
        [row.language.tag, term.name, *(100 * v for v in (term.low, term.point, term.high)), n]
        for row, why in shown
        for term in (*why.terms, *([why.adaptation] if why.adaptation else []))
        for n in [why.total.n if why.total else 0]
    ]
    return source.figure("cause", COLUMNS, rows)
