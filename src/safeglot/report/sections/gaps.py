"""The forest of gaps: each language less the reference on the same prompts, and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safeglot.report.finding.evidence import average_words
from safeglot.report.finding.own_requests import sentences
from safeglot.report.finding.shares import Verb, verb_of
from safeglot.report.numbers.axis import Axis, ends, gap_axis
from safeglot.report.numbers.direction import worse_by
from safeglot.report.numbers.interpretation import (
    NO_EVIDENCE,
    NOT_INTERPRETED,
    as_shown,
    reading,
    why_not,
)
from safeglot.report.numbers.percent import (
    NONE,
    gap_interval,
    level,
    number,
    p_value,
)
from safeglot.report.page import Index, Page, PanelScope, scopes
from safeglot.report.saved_figure import Cell, FigureSource, SavedFigure
from safeglot.types import Estimate

LOOKS = {"lower": "worse", "higher": "better", NOT_INTERPRETED: "skip"}
COLUMNS = ("language", "gap_points", "low", "high", "p_holm", "n", "low_bound", "high_bound", "reading")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """One gap as printed; `shown` is in unsafe answers, only bounds where it is not interpreted."""

    language: str
    shown: Estimate
    interval: str
    p: str
    reading: str
    look: str
    """"worse" or "better" beyond chance, "skip" where it is not interpreted, else "same"."""
    under: str
    """What a test without evidence often misses, or why a gap is not interpreted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """One panel: the gap of each language in the page's average."""

    scope: PanelScope
    level: str
    verb: Verb
    rows: tuple[GapRow, ...]
    n_tests: int
    axis: Axis
    saved: SavedFigure
    unpaired: tuple[str, ...] = ()
    """What is said of languages that have requests of their own."""


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where no gap was computed."""
    panels = [gaps_of(scope) for scope in scopes(page.run, index)]
    panels = [panel for panel in panels if panel.rows or panel.unpaired]
    return {"panels": panels} if panels else None


def smallest_seen(gap: Estimate, places: int = 1) -> str:
    """Return what true drop the test often misses; "" where that is not known."""
    drop = number(gap, "mdd")
    if drop is None:
        return ""
    return f"a true drop of {100 * abs(drop):.{places}f} points would be missed in 1 run of 5"


def gaps_of(scope: PanelScope) -> Gaps:
    """Return the panel of a judge and model, without rows where no language was compared."""
    found = [gap for o in scope.run.others() if (gap := scope.get("gap", o.tag)) is not None]
    axis, verb = gap_axis(ends(as_shown(worse_by(gap)) for gap in found)), verb_of(scope)
    source = FigureSource.of_panel(scope, average=average_words(scope))
    return Gaps(
        scope=scope,
        level=level(next(iter(found), None)),
        verb=verb,
        rows=tuple(_row(scope, gap, verb) for gap in found),
        n_tests=sum(
            reading(gap) != NOT_INTERPRETED and number(gap, "p_holm") is not None for gap in found
        ),
        axis=axis,
        saved=source.figure("gaps", COLUMNS, [_cells(scope, gap, verb) for gap in found]),
        unpaired=tuple(sentences(scope)),
    )


def _says(scope: PanelScope, word: str, verb: Verb) -> str:
    name = scope.run.language_name(scope.run.reference)
    told = {"lower": verb.less, "higher": verb.more}
    if word in told:
        return f"{told[word]} than {name}"
    return f"not told apart from {name}" if word == NO_EVIDENCE else word


def _row(scope: PanelScope, gap: Estimate, verb: Verb) -> GapRow:
    run, word, places = scope.run, reading(gap), scope.index.decimals
    worse, mute = worse_by(gap), word == NOT_INTERPRETED
    names = run.language_name(gap.language or ""), run.language_name(run.reference)
    return GapRow(
        language=names[0],
        shown=as_shown(worse),
        interval=NONE if mute else gap_interval(worse, places) or NONE,
        p=NONE if mute else p_value(number(gap, "p_holm")),
        reading=_says(scope, word, verb),
        look=LOOKS.get(word, "same"),
        under=why_not(gap, *names) if mute else smallest_seen(gap) if word == NO_EVIDENCE else "",
    )


def _cells(scope: PanelScope, gap: Estimate, verb: Verb) -> list[Cell]:
    worse = worse_by(gap)
    shown = as_shown(worse)
    mute = reading(gap) == NOT_INTERPRETED
    ends_of = (worse.value, worse.low, worse.high) if not mute else (None, None, None)
    bounds = (number(worse, "low_bound"), number(worse, "high_bound"))
    return [
        gap.language,
        *(None if end is None else 100 * end for end in ends_of),
        None if mute else number(gap, "p_holm"),
        shown.n,
        *(None if end is None else 100 * end for end in bounds),
        _says(scope, reading(gap), verb),
    ]
