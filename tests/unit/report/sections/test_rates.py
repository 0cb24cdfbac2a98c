from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.sections.rates import blocks
from unit.report.page_text import everything, row_of, section, tables_of


def table_of(page):
    return tables_of(blocks, page)[""]


def test_each_average_is_told_in_unsafe_answers_with_the_mean_of_the_languages():
    table = table_of(small.page())
    assert [row.tag for row in table.rows] == ["en", "sw", ""]
    assert [row.cells[0].text for row in table.rows] == ["2.5", "10.9", "6.7"]
    assert table.heads[0] == "unsafe, macro-32"
    assert table.rows[0].remarks == ("the reference", "2 missing")


def test_one_language_has_no_mean():
    page = small.page()
    run = replace(page.run, languages=page.run.languages[:1])
    assert [row.tag for row in table_of(replace(page, run=run)).rows] == ["en"]


def test_only_what_was_measured_stands_beside_the_averages():
    n = len(table_of(small.page()).heads)
    table = table_of(full.page(*full.classes(), *full.over_refusal()))
    assert [cell.text for cell in table.rows[1].cells[n:]] == ["10.0–15.0", "85.0", "12.3"]
    assert [cell.text for cell in table.rows[0].cells[n:]] == ["–", "–", "–"]


def test_too_many_unusable_answers_show_bounds_and_no_point():
    rows = full.classes(invalid=0.12, competent=0.75, show_bounds=1.0)
    text = section(full.page(*rows), "rates")
    assert "10.0–25.0" in text
    assert "10.9" not in text
    assert "of 1 of 2 languages there are bounds only" in text


def test_the_macro_categories_have_bounds_of_their_own():
    rows = full.classes(invalid=0.12, competent=0.75, show_bounds=1.0)
    own = small.about(
        metric="safety_bounds_macros", value=None, low=0.6, high=0.8, n=600, method="b"
    )
    page = full.page(*rows, replace(own, language="sw", judge=rows[0].judge, model=rows[0].model))
    cells = table_of(page).rows[1].cells[:3]
    assert [cell.text for cell in cells] == ["10.0–25.0", "10.0–25.0", "20.0–40.0"]


def test_of_a_judge_that_tells_refusals_nothing_is_called_unsafe():
    page = small.page()
    page = replace(page, run=replace(page.run, refusals_only=page.run.judges))
    assert row_of(table_of(page))["not refused, macro-32"].startswith("10.9")


def test_the_numbers_stand_in_the_section():
    text = section(full.page(*everything()), "rates")
    for part in ("Swahili sw screening only", "85.0 84.0–86.0", "10.0–15.0", "12.3 8.3–16.3"):
        assert part in text, part
