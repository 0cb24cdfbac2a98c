"""Where each model stands: a panel a kind of harm, a row a language, a mark a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from safeglot.report.comparison.leaderboard import source
from safeglot.report.comparison.view import ComparisonView, JudgedModels
from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.plane import axis_between
from safeglot.report.saved_figure import Cell, SavedFigure
from safeglot.types import Estimate

COLUMNS = ("kind", "language", "model", "safe", "low", "high", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPanels:
    """The panels of one judge: a kind, then each language with the rates of `models` in their order."""

    models: tuple[str, ...]
    axis: Axis
    panels: tuple[tuple[str, tuple[tuple[str, list[float | None]], ...]], ...]
    saved: SavedFigure


def kind_panels(
    view: ComparisonView, board: JudgedModels, short: Mapping[str, str]
) -> KindPanels | None:
    """Return the panels of models that can be interpreted; None without them, or without kinds."""
    board = replace(board, models=tuple(m for m in board.models if m.unusable is None))
    rates = [e.value for m in board.models for e in m.by_kind.values() if e.value is not None]
    if not rates:
        return None
    axis = axis_between([*rates, 1.0])
    return KindPanels(
        models=tuple(short[model.name] for model in board.models),
        axis=axis,
        panels=tuple(
            (
                name,
                tuple(
                    (
                        view.run.language_name(tag),
                        [_value(model.by_kind.get((kind, tag))) for model in board.models],
                    )
                    for tag in board.languages
                ),
            )
            for kind, name in board.kinds.items()
        ),
        saved=source(view, board).figure("kinds-by-model", COLUMNS, _cells(board)),
    )


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _cells(board: JudgedModels) -> Iterator[list[Cell]]:
    for kind, name in board.kinds.items():
        for tag in board.languages:
            for model in board.models:
                cell = model.by_kind.get((kind, tag))
                if cell is not None:
                    yield [name, tag, model.name, cell.value, cell.low, cell.high, cell.n]
