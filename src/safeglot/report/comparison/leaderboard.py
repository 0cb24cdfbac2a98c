"""Which model is safest: a row a model with its rank, and published rows to lay beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from safeglot.report.comparison.view import ComparisonView, JudgedModels, PlacedModel
from safeglot.report.finding.shares import joined
from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.interpretation import LIMIT_WORDS
from safeglot.report.numbers.percent import DASH, percent
from safeglot.report.numbers.plane import axis_between
from safeglot.report.saved_figure import Cell, FigureSource, SavedFigure
from safeglot.report.sections.tuning import pairs_of

EDGES = (0.9, 0.99)
COLUMNS = (
    "rank", "model", "safe", "low", "high", "safe_and_usable", "usable_low", "usable_high",
    "harmless_refused", "refused_low", "refused_high", "by_labels", "weakest_language", "weakest_safe",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """One judge's models; `bases` are those that an instruct model was made of."""

    axis: Axis
    models: tuple[PlacedModel, ...]
    bases: frozenset[str]
    foot: tuple[str, ...]
    has_labels: bool
    saved: SavedFigure


def source(view: ComparisonView, board: JudgedModels) -> FigureSource:
    """Return what the numbers of a figure are of."""
    many = len(board.languages)
    of = f"{len(board.models)} models, " + ("1 language" if many == 1 else f"{many} languages")
    return FigureSource(run=view.run, judge=board.judge, of=of, average=board.average)


def leaderboard(view: ComparisonView, board: JudgedModels, short: Mapping[str, str]) -> Leaderboard:
    """Return the table of one judge."""
    layer = view.published.means if view.published else ()
    axis = axis_between([*_shown(board.models), *(rate for _, rate in layer), 1.0])
    saved = source(view, board).figure("models", COLUMNS, map(_cells, board.models))
    return Leaderboard(
        axis=axis,
        models=board.models,
        bases=frozenset(base for base, _ in pairs_of([m.name for m in board.models])),
        foot=tuple(_foot(board, short)),
        has_labels=any(model.labelled[0] is not None for model in board.models),
        saved=saved,
    )


def _shown(models: Iterable[PlacedModel]) -> list[float]:
    parts: list[float | None] = []
    for model in models:
        rates = [e.value for e in model.by_language.values() if model.unusable is None]
        parts += [model.safe.low, model.usable[0], *model.bounds, *rates]
    return [part for part in parts if part is not None]


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
    weak = model.weakest
    safe = (*model.shown, *model.usable, *model.refused, model.labelled[0])
    return [model.rank, model.name, *safe, weak, model.rates.get(weak)]
