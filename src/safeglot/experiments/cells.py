"""Columns and cells that the tables of several experiments share."""

from __future__ import annotations

from collections.abc import Mapping

from safeglot.report.numbers.interpretation import is_interpretable, reason_of
from safeglot.report.table import Column, Kind, ResultCell, number
from safeglot.types import Estimate


def columns(kinds: Mapping[str, Kind]) -> tuple[Column, ...]:
    """Return the columns of a table, from the name of each and the kind of its numbers."""
    return tuple(Column(name=name, kind=kind) for name, kind in kinds.items())


def estimate_cell(estimate: Estimate) -> ResultCell:
    """Return an estimate with its interval, or why it is not interpreted."""
    if not is_interpretable(estimate):
        return number(None, reason=reason_of(estimate))
    return number(estimate.value, (estimate.low, estimate.high), reason="no data")
