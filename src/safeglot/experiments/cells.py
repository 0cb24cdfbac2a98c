"""Columns and cells that the tables of several experiments share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from safeglot.report.numbers.interpretation import is_interpretable, reason_of
from safeglot.report.table import Kind, ResultCell, ResultTable, columns, number
from safeglot.types import Estimate

Row = TypeVar("Row")


def tabled(
    rows: Iterable[Row],
    cells: Mapping[str, tuple[Kind, Callable[[Row], ResultCell]]],
    **about: Any,
) -> ResultTable:
    """Return a table of rows, from the kind and the cell of each column; `about` are its other fields."""
    return ResultTable(
        columns=columns({name: kind for name, (kind, _) in cells.items()}),
        rows=tuple(tuple(cell(row) for _, cell in cells.values()) for row in rows),
        **about,
    )


def estimate_cell(estimate: Estimate) -> ResultCell:
    """Return an estimate with its interval, or why it is not interpreted."""
    return told(estimate.value, estimate, span=(estimate.low, estimate.high))


def told(
    value: float | None, *of: Estimate, span: tuple[float | None, float | None] = (None, None)
) -> ResultCell:
    """Return a number, or why one of the estimates that it is of is not interpreted."""
    mute = next((e for e in of if not is_interpretable(e)), None)
    if mute is not None:
        return number(None, reason=reason_of(mute))
    return number(value, span, reason="no data")
