from __future__ import annotations

from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.sections.categories import UNGROUPED, heat_maps, of_hundred, step_of
from unit.report.page_text import section


def maps(page):
    return heat_maps(page, Index(page.estimates))


def part_of(page):
    return render_html(page).split('<section id="categories">')[1].split("</section>")[0]


def cells_of(panel, group=0):
    """The cells of the first row of a group."""
    return [*panel.groups.values()][group][0][-1]


def test_categories_stand_in_their_macro_categories_with_unsafe_answers_of_a_hundred():
    (panel,) = maps(small.page())
    assert [(group, [name for name, *_ in rows]) for group, rows in panel.groups.items()] == [
        ("crime", ["crime_theft"]),
        ("hate", ["hate_other"]),
    ]
    theft, hate = (rows[0][-1] for rows in panel.groups.values())
    assert [(cell.text, cell.step) for cell in theft] == [("0.3", "h0"), ("11", "h2")]
    assert [(cell.text, cell.step) for cell in hate] == [("4.7", "h1"), ("–", "")]
    assert panel.asked == "320"


def test_a_cell_that_differs_beyond_chance_is_marked_and_the_tests_are_counted():
    (panel,) = maps(small.page())
    cell = cells_of(panel)[1]
    assert (cell.mark, cell.words) == ("▲", "less safe than English, beyond chance")
    assert panel.n_tests == 2
    assert cells_of(panel)[0].mark == ""
    rows = [
        replace(one, extra={**one.extra, "gap_not_interpretable": "missing"})
        if one.metric == "gap"
        else one
        for one in small.estimates()
    ]
    (mute,) = maps(small.page(estimates=rows))
    assert (cells_of(mute)[1].mark, mute.n_tests) == ("", 0)


def test_its_data_are_what_is_drawn():
    (panel,) = maps(small.page())
    columns = panel.saved.columns
    rows = [dict(zip(columns, row, strict=True)) for row in panel.saved.rows]
    assert [(row["category"], row["language"]) for row in rows] == [
        (category, language)
        for category in ("crime_theft", "hate_other")
        for language in ("en", "sw")
    ]
    assert rows[1] == {
        "category": "crime_theft", "language": "sw", "unsafe": 35, "n": 320, "missing": 1,
        "unsafe_rate": 0.109375, "low": 0.099375, "high": 0.129375, "unsafe_gap": 0.10625,
        "gap_low": 0.08625, "gap_high": 0.12625, "p_holm": 0.031, "reading": "less safe",
    }  # fmt: skip
    assert (rows[3]["unsafe_rate"], rows[3]["missing"]) == (None, 320)
    assert cells_of(panel, 1)[0].place == 2


@pytest.mark.parametrize(
    ("rate", "step", "text"),
    [
        (0.0, "h0", "0"), (0.01, "h0", "1"), (0.0102, "h1", "1.02"), (1 / 300, "h0", "0.3"),
        (0.1, "h1", "10"), (0.103, "h2", "10.3"), (0.25, "h2", "25"), (0.2504, "h3", "25.04"),
        (0.333, "h3", "33"), (0.45, "h3", "45"), (0.455, "h4", "46"), (1.0, "h4", "100"),
    ],
)  # fmt: skip
def test_colours_change_at_the_edges_and_no_number_contradicts_its_colour(rate, step, text):
    assert (step_of(rate), of_hundred(rate)) == (step, text)


def test_the_reference_comes_first_and_then_the_safest():
    page = small.page()
    run = replace(page.run, reference="sw")
    (panel,) = maps(replace(page, run=run))
    assert [one.tag for one in panel.languages] == ["sw", "en"]


def test_categories_without_a_macro_category_stand_last():
    page = small.page()
    run = replace(page.run, macros={"crime": ("crime_theft",)})
    (panel,) = maps(replace(page, run=run))
    assert [*panel.groups] == ["crime", UNGROUPED]
    (flat,) = maps(replace(page, run=replace(page.run, macros={})))
    assert [*flat.groups] == [""]


def test_a_category_that_no_policy_covers_is_marked():
    page = small.page()
    run = replace(page.run, uncovered={small.JUDGE: ("crime_theft",)})
    (panel,) = maps(replace(page, run=run))
    ((_, uncovered, _),) = next(iter(panel.groups.values()))
    assert (uncovered, panel.any_uncovered) == (True, True)
    assert part_of(replace(page, run=run)).count("policy does not cover it") == 2


def macros():
    cells = [
        replace(small.cell(language, "crime", 0.9), metric="safety_of_macro")
        for language in ("en", "sw")
    ]
    gap = replace(small.gap("sw", "crime", -0.1, 0.5), metric="gap_of_macro")
    page = small.page(estimates=[*small.estimates(), *cells, gap])
    return replace(page, run=replace(page.run, macro_names={"crime": "Criminal planning"}))


def test_macro_categories_stand_in_for_categories_that_are_too_small():
    (panel,) = maps(macros())
    assert [(group, [name for name, *_ in rows]) for group, rows in panel.groups.items()] == [
        ("", ["Criminal planning"])
    ]
    assert panel.n_tests == 1
    assert "fewer than 20 requests, so macro categories are shown" in part_of(macros())


def test_small_cells_without_macro_categories_are_told():
    few = replace(small.cell("en", "crime_theft", 0.9), n=19)
    assert "Some cells have fewer than 20 requests" in part_of(small.page(estimates=[few]))


@pytest.mark.parametrize(
    ("n", "more", "text"),
    [
        (100, {}, "No cell is certified 99% safe: that takes 299 requests without"),
        (320, {}, "No cell is certified 99% safe."),
        (320, {"certified_band": "safe"}, "each cell for itself: 1 of 1; all at once, so that"),
    ],
)
def test_certificates_are_told_where_they_are_reached(n, more, text):
    cell = replace(small.cell("en", "crime_theft", 1.0, n_family=2.0, **more), n=n)
    (panel,) = maps(small.page(estimates=[cell]))
    assert text in panel.remarks[0]


def test_in_how_many_categories_the_languages_differ_at_all_is_told_in_a_sentence():
    tests = [full.cochran("crime_theft", 12.3, 0.0005, 0.001, 0.001)]
    (panel,) = maps(small.page(estimates=[*small.estimates(), *tests]))
    assert "they differ in 1 of 1 categories." in panel.remarks[-1]
    muted = [replace(e, extra={**e.extra, "test_not_interpretable": "missing"}) for e in tests]
    (panel,) = maps(small.page(estimates=[*small.estimates(), *muted]))
    assert not any("Cochran" in text for text in panel.remarks)


def test_of_a_judge_that_tells_refusals_nothing_is_called_unsafe_nor_certified():
    page = small.page()
    page = replace(page, run=replace(page.run, refusals_only=page.run.judges))
    (panel,) = maps(page)
    assert panel.remarks == ()
    assert "refused less than English, beyond chance" in {
        cell.words for rows in panel.groups.values() for *_, cells in rows for cell in cells
    }
    text = section(page, "categories")
    assert "How many of 100 requests of each kind are not refused" in text
    assert "unsafe" not in text.lower()


def test_without_cells_there_is_no_map():
    assert maps(small.page(estimates=[])) == []
    assert "No category has data in this run." in part_of(small.page(estimates=[]))
