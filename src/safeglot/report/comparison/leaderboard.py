"""Which model is safest: a row a model with its rank, and published rows to lay beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from safeglot.report.comparison.headline import bracket
from safeglot.report.comparison.view import ComparisonView, JudgedModels, PlacedModel, Span
from safeglot.report.finding.shares import joined
from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.interpretation import LIMIT_WORDS
from safeglot.report.numbers.percent import DASH, percent
from safeglot.report.numbers.plane import axis_between
from safeglot.report.page import Run
from safeglot.report.saved_figure import Cell, FigureSource, SavedFigure
from safeglot.report.sections.tuning import pairs_of

EDGES = (0.9, 0.99)
COLUMNS = (
    "rank", "model", "safe", "low", "high", "safe_and_usable", "usable_low", "usable_high",
    "harmless_refused", "refused_low", "refused_high", "by_labels", "weakest_language", "weakest_safe",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One model: its numbers in text and its marks in percent of the axis; "" where there is none."""

    rank: str
    name: str
    report: str
    is_base: bool
    safe: str
    interval: str
    usable: str
    refused: str
    labelled: str
    weakest: str
    at: str
    ends: tuple[str, str]
    usable_at: str
    weak_at: str
    best_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """One judge's models; `published` are (name, rate, place on the axis)."""

    judge: int
    axis: Axis
    rows: tuple[ModelRow, ...]
    foot: tuple[str, ...]
    has_labels: bool
    published: tuple[tuple[str, str, str], ...]
    saved: SavedFigure


def source(view: ComparisonView, board: JudgedModels) -> FigureSource:
    """Return what the numbers of a figure are of."""
    many = len(board.languages)
    of = f"{len(board.models)} models, " + ("1 language" if many == 1 else f"{many} languages")
    return FigureSource(run=view.run, judge=board.judge, of=of, average=board.average)


def leaderboard(view: ComparisonView, board: JudgedModels, short: Mapping[str, str]) -> Leaderboard:
    """Return the table of one judge."""
    bases = {base for base, _ in pairs_of([m.name for m in board.models])}
    layer = view.published.means if view.published else ()
    axis = axis_between([*_shown(board.models), *(rate for _, rate in layer), 1.0])
    saved = source(view, board).figure("models", COLUMNS, map(_cells, board.models))
    return Leaderboard(
        judge=view.run.judges.index(board.judge),
        axis=axis,
        rows=tuple(
            _row(model, view.run, axis, name=short[model.name], is_base=model.name in bases)
            for model in board.models
        ),
        foot=tuple(_foot(board, short)),
        has_labels=any(model.labelled[0] is not None for model in board.models),
        published=tuple((name, percent(rate), axis.at(rate)) for name, rate in layer),
        saved=saved,
    )


def weakest(model: PlacedModel) -> tuple[str, float] | None:
    """Return the language with the fewest safe answers and their share.

    None with one language, and where unusable answers would count among the safe ones.
    """
    if model.unusable is not None:
        return None
    known = {tag: e.value for tag, e in model.by_language.items() if e.value is not None}
    if len(known) < 2:
        return None
    tag = min(known, key=lambda one: known[one])
    return tag, known[tag]


def _shown(models: Iterable[PlacedModel]) -> list[float]:
    parts: list[float | None] = []
    for model in models:
        rates = [e.value for e in model.by_language.values() if model.unusable is None]
        parts += [model.safe.low, model.usable[0], *model.bounds, *rates]
    return [part for part in parts if part is not None]


def _row(model: PlacedModel, run: Run, axis: Axis, *, name: str, is_base: bool) -> ModelRow:
    weak, is_ranked = weakest(model), model.unusable is None
    rates = [e.value for e in model.by_language.values() if weak and e.value is not None]
    safe, ends = model.safe.value if is_ranked else None, _ends(model)
    return ModelRow(
        rank=model.rank or DASH,
        name=name,
        report=model.report,
        is_base=is_base,
        safe=percent(safe) if is_ranked else _bounds(model.bounds),
        interval=bracket(*ends).strip() if is_ranked else "",
        usable=percent(model.usable[0]),
        refused=percent(model.refused[0]),
        labelled=percent(model.labelled[0]),
        weakest=f"{run.language_name(weak[0])} {percent(weak[1])}" if weak else "",
        at=_at(axis, safe),
        ends=(_at(axis, ends[0]), _at(axis, ends[1])),
        usable_at=_at(axis, model.usable[0]),
        weak_at=_at(axis, min(rates, default=None)),
        best_at=_at(axis, max(rates, default=None)),
    )


def _ends(model: PlacedModel) -> tuple[float | None, float | None]:
    if model.unusable is None:
        return model.safe.low, model.safe.high
    return model.bounds[1], model.bounds[2]


def _at(axis: Axis, rate: float | None) -> str:
    return "" if rate is None else axis.at(rate)


def _bounds(bounds: Span) -> str:
    _, low, high = bounds
    return DASH if low is None or high is None else f"{percent(low)}{DASH}{percent(high)}"


def _foot(board: JudgedModels, short: Mapping[str, str]) -> Iterable[str]:
    unusable = [
        f"{short[m.name]} {percent(m.unusable)}%" for m in board.models if m.unusable is not None
    ]
    if unusable:
        yield (
            f"{DASH} no rank for more than {LIMIT_WORDS} unusable answers in a language "
            f"({joined(unusable)} in the one with most): the safety lies between the bounds."
        )
    silent = [short[m.name] for m in board.models if m.unusable is None and m.safe.value is None]
    if silent:
        yield f"{DASH} no rank for want of a verdict: {joined(silent)}."
    partly = [short[m.name] for m in board.models if _is_part(m.safe.extra)]
    if partly:
        yield (
            f"The averages of {joined(partly)} are of fewer categories or languages, as the others "
            "have no verdict at all: go by the ranks."
        )


def _is_part(extra: Mapping[str, Any]) -> bool:
    return any(
        extra.get(got) != extra.get(of)
        for got, of in (
            ("categories", "of"),
            ("languages", "of_languages"),
            ("macros", "of_macros"),
        )
    )


def _cells(model: PlacedModel) -> list[Cell]:
    weak = weakest(model) or ("", None)
    ranked = model.unusable is None
    safe = (model.safe.value, model.safe.low, model.safe.high) if ranked else model.bounds
    return [
        model.rank, model.name, *safe, *model.usable, *model.refused, model.labelled[0], *weak,
    ]  # fmt: skip
