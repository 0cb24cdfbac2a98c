"""Paired gaps to the reference language, and what may be said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.axis import Axis, Mark, ends, gap_axis, mark
from safeglot.report.numbers.direction import worse_by
from safeglot.report.numbers.figures import extra, plain
from safeglot.report.numbers.interpretation import (
    NO_EVIDENCE,
    NOT_INTERPRETED,
    NOT_TESTED,
    as_shown,
    gap_bounds_words,
    is_interpretable,
    reading,
    why_not,
)
from safeglot.report.numbers.percent import (
    NONE,
    count,
    gap_interval,
    level,
    number,
    p_value,
    places_for,
    points,
)
from safeglot.report.page import Index, Page, PanelScope, scopes
from safeglot.report.sections.omnibus import OmnibusTable, omnibus_table
from safeglot.types import Estimate

TOP = 10
SAYS = {
    "lower": "less safe than {}",
    "higher": "safer than {}",
    NO_EVIDENCE: "not told apart from {}",
}
LOOKS = {"lower": "worse", "higher": "better", NOT_INTERPRETED: "skip"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """One gap as printed."""

    language: str
    tag: str
    category: str
    points: str
    interval: str
    p: str
    n: str
    reading: str
    look: str
    """"worse" or "better" beyond chance, "skip" where it is not interpreted, else "same"."""
    mark: Mark | None
    under: str
    """What a test without evidence misses and allows, or why a gap is not interpreted."""
    bootstrap: str
    bounds: str
    """Over all planned pairs, where one is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """One panel: the macro gap of each language, and the largest gaps of categories."""

    judge: int
    model: int
    level: str
    macro: tuple[GapRow, ...]
    top: tuple[GapRow, ...]
    n_categories: int
    n_mute: int
    """Categories and languages whose gaps are not interpreted."""
    n_tests: int
    axis: Axis
    unranked: tuple[str, ...]
    """Languages whose adjusted gaps cannot be told from zero."""
    draws: str
    omnibus: OmnibusTable | None


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where no gap was computed."""
    panels = gap_panels(page, index)
    return {"panels": panels} if any(panel.macro or panel.top for panel in panels) else None


def gap_panels(page: Page, index: Index) -> list[Gaps]:
    """Return a panel for each judge and model."""
    return [_panel(scope) for scope in scopes(page.run, index)]


def smallest_seen(gap: Estimate, places: int = 1) -> str:
    """Return what true drop the test often misses, and what drop the data allow; "" for neither."""
    drop = number(gap, "mdd")
    parts = []
    if drop is not None:
        parts.append(
            f"a true drop of {100 * abs(drop):.{places}f} pp would be missed in 1 run of 5"
        )
    if gap.low is not None:
        most = max(-gap.low, 0.0)
        parts.append(
            f"the data allow a drop of up to {100 * most:.{places}f} pp"
            if float(f"{100 * most:.{places}f}")
            else "the data allow no drop"
        )
    return "; ".join(parts)


def macro_gaps(scope: PanelScope) -> list[Estimate]:
    """Return the macro gap of each language that has one, in the order of the run."""
    gaps = (scope.get("gap", language.tag) for language in scope.run.others())
    return [gap for gap in gaps if gap is not None]


def _panel(scope: PanelScope) -> Gaps:
    run, index = scope.run, scope.index
    macro = macro_gaps(scope)
    measured = [g for g in scope.all("gap") if g.category is not None and g.value is not None]
    cells = [gap for gap in measured if is_interpretable(gap)]
    top = sorted(cells, key=lambda gap: -abs(gap.value or 0.0))[:TOP]
    axis = gap_axis(ends(as_shown(worse_by(gap)) for gap in macro))
    return Gaps(
        judge=scope.judge_position,
        model=scope.model_position,
        level=level(next(iter([*macro, *top]), None)),
        macro=tuple(_row(scope, gap, axis, places=index.decimals) for gap in macro),
        top=tuple(_row(scope, gap, axis, places=places_for(top)) for gap in top),
        n_categories=len(cells),
        n_mute=len(measured) - len(cells),
        n_tests=sum(extra(gap, "p_holm") is not None and is_interpretable(gap) for gap in macro),
        axis=axis,
        unranked=tuple(
            run.language_name(gap.language or "")
            for gap in macro
            if reading(gap) in {NO_EVIDENCE, NOT_TESTED}
        ),
        draws=next((plain(n, 0) for gap in macro if (n := extra(gap, "bootstrap_draws"))), ""),
        omnibus=omnibus_table(scope),
    )


def _row(scope: PanelScope, gap: Estimate, axis: Axis, *, places: int) -> GapRow:
    run, word = scope.run, reading(gap)
    worse, mute = worse_by(gap), word == NOT_INTERPRETED
    names = run.language_name(gap.language or ""), run.language_name(run.reference)
    return GapRow(
        language=names[0],
        tag=gap.language or "",
        category=gap.category or "",
        points=NONE if mute else points(worse.value, places),
        interval=NONE if mute else gap_interval(worse, places) or NONE,
        p=NONE if mute else p_value(number(gap, "p_holm")),
        n=count(gap.n),
        reading=SAYS.get(word, word).format(names[1]),
        look=LOOKS.get(word, "same"),
        mark=mark(axis, as_shown(worse), y=13),
        under=why_not(gap, *names) if mute else smallest_seen(gap) if word == NO_EVIDENCE else "",
        bootstrap="" if mute else _bootstrap(worse, places),
        bounds=gap_bounds_words(worse, places),
    )


def _bootstrap(gap: Estimate, places: int) -> str:
    low, high = extra(gap, "bootstrap_low"), extra(gap, "bootstrap_high")
    if low is None or high is None:
        return ""
    return f"{points(low, places)} to {points(high, places)}"
