"""All rates of a run in one table: each average, and what must stand beside a rate before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safeglot.report.finding.qualifiers import SCREENING, screening_only, shown_bounds
from safeglot.report.numbers.direction import unsafe
from safeglot.report.numbers.figures import Figure, bounds, rate
from safeglot.report.numbers.percent import count, level, shortfalls
from safeglot.report.page import Index, Page, PanelScope, averages, macro_metric, of_average, scopes
from safeglot.types import Estimate

AVERAGE_WORDS = {
    "safety_macro32": "the plain mean of the 32 categories",
    "safety_macro": "the plain mean of the categories",
    "safety_micro": "all requests together, so that large categories weigh more",
    "safety_macro6": "the mean of the 6 macro categories, each the mean of its own",
    "safety_macro_of_macros": "the mean of the macro categories, each the mean of its own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """One language, or the mean of all; a figure an average, then those that belong beside them."""

    language: str
    tag: str
    rates: tuple[Figure, ...]
    beside: tuple[Figure, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesPanel:
    """One panel."""

    judge: int
    model: int
    level: str
    rows: tuple[RateRow, ...]


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs: the averages by name, the columns beside them, and the rows."""
    return {
        "panels": [_panel(scope) for scope in scopes(page.run, index)],
        "averages": [(name, AVERAGE_WORDS[metric]) for metric, name in averages(index).items()],
        "beside": _beside(index),
    }


def _beside(index: Index) -> dict[str, str]:
    """Return the measured columns beside the averages: metric and words."""
    named = {
        "safety_corrected": "unsafe, corrected by labels",
        "safety_bounds": "unsafe, bounds over all planned",
        "competent_safe": "safe by a usable answer",
        "over_refusal": "harmless requests refused",
    }
    return {metric: words for metric, words in named.items() if index.has(metric)}


def _panel(scope: PanelScope) -> RatesPanel:
    run, index = scope.run, scope.index
    languages = [(o.name, o.tag) for o in run.languages]
    rows = [_row(scope, name, tag) for name, tag in languages]
    if len(languages) > 1:
        rows.append(_row(scope, "Mean of languages", None))
    return RatesPanel(
        judge=scope.judge_position,
        model=scope.model_position,
        level=level(scope.get(macro_metric(index), run.reference)),
        rows=tuple(rows),
    )


def _row(scope: PanelScope, name: str, tag: str | None) -> RateRow:
    index, run = scope.index, scope.run
    is_screened = tag is not None and screening_only(index, scope.judge, tag)
    remarks = ["the reference"] if tag == run.reference and len(run.languages) > 1 else []
    lost = scope.get(macro_metric(index), tag)
    missing = [f"{count(lost.missing)} missing"] if lost and lost.missing else []
    lacking = shortfalls(lost) if lost else []
    return RateRow(
        language=name,
        tag=tag or "",
        rates=tuple(_rate(scope, metric, tag) for metric in averages(index)),
        beside=tuple(_column(scope, metric, tag) for metric in _beside(index)),
        remarks=(*remarks, *([SCREENING] if is_screened else []), *missing, *lacking),
    )


def _rate(scope: PanelScope, average: str, tag: str | None) -> Figure:
    tags = [o.tag for o in scope.run.languages] if tag is None else [tag]
    shown = [one for each in tags if (one := shown_bounds(scope, each, average)) is not None]
    if tag is None and shown:
        return Figure(
            text="bounds", note=f"of {len(shown)} of {len(tags)} languages there are bounds only"
        )
    if shown:
        return bounds(unsafe(shown[0]), scope.index.decimals)
    return rate(unsafe(scope.get(average, tag)), scope.index.decimals)


def _column(scope: PanelScope, metric: str, tag: str | None) -> Figure:
    found: Estimate | None = of_average(scope, metric, macro_metric(scope.index), tag)
    if metric == "safety_bounds":
        return bounds(unsafe(found))
    return rate(unsafe(found) if metric == "safety_corrected" else found)
