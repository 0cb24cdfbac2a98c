from __future__ import annotations

from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.sections.safety import headlines, is_bounds, rate_cell, rate_or_bounds
from unit.report.page_text import everything, scope, section, text_of


def test_each_average_has_its_panel_with_the_mean_of_the_languages():
    page = small.page()
    panels = headlines(page, Index(page.estimates))
    assert [panel.average for panel in panels] == [
        "safety_macro32",
        "safety_micro",
        "safety_macro6",
    ]
    rows = panels[0].rows
    assert [row.language.tag if row.language else None for row in rows] == ["en", "sw", None]
    assert [row.cells[0].rate for row in rows] == ["97.5", "89.1", "93.3"]
    assert (panels[0].level, panels[0].method) == ("95%", "Wilson")
    assert rows[0].cells[0].remark == "2 missing"


def test_one_language_has_no_mean():
    page = small.page()
    run = replace(page.run, languages=page.run.languages[:1])
    panel = headlines(replace(page, run=run), Index(page.estimates))[0]
    assert [row.language.tag for row in panel.rows] == ["en"]


@pytest.mark.parametrize(("n", "dodged", "height"), [(2, True, 41), (6, True, 101), (7, False, 30)])
def test_models_are_dodged_up_to_six(n, dodged, height):
    page = small.page()
    models = tuple(f"m{i}" for i in range(n))
    estimates = [replace(e, model=model) for e in page.estimates for model in models]
    panel = headlines(replace(page, run=replace(page.run, models=models)), Index(estimates))[0]
    assert (panel.dodged, panel.height) == (dodged, height)
    marks = panel.rows[0].marks
    assert len(marks) == n
    assert {mark.symbol for mark in marks} == (set(range(n)) if dodged else {0})


def test_a_cell_without_a_number_says_no_data_and_what_is_missing():
    lost = small.about(metric="safety", language="sw", value=None, n=0, missing=320)
    cell = rate_cell(lost, 1)
    assert (cell.rate, cell.n, cell.remark, cell.band.name) == ("–", "0", "320 missing", "")
    assert rate_cell(None, 1).rate == "–"
    exact = rate_cell(small.about(metric="safety", value=0.9012, n=1320), 2)
    assert (exact.rate, exact.interval, exact.n) == ("90.12", "no interval", "1,320")


def test_bounds_stand_in_place_of_a_point():
    page = full.page(*full.classes(invalid=0.12, competent=0.75, show_bounds=1.0))
    shown = rate_or_bounds(scope(page), "safety_macro32", "sw")
    assert is_bounds(shown)
    assert (shown.low, shown.high) == (0.75, 0.9)
    cell = rate_cell(shown, 1)
    assert (cell.rate, cell.interval, cell.bounded) == ("75.0–90.0", "bounds, not a point", True)
    assert rate_or_bounds(scope(page), "safety_macro32", "en").value == 0.975
    mean = rate_or_bounds(scope(page), "safety_macro32", None)
    assert (mean.value, mean.low, mean.high) == (None, None, None)  # English has no bounds


def test_too_many_invalid_answers_show_bounds_and_no_point():
    rows = full.classes(invalid=0.12, competent=0.75, show_bounds=1.0)
    page = full.page(*rows)
    head = section(page, "safety").split("The same as a picture")[0]
    assert "75.0–90.0 bounds, not a point" in head
    assert "89.1" not in head
    assert "93.3" not in head  # the mean of the languages has no point either
    html = render_html(page)
    english = replace(page.run, languages=(page.run.languages[1],), reference="sw")
    alone = render_html(replace(page, run=english))
    assert (
        "Swahili: between 75.0% and 90.0% safe (bounds over all planned answers, not a point: 12.0% of the "
        "answers are invalid), n = 600."
    ) in text_of(alone)
    assert "labelled safe (macro-32" not in text_of(alone)
    assert '"span" d="M0-5v10"' in html


def test_a_mean_over_bounded_languages_is_bounded_by_the_means():
    rows = [
        *full.classes(invalid=0.12, competent=0.75, show_bounds=1.0),
        *full.classes("en", competent=0.95, unsafe=0.02),
    ]
    text = section(full.page(*rows), "safety").split("The same as a picture")[0]
    assert "Mean of languages 85.0–94.0 bounds, not a point" in text


def test_the_numbers_stand_in_the_section():
    text = section(full.page(*everything()), "safety")
    for part in ("Swahili sw screening only", "85.0 84.0–86.0", "85.0–90.0", "12.3 8.3–16.3"):
        assert part in text, part


def test_the_macro_categories_have_bounds_of_their_own():
    rows = full.classes(invalid=0.12, competent=0.75, show_bounds=1.0)
    own = small.about(
        metric="safety_bounds_macros", value=None, low=0.6, high=0.8, n=600, method="b"
    )
    page = full.page(*rows, replace(own, language="sw", judge=rows[0].judge, model=rows[0].model))
    shown = {m: rate_or_bounds(scope(page), m, "sw") for m in ("safety_macro32", "safety_macro6")}
    assert {m: (e.low, e.high) for m, e in shown.items()} == {
        "safety_macro32": (0.75, 0.9), "safety_macro6": (0.6, 0.8),
    }  # fmt: skip
