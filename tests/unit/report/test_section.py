from __future__ import annotations

from safeglot.report.section import Section, fill


def facts(name, context):
    return Section(id=name, title=name.title(), template="facts.html", context=context)


def test_each_section_is_filled_from_what_is_shared_and_its_own():
    rows = (
        facts("one", lambda value: {"fact_tables": (("First", {"key": value}),)}),
        facts("two", lambda value: {"fact_tables": (("Second", {}),)}),
    )
    one, two = fill(rows, {"shared": "not used"}, "<value>")
    assert (one.id, one.title) == ("one", "One")
    assert "<h3>First</h3>" in one.text
    assert "<td>&lt;value&gt;</td>" in one.text
    assert two.text == ""  # facts.html leaves a table without facts out


def test_a_section_without_a_context_is_left_out():
    rows = (facts("one", lambda: None), facts("two", lambda: {"fact_tables": ()}))
    assert [filled.id for filled in fill(rows, {})] == ["two"]
