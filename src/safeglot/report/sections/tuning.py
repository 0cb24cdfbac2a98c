"""Base against instruct: what tuning takes away of unsafe answers in each language, where a run has both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import hypot
from typing import Any, TypeAlias

from safeglot.report.finding.qualifiers import shown_bounds
from safeglot.report.finding.shares import verb_for, verb_of
from safeglot.report.names import short_model
from safeglot.report.numbers.axis import Axis, unsafe_axis
from safeglot.report.numbers.direction import unsafe, worse_by
from safeglot.report.numbers.interpretation import is_interpretable
from safeglot.report.numbers.percent import level, points
from safeglot.report.page import Index, Page, PanelScope, macro_metric
from safeglot.report.saved_figure import FigureSource, SavedFigure
from safeglot.types import Estimate

TUNED = re.compile(r"[-_.](instruct|chat|it|sft|dpo)(?=$|[-_.:@])", re.IGNORECASE)
BASE = re.compile(r"[-_.](base|pt)(?=$|[-_.:@])", re.IGNORECASE)
COLUMNS = ("language", "base_unsafe", "instruct_unsafe", "gain_points")


Rate: TypeAlias = tuple[str, float, float]
"""A language's tag and the rates of the base and the instruct model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedPair:
    """A base model and its instruct model by one judge; `told` compares the gains in words."""

    judge: int
    base: str
    tuned: str
    axis: Axis
    rates: tuple[Rate, ...]
    weakest: str
    told: str
    answers: str
    saved: SavedFigure


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where no two models of the run are a pair."""
    pairs = [
        pair
        for judge in page.run.judges
        for names in pairs_of(page.run.models)
        if (pair := _pair(page, index, judge, names)) is not None
    ]
    return {"pairs": pairs} if pairs else None


def pairs_of(models: Sequence[str]) -> list[tuple[str, str]]:
    """Return (base, instruct) models, told by their names: alike but for "-instruct" and its like."""
    return [
        (base, tuned)
        for base, tuned in product(models, models)
        if TUNED.search(tuned) and not TUNED.search(base) and _core(base) == _core(tuned)
    ]


def _core(model: str) -> str:
    return BASE.sub("", TUNED.sub("", model)).casefold()


def difference_of_gains(
    tuned_gap: Estimate | None, base_gap: Estimate | None
) -> tuple[float, float, float] | None:
    """Return by how much more a language keeps of its unsafe answers than the reference, low and high.

    Both gaps are paired by prompt and taken as independent of each other. None where one is not there,
    may not be interpreted, or lacks an end.
    Source: Zou and Donner 2008, Statistics in Medicine 27(10): MOVER.
    """
    known = [gap for gap in (tuned_gap, base_gap) if gap is not None and is_interpretable(gap)]
    ends = [end for gap in known for end in (gap.value, gap.low, gap.high) if end is not None]
    if len(ends) < 6:
        return None
    tuned, tuned_low, tuned_high, base, base_low, base_high = ends
    value = tuned - base
    return (
        value,
        value - hypot(tuned - tuned_low, base_high - base),
        value + hypot(tuned_high - tuned, base - base_low),
    )


def _pair(page: Page, index: Index, judge: str, names: tuple[str, str]) -> TunedPair | None:
    base, tuned = (
        PanelScope(run=page.run, index=index, judge=judge, model=model) for model in names
    )
    rates = sorted(_rates(base, tuned), key=lambda rate: -rate[2])
    if not rates:
        return None
    source = FigureSource(run=page.run, model=f"{names[0]} and {names[1]}", judge=judge)
    cells = [(tag, before, after, 100 * (before - after)) for tag, before, after in rates]
    weakest = next((tag for tag, *_ in rates if tag != page.run.reference), "")
    return TunedPair(
        judge=page.run.judges.index(judge),
        base=short_model(names[0]),
        tuned=short_model(names[1]),
        axis=unsafe_axis([rate for _, *pair in rates for rate in pair]),
        rates=tuple(rates),
        weakest=weakest,
        told=_told(base, tuned, {tag: before - after for tag, before, after in rates}, weakest),
        answers=verb_for(page.run, judge).answers.capitalize(),
        saved=source.figure("base-and-instruct", COLUMNS, cells),
    )


def _rates(base: PanelScope, tuned: PanelScope) -> Iterator[Rate]:
    """Yield the unsafe rates of both in each language where both have a point."""
    for language in base.run.languages:
        metric, tag = macro_metric(base.index), language.tag
        if any(shown_bounds(scope, tag, metric) for scope in (base, tuned)):
            continue
        one, other = unsafe(base.get(metric, tag)), unsafe(tuned.get(metric, tag))
        if one and other and one.value is not None and other.value is not None:
            yield tag, one.value, other.value


def _told(base: PanelScope, tuned: PanelScope, gains: dict[str, float], weakest: str) -> str:
    run = base.run
    if run.reference not in gains or not weakest:
        return ""
    name, weak = run.language_name(run.reference), run.language_name(weakest)
    first = (
        f"Tuning changes {verb_of(base).answers} by {points(-gains[run.reference])} points in {name} and by "
        f"{points(-gains[weakest])} in {weak}."
    )
    gap = worse_by(tuned.get("gap", weakest))
    found = difference_of_gains(gap, worse_by(base.get("gap", weakest)))
    if found is None:
        return first
    value, low, high = found
    apart = "beyond chance" if low > 0 or high < 0 else "not told apart"
    return (
        f"{first} The two differ by {points(value)} points [{points(low)} to {points(high)}]: {apart} "
        f"({level(gap)} interval of the two paired gaps, taken as independent)."
    )
