"""Guards under test: the finding, which languages were evaluated, and all tables."""

from __future__ import annotations

from typing import Any

from safeglot.report.guards.finding import finding_of, is_guard_test
from safeglot.report.guards.tables import guard_tables
from safeglot.report.page import Index, Page
from safeglot.report.table import ResultTable, headings, shown

MOST_OPEN = 40
"""Rows of a table that is shown unfolded."""


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return the finding and the tables as printed; None for a run that tests no guards."""
    if not is_guard_test(page):
        return None
    tables = guard_tables(page, index)
    return {
        "found": finding_of(page, index),
        "notes": list(dict.fromkeys(note.text for note in page.run.notes)),
        "tables": [_printed(table) for table in tables],
    }


def _printed(table: ResultTable) -> dict[str, Any]:
    """Return a table's heads, and its cells as texts, each with whether it is a number."""
    kinds = [column.kind for column in table.columns]
    return {
        "title": table.title,
        "text": table.text,
        "heads": [
            (head, kind != "word") for head, kind in zip(headings(table), kinds, strict=True)
        ],
        "is_long": len(table.rows) > MOST_OPEN,
        "rows": [
            [shown(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in table.rows
        ],
    }
