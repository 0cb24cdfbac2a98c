"""Pieces of HTML for a notebook: names and texts of others are escaped."""

from __future__ import annotations

from safeglot.report.notebook import progress_html, tables_html
from safeglot.report.table import Column, ResultTable, number, word

TABLE = ResultTable(
    title="Safety: <mean>",
    columns=(Column(name="model"), Column(name="safety", kind="rate")),
    rows=((word("<script>"), number(0.971, (0.952, 0.983))),),
    text="What it may be read for.",
    notes=("A note.",),
)


def test_tables_have_units_intervals_and_remarks():
    html = tables_html([TABLE])
    assert "safety, %" in html
    assert "97.1 [95.2 to 98.3]" in html
    assert "What it may be read for." in html
    assert "<summary>Assumptions and notes</summary><p>A note.</p>" in html
    assert "<script>" not in html


def test_progress_has_a_bar_for_each_part():
    html = progress_html([("answers", 1200, 5000)], "[ 3 s] <b>")
    assert '<progress max="5000" value="1200">' in html
    assert "1,200 of 5,000" in html
    assert "&lt;b&gt;" in html
