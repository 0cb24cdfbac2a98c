from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.sections.categories import UNGROUPED, heat_maps, shrunk_maps


def maps(page, build=heat_maps):
    return build(page, Index(page.estimates))


def test_categories_stand_in_their_macro_categories():
    (panel,) = maps(small.page())
    assert [(group.name, [row.category for row in group.rows]) for group in panel.groups] == [
        ("crime", ["crime_theft"]),
        ("hate", ["hate_other"]),
    ]
    theft = panel.groups[0].rows[0]
    assert [square.rate for square in theft.squares] == ["99.7", "89.1"]
    assert (theft.n, theft.uncovered) == ("320", False)
    assert panel.groups[1].rows[0].n == "0–320"  # Swahili has no verdict there


def test_categories_without_a_macro_category_stand_last():
    page = small.page()
    run = replace(page.run, macros={"crime": ("crime_theft",)})
    (panel,) = maps(replace(page, run=run))
    assert [group.name for group in panel.groups] == ["crime", UNGROUPED]
    (flat,) = maps(replace(page, run=replace(page.run, macros={})))
    assert [group.name for group in flat.groups] == [""]


def test_a_category_that_no_policy_covers_is_marked_where_it_is_counted():
    page = full.page(full.shrunk("en", "crime_theft", 0.97, 0.99))
    run = replace(page.run, uncovered={small.JUDGE: ("crime_theft",)})
    (raw,), (shrunk,) = (maps(replace(page, run=run), b) for b in (heat_maps, shrunk_maps))
    assert raw.groups[0].rows[0].uncovered
    assert raw.any_uncovered
    assert "does not cover" in raw.groups[0].rows[0].squares[0].tip
    assert not shrunk.any_uncovered


def test_few_prompts_and_wide_intervals_are_flagged():
    few = replace(small.cell("en", "crime_theft", 0.9), n=20, low=0.6, high=0.97)
    (panel,) = maps(small.page(estimates=[few]))
    square = panel.groups[0].rows[0].squares[0]
    assert (square.few, square.pale) == (True, True)
    assert (panel.any_few, panel.any_pale) == (True, True)
    assert "at least 99% needs 299 prompts or more" in square.tip
    (wholly,) = maps(small.page())
    assert (wholly.any_few, wholly.any_pale) == (False, False)


def test_without_cells_there_is_no_map():
    assert maps(small.page(estimates=[])) == []
    assert maps(small.page(), shrunk_maps) == []


def test_the_map_has_a_second_view_for_looking():
    rows = [full.shrunk("en", "crime_theft", 0.9711, 0.9969)]
    html = render_html(full.page(*rows))
    part = html.split('<section id="categories">')[1].split("</section>")[0]
    assert re.findall(r'data-view="(\w+)"', part) == ["raw", "shrunk"]
    assert 'name="view" value="raw" data-choose="view" autocomplete="off" checked' in part
    tips = [unescape(tip).replace("\xa0", " ") for tip in re.findall(r'data-tip="([^"]*)"', part)]
    assert tips[4].split("\n") == [
        "crime_theft, English (en)",
        "97.11% after shrinking, 95% interval 95.11–99.11%",
        "99.69% as counted, n = 320",
        "For looking, not for claims.",
    ]
    assert tips[5].endswith("no data")
    assert 'data-view="shrunk"' not in render_html(full.page())


def test_a_shrunk_cell_never_certifies():
    rows = [full.shrunk("en", "crime_theft", 0.999, 1.0)]
    part = render_html(full.page(*rows)).split('data-view="shrunk"')[1].split("</table>")[0]
    assert "m-certified" not in part
    assert "#m-safe" in part
