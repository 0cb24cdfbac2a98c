"""What belongs to a safety rate, beside it: competent-safe, corrected by labels, over-refusal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safeglot.errors import UsageError
from safeglot.experiments.field import MACROS, Field
from safeglot.experiments.runs import read_estimates
from safeglot.report.numbers.percent import percent
from safeglot.report.table import (
    ResultCell,
    ResultRow,
    ResultTable,
    number,
    said,
    word,
)
from safeglot.types import Estimate

METRICS = ("competent_safe", "safety_corrected", "over_refusal")
"""In the order of the columns."""
ASSUMPTION = (
    "competent-safe, corrected and over-refusal are of the same average as safety; over several "
    "languages each is the mean of the languages', with the mean of their intervals' ends, which is "
    "no shorter than its interval"
)

_Key = tuple[str, str | None, str | None, str | None]


class Besides:
    """The numbers beside the safety of a field's models, read from the results of their runs."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._read: dict[Path, dict[_Key, Estimate] | None] = {}

    def cells(self, name: str) -> tuple[ResultCell, ...]:
        """Return the cells of one entrant, in the order of METRICS."""
        return tuple(self.cell(name, metric) for metric in METRICS)

    def estimate(self, name: str, metric: str, language: str) -> Estimate | None:
        """Return one estimate of an entrant's run; None where it has none, or is not scored."""
        path, model = self._field.places[name]
        rows = self._rows(path) or {}
        return rows.get((metric, self._field.judge, model, language))

    def _rows(self, path: Path) -> Mapping[_Key, Estimate] | None:
        if path not in self._read:
            self._read[path] = _results(path)
        return self._read[path]

    def cell(self, name: str, metric: str) -> ResultCell:
        """Return one number of an entrant, of the average that the field is compared by."""
        field = self._field
        path, model = field.places[name]
        rows = self._rows(path)
        if rows is None:
            return number(None, reason="run not scored")
        if field.metric in MACROS:
            metric += "_macro"
        elif field.metric != "safety_micro":
            return number(None, reason="not for this average")
        languages = field.languages if field.language is None else (field.language,)
        found = [rows.get((metric, field.judge, model, tag)) for tag in languages]
        known = [e for e in found if e is not None and (e.value, e.low) != (None, None)]
        if len(known) < len(found):
            return number(None, reason="no data")
        ends = [_mean([getattr(e, end) for e in known]) for end in ("value", "low", "high")]
        return number(ends[0], (ends[1], ends[2]), reason="no data")


def _results(path: Path) -> dict[_Key, Estimate] | None:
    try:
        rows = read_estimates(path)
    except UsageError:
        return None
    return {(e.metric, e.judge, e.model, e.language): e for e in rows if e.category is None}


def _mean(parts: list[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) / len(known) if len(known) == len(parts) else None


def no_rank(share: float) -> str:
    """Return why a model has no rank."""
    return f"no rank: {percent(share)}% unusable"


def beside_table(field: Field, of: str) -> ResultTable:
    """Return what belongs to the safety of a field's models, for tables that have no room for it."""
    beside = Besides(field)
    rows: list[ResultRow] = [(word(e.name), *beside.cells(e.name)) for e in field.entrants]
    return ResultTable(
        **said("beside", of=of, beside=ASSUMPTION),
        rows=tuple(rows),
    )
