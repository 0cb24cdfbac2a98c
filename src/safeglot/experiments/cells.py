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
    if not is_interpretable(estimate):
        return number(None, reason=reason_of(estimate))
    return number(estimate.value, (estimate.low, estimate.high), reason="no data")
