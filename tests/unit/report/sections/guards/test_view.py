from dataclasses import replace

from safeglot.report.html import render_html
from safeglot.report.page import Index, Note
from safeglot.report.page_sections import SECTIONS
from safeglot.report.sections.guards.view import context
from safeglot.report.terminal.brief import RunPlace, brief
from unit.report.guards.pages import losing, page_of


def test_the_page_begins_with_the_finding_and_has_no_section_of_safety():
    text = render_html(page_of(losing(unread=5)))
    assert text.count("<h1>") == 1
    assert "llama-guard-3 finds less in Swahili" in text
    assert "Not evaluated: Yoruba (no text)" in text
    assert 'id="gaps"' not in text
    assert "What this shows" not in text
    assert all(section.id != "guards" for section in SECTIONS)


def test_tables_are_printed_with_units():
    page = page_of(losing())
    tables = context(page, Index(page.estimates))["tables"]
    first = tables[0]
    assert [head for head, _ in first["heads"]] == [
        "language",
        "unsafe",
        "found, %",
        "safe",
        "alarms, %",
    ]
    assert first["rows"][2][:3] == ["Swahili", "100", "60.0 [50.2 to 69.1]"]


def test_a_guard_that_failed_its_check_is_told_on_page_and_terminal():
    page = page_of(losing())
    fault = Note(
        text="llama-guard-3 failed its first check and was used all the same.", of_part=True
    )
    page = replace(page, run=replace(page.run, notes=(fault,)))
    assert fault.text in render_html(page)
    place = RunPlace(run="runs/g", page="r.html")
    assert fault.text in " ".join(brief(page, place, 100, colour=False).split())
