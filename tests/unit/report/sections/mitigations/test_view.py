"""The section of mitigations: what helps which language, and the plots and tables of all."""

from __future__ import annotations

from dataclasses import replace

from example import small
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.sections.mitigations.view import context
from unit.report.mitigated import NAMES, mitigated
from unit.report.page_text import row_of, section, section_ids


def panel(page):
    return context(page, Index(page.estimates))["panels"][0]


def blocks(page):
    return {block.title: block for block in panel(page).blocks}


def test_a_run_without_mitigations_has_no_section():
    assert "mitigations" not in section_ids(small.page())


def test_the_cheapest_that_helps_each_language_is_said_with_its_price():
    text = section(mitigated(), "mitigations")
    assert (
        "English system-en: +21.8 points of safety [+17.1 to +26.6]; harmless requests refused "
        "+1.2 points, +3.7 at most; +0.04 US$ per 1,000 prompts." in text
    )
    assert (
        "Swahili none named: each mitigation with a gain refuses more harmless requests, or "
        "gives more invalid answers." in text
    )


def test_a_table_a_mitigation_and_a_row_a_language():
    tables = blocks(mitigated())
    assert [*tables] == list(NAMES[1:])
    row = row_of(tables["system-en"])
    assert row["safety"] == "+0.8 −4.0 to +5.5 n 400 p 1.000"
    assert row["beyond that in English"] == "−21.0 −27.8 to −14.4 n 400 p <0.001"
    assert row["harmless refused"] == "+0.8 −1.4 to +3.0 n 400"
    assert row["tokens a prompt"].startswith("39 37 to 41")
    assert row["US$ for 1,000 unsafe answers fewer"] == "–"
    assert "beside others" not in row
    guard = row_of(tables[NAMES[2]])
    assert guard["harmless refused for one unsafe answer fewer"] == "0.69 0.53 to 0.89"


def test_what_was_hardly_read_is_not_interpreted():
    row = row_of(blocks(mitigated(unread=0.2))["system-en"])
    assert row["safety"].endswith("% not read or not valid")


def test_a_mitigation_that_another_one_beats_says_so():
    page = mitigated()
    beaten = [
        replace(e, extra={**e.extra, "dominated_by": "none", "dominates": NAMES[2]})
        if (e.metric, e.extra.get("mitigation")) == ("mitigation_safety", "system-en")
        else e
        for e in page.estimates
    ]
    found = panel(replace(page, estimates=beaten))
    row = row_of(next(b for b in found.blocks if b.title == "system-en"))
    assert row["beside others"] == (
        "safer than guard-before, and refuses less; none: safer, and refuses less"
    )
    (plane,) = (plane for name, plane, _ in found.frontiers if name == "Swahili")
    assert [spot.look for spot in plane.spots] == ["ref", "worse", "same"]


def test_the_plot_has_a_spot_for_none_and_each_mitigation_on_axes_that_languages_share():
    found = panel(mitigated())
    assert [name for name, *_ in found.frontiers] == ["English", "Swahili"]
    _, plane, words = found.frontiers[0]
    assert [spot.look for spot in plane.spots] == ["ref", "better", "better"]
    assert words.startswith("system-en: +21.8 points gained, +1.2 harmless refused")
    assert {spot.label.text for spot in plane.spots if spot.label} >= {"none", "system-en"}
    assert plane.x_axis.covers(0)
    assert plane.y_axis.covers(0)
    assert plane.x_axis == found.frontiers[1][1].x_axis
    assert len(found.saved.rows) == 4


def test_without_benign_prompts_there_is_no_plot():
    page = mitigated()
    kept = [e for e in page.estimates if e.metric != "mitigation_over_refusal"]
    assert panel(replace(page, estimates=kept)).frontiers == ()


def test_names_of_files_and_judges_are_escaped():
    html = render_html(mitigated())
    assert "<b>meta</b>" not in html
    assert "&lt;b&gt;meta&lt;/b&gt;" in html


def test_a_judge_that_tells_refusals_alone_tells_no_safety():
    page = mitigated()
    page = replace(page, run=replace(page.run, refusals_only=page.run.judges))
    text = section(page, "mitigations")
    assert "system-en: +21.8 points of harmful requests refused [" in text
    assert "points of safety" not in text
    assert "harmful requests refused" in panel(page).blocks[0].heads
