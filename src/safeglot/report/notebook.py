"""What a notebook shows of a run, its tables and its progress, as pieces of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from safeglot.report.environment import environment
from safeglot.report.finding.headline import finding_of
from safeglot.report.page import Index, Page, PanelScope
from safeglot.report.table import ResultTable, headings, shown
from safeglot.report.terminal.rows import table_rows
from safeglot.text.surrogates import whole

ROWS = 20
"""Rows of a table that are shown."""
TEXTS = ("text", "thought", "rationale", "message", "example")
"""Columns whose cells are folded: they may hold what a model wrote."""


def table_html(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], n: int) -> str:
    """Return the first rows of a table; texts of models are folded until they are asked for."""
    return _filled(
        "table", name=name, columns=columns, folded=TEXTS, rows=list(islice(rows, ROWS)), n=n
    )  # fmt: skip


def run_html(page: Page) -> str:
    """Return the finding of each model by each judge: a sentence, and a row for each language."""
    index = Index(page.estimates)
    judges = [j for j in page.run.judges if j not in page.run.refusals_only] or [*page.run.judges]
    findings = []
    for judge in judges:
        for model in page.run.models:
            scope = PanelScope(run=page.run, index=index, judge=judge, model=model)
            found = finding_of(scope)
            rows = table_rows(found.rates, index.decimals)
            findings.append({"model": model, "judge": judge, "found": found, "rows": rows})
    return _filled("run", findings=findings, notes=[n.text for n in page.run.notes if n.of_part])


def tables_html(tables: Sequence[ResultTable]) -> str:
    """Return tables with what they may be read for."""
    return _filled("tables", tables=[(table, headings(table), _cells(table)) for table in tables])


def _cells(table: ResultTable) -> list[list[str]]:
    kinds = [column.kind for column in table.columns]
    return [
        [shown(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in table.rows
    ]


def progress_html(parts: Sequence[tuple[str, int, int]], text: str) -> str:
    """Return bars of what is done, `parts` as (name, done, of), and the line below them."""
    return _filled("progress", parts=parts, line=text)


def _filled(template: str, **context: Any) -> str:
    return whole(environment().get_template(f"notebook/{template}.html").render(**context))
