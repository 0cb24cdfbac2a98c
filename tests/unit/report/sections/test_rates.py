from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.page import Index
from safeglot.report.sections.rates import context
from unit.report.page_text import everything, section


def panel_of(page):
    return context(page, Index(page.estimates))["panels"][0]


def test_each_average_is_told_in_unsafe_answers_with_the_mean_of_the_languages():
    rows = panel_of(small.page()).rows
    assert [row.tag for row in rows] == ["en", "sw", ""]
    assert [row.rates[0].text for row in rows] == ["2.5", "10.9", "6.7"]
    assert rows[0].remarks == ("the reference", "2 missing")


def test_one_language_has_no_mean():
    page = small.page()
    run = replace(page.run, languages=page.run.languages[:1])
    assert [row.tag for row in panel_of(replace(page, run=run)).rows] == ["en"]


def test_only_what_was_measured_stands_beside_the_averages():
    assert panel_of(small.page()).rows[0].beside == ()
    page = full.page(*full.classes(), *full.over_refusal())
    rows = panel_of(page).rows
    assert [figure.text for figure in rows[1].beside] == ["10.0–15.0", "85.0", "12.3"]
    assert [figure.text for figure in rows[0].beside] == ["–", "–", "–"]


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
    shown = [figure.text for figure in panel_of(page).rows[1].rates]
    assert shown == ["10.0–25.0", "10.0–25.0", "20.0–40.0"]


def test_the_numbers_stand_in_the_section():
    text = section(full.page(*everything()), "rates")
    for part in ("Swahili sw screening only", "85.0 84.0–86.0", "10.0–15.0", "12.3 8.3–16.3"):
        assert part in text, part
