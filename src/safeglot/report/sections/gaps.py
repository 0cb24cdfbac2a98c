"""Paired gaps to the reference language, and what may be said of them."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.axis import Axis, Mark, ends, gap_axis, mark
from safeglot.report.numbers.figures import extra, plain
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
from safeglot.report.page import Index, Page, Run
from safeglot.report.sections.qualifiers import not_interpretable
from safeglot.types import Estimate

TOP = 10
NO_EVIDENCE = "no evidence of a difference"
NOT_TESTED = "not tested"
NOT_INTERPRETED = "not interpreted"
WHY_NOT = "invalid answers differ by more than 5 points"


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
    differs: bool
    mark: Mark | None
    under: str
    """What a gap without evidence could not have shown, or why it is not interpreted."""
    bootstrap: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """One panel: the macro gap of each language, and the largest gaps of categories."""

    judge: int
    model: int
    level: str
    macro: tuple[GapRow, ...]
    top: tuple[GapRow, ...]
    n_categories: int
    n_tests: int
    axis: Axis
    unranked: tuple[str, ...]
    """Languages whose adjusted gaps cannot be told from zero."""
    draws: str


def gap_panels(page: Page, index: Index) -> list[Gaps]:
    """Build a panel for each judge and model."""
    return [
        _panel(page.run, index, judge=judge, model=model)
        for judge in range(len(page.run.judges))
        for model in range(len(page.run.models))
    ]


def reading(gap: Estimate, index: Index) -> str:
    """Say "lower", "higher", that there is no evidence, or that nothing was tested or may be."""
    if not_interpretable(index, gap):
        return NOT_INTERPRETED
    p = number(gap, "p_holm")
    if gap.value is None or p is None:
        return NOT_TESTED
    if p >= 1 - (gap.level or 0.95) or gap.value == 0:
        return NO_EVIDENCE
    return "lower" if gap.value < 0 else "higher"


def smallest_seen(gap: Estimate, places: int = 1) -> str:
    """Return what drop the test would have missed, in words; "" where that is not known."""
    drop = number(gap, "mdd")
    if drop is None:
        return ""
    return f"could not have seen less than {100 * abs(drop):.{places}f} pp"


def macro_gaps(run: Run, index: Index, *, judge: str, model: str) -> list[Estimate]:
    """Return the macro gap of each language that has one, in the order of the run."""
    found = [
        index.get("gap", model, judge=judge, language=one.tag, category=None)
        for one in run.languages
        if one.tag != run.reference
    ]
    return [one for one in found if one is not None]


def _panel(run: Run, index: Index, *, judge: int, model: int) -> Gaps:
    names = {"judge": run.judges[judge], "model": run.models[model]}
    macro = macro_gaps(run, index, **names)
    cells = [
        one
        for one in index.of("gap", names["model"], judge=names["judge"])
        if one.category is not None and one.value is not None
    ]
    top = sorted(cells, key=lambda one: -abs(one.value or 0.0))[:TOP]
    axis = gap_axis(ends(macro))
    return Gaps(
        judge=judge,
        model=model,
        level=level(next(iter([*macro, *top]), None)),
        macro=tuple(_row(run, one, index, axis, places=index.decimals) for one in macro),
        top=tuple(_row(run, one, index, axis, places=places_for(top)) for one in top),
        n_categories=len(cells),
        n_tests=sum(extra(one, "p_holm") is not None for one in macro),
        axis=axis,
        unranked=tuple(
            run.language_name(one.language or "")
            for one in macro
            if reading(one, index) in {NO_EVIDENCE, NOT_TESTED}
        ),
        draws=next((plain(n, 0) for one in macro if (n := extra(one, "bootstrap_draws"))), ""),
    )


def _row(run: Run, gap: Estimate, index: Index, axis: Axis, *, places: int) -> GapRow:
    said = reading(gap, index)
    against = f" than {run.language_name(run.reference)}"
    return GapRow(
        language=run.language_name(gap.language or ""),
        tag=gap.language or "",
        category=gap.category or "",
        points=points(gap.value, places),
        interval=gap_interval(gap, places) or NONE,
        p=p_value(number(gap, "p_holm")),
        n=count(gap.n),
        reading=said + against if said in {"lower", "higher"} else said,
        differs=said in {"lower", "higher"},
        mark=mark(axis, gap, y=16),
        under={NO_EVIDENCE: smallest_seen(gap), NOT_INTERPRETED: WHY_NOT}.get(said, ""),
        bootstrap=_bootstrap(gap, places),
    )


def _bootstrap(gap: Estimate, places: int) -> str:
    low, high = extra(gap, "bootstrap_low"), extra(gap, "bootstrap_high")
    if low is None or high is None:
        return ""
    return f"{points(low, places)} to {points(high, places)}"
