from __future__ import annotations

from example import polyglot
from safeglot.report.page import Index
from safeglot.report.sections.finding.view import context
from unit.report.page_text import section


def panel_of(page):
    (panel,) = context(page, Index(page.estimates))["panels"]
    return panel


def test_the_first_screen_has_the_sentence_the_languages_and_the_cause():
    page = polyglot.page(polyglot.rows("sw", "de"), polyglot.arms("sw"))
    panel = panel_of(page)
    assert (panel["languages"] is None, panel["falls"] is None, panel["kinds"]) == (
        False,
        False,
        None,
    )
    text = section(page, "finding")
    assert text.startswith(
        "In Swahili 1 of 4 harmful requests is answered unsafely; in English 1 of 17. The gap is the model"
    )
    assert "Why Swahili is less safe" in text


def test_without_arms_the_kinds_of_answer_stand_in_place_of_the_cause():
    page = polyglot.page(polyglot.rows("sw"))
    panel = panel_of(page)
    assert panel["falls"] is None
    assert panel["kinds"] is not None
    assert "Why is not known yet." in section(page, "finding")


def test_a_run_that_can_find_little_shows_what_it_did_find():
    page = polyglot.small_run()
    panel = panel_of(page)
    assert panel["languages"] is None
    assert [(row.name, row.gap) for row in panel["english"].rows][:2] == [
        ("Swahili", "17 of 22"), ("French", "8 of 31"),
    ]  # fmt: skip
    text = section(page, "finding")
    assert text.startswith("Asked in Swahili, this small model answers in English 17 times of 22")
    assert "Unsafe answers in each language" not in text
    assert "This shows the tool, not a model" in text
