"""What stands in one place alone: SQL in the store, a section's template by the section's name."""

from __future__ import annotations

import re

from architecture.source import FILES, ROOT, SOURCE, texts
from safeglot.report import page_sections


def test_templates_of_sections_are_called_as_their_modules():
    modules = {p.stem for p in (SOURCE / "report" / "sections").iterdir()}
    templates = {p.stem for p in (SOURCE / "report" / "templates" / "sections").iterdir()}
    bare = {row.id for row in page_sections.SECTIONS if row.context is page_sections._nothing}
    assert templates - modules == bare, "only a section that computes nothing has no module"


SQL = re.compile(
    r"\b(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\b|DELETE\s+FROM\b|UPDATE\s+\w+\s+SET\b|CREATE\s+(TEMP\s+)?(TABLE|INDEX|VIEW)\b"
    r"|FROM\s+[a-z_]+\b|JOIN\s+[a-z_]+\b|WHERE\s|ORDER BY\b|GROUP BY\b|PRAGMA\s|ATTACH\s)"
)


def test_sql_stands_in_the_store_alone():
    assert SQL.search("SELECT key FROM responses")
    outside = [p for p in FILES if not p.is_relative_to(SOURCE / "backends" / "store")]
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {' '.join(node.value.split())[:50]!r}"
        for path in outside
        for node in texts(path)
        if SQL.search(node.value)
    ]
    assert wrong == []
