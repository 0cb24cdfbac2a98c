"""Models side by side, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safeglot.cli.python.table import DataTable
from safeglot.report.table import ResultTable, to_text


class Comparison:
    """The tables of `compare`: the leaderboard first."""

    def __init__(self, tables: Sequence[ResultTable]) -> None:
        self.tables = tuple(tables)

    @property
    def data(self) -> tuple[DataTable, ...]:
        """The tables as data, rates in [0, 1]; a number's interval stands in columns of its own."""
        return tuple(DataTable(table.title, dict(_columns(table))) for table in self.tables)

    def __str__(self) -> str:
        return to_text(self.tables)

    def __repr__(self) -> str:
        return f"<comparison: {'; '.join(table.title for table in self.tables)}>"

    def _repr_html_(self) -> str:
        from safeglot.report.notebook import tables_html

        return tables_html(self.tables)


def _columns(table: ResultTable) -> Iterator[tuple[str, list[object]]]:
    for k, column in enumerate(table.columns):
        cells = [row[k] for row in table.rows]
        if column.kind == "word":
            yield column.name, [cell.text for cell in cells]
            continue
        yield column.name, [cell.value for cell in cells]
        if any(cell.low is not None for cell in cells):
            yield f"{column.name} low", [cell.low for cell in cells]
            yield f"{column.name} high", [cell.high for cell in cells]
