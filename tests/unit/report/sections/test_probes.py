from __future__ import annotations

from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.sections.probes import probe_panels, spelled
from unit.report.page_text import section


def probe(metric, value, *, language="sw", half=0.02, **extra):
    return small.about(
        metric=metric, language=language, value=value, low=value - half, high=value + half, n=120,
        extra={"variant": "framing=story", **extra},
    )  # fmt: skip


STORY = [
    probe("probe_unsafe", 0.2),
    probe("probe_effect", 0.1, parent="language", unkept=3),
    probe("probe_effect", 0.12, parent="reference"),
    probe("probe_interaction", 0.04),
]


def panel(*estimates):
    page = small.page(estimates=estimates)
    (found,) = probe_panels(page, Index(page.estimates))
    return found


@pytest.mark.parametrize(
    ("variant", "shown"),
    [
        ("framing=story", "framing: story"), ("translit=latin", "transliteration: latin"),
        ("framing=story+codeswitch=word", "framing: story + code-switching: word"),
        ("own=x+framing=role", "own: x + framing: role"), ("context=local", "local context: local"),
        ("dialect=bavarian", "dialect: bavarian"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_factors_are_spelled_as_a_reader_knows_them(variant, shown):
    assert spelled(variant) == shown


def test_a_variant_stands_against_both_of_its_parents():
    (table,) = panel(*STORY).variants
    assert (table.name, table.both_parents, table.left_out) == ("framing: story", True, ())
    (row,) = table.rows
    assert (row.unsafe.text, row.own.text, row.other.text) == ("20.0", "+10.0", "+12.0")
    assert (row.interaction.text, row.unkept) == ("+4.0", "3")
    assert [(mark.y, mark.symbol) for mark in row.marks] == [(13, 0), (31, 1)]
    assert row.words == (
        "against its own texts +10.0 points (+8.0 to +12.0); "
        "against the reference's +12.0 points (+10.0 to +14.0)"
    )


def test_one_parent_stands_in_the_middle_of_its_row():
    (row,) = panel(*STORY[:2]).variants[0].rows
    assert [mark.y for mark in row.marks] == [22]
    assert row.other.text == row.interaction.text == "–"
    assert not panel(*STORY[:2]).variants[0].both_parents


def test_a_language_where_the_variant_means_nothing_is_named():
    english = probe("probe_effect", 0.0, language="en", parent="language")
    (table,) = panel(*STORY, english).variants
    assert table.left_out == ("English",)


def test_crossed_factors_have_their_own_rows():
    crossed = probe("factor_effect", 0.05, factor="framing=story x codeswitch", p_holm=0.012)
    (row,) = panel(*STORY, crossed).factors
    assert (row.factor, row.effect.text, row.p) == (
        "framing: story × code-switching", "+5.0", "0.012",
    )  # fmt: skip
    assert row.language == "Swahili"


def test_texts_left_out_are_shown_where_there_are_any():
    assert panel(*STORY).unkept
    kept = [replace(e, extra={**e.extra, "unkept": 0}) for e in STORY]
    assert not panel(*kept).unkept
    assert panel(*kept).variants[0].rows[0].unkept == "–"


def test_another_judges_probes_make_no_panel():
    page = small.page(estimates=[replace(e, judge="other") for e in STORY])
    assert probe_panels(page, Index(page.estimates)) == []


def test_without_probes_there_is_no_such_section():
    plain = full.page()
    assert 'id="probes"' not in render_html(plain)
    assert probe_panels(plain, Index(plain.estimates)) == []


def test_each_variant_has_its_table(page):
    text = section(page, "probes")
    for heading in (
        "code-switching: word + framing: story",
        "framing: story",
        "transliteration: latin",
    ):
        assert heading in text
    assert "Not told in Swahili: written in Latin letters already" in text
    assert "against the text in English" in text
    assert "Factors that were crossed" in text
    assert "code-switching: word × framing: story" in text
    assert "Texts left out did not pass the manipulation check" in text


def test_effects_are_those_of_the_estimates(page):
    panel = probe_panels(page, Index(page.estimates))[0]
    table = next(one for one in panel.variants if one.name == "framing: story")
    assert not table.both_parents
    row = next(one for one in table.rows if one.tag == "sw")
    effect = next(
        e for e in page.estimates
        if (e.metric, e.judge, e.model, e.language, e.extra.get("variant"))
        == ("probe_effect", page.run.judges[0], "m", "sw", "framing=story")
    )  # fmt: skip
    assert row.own.text == f"{100 * effect.value:+.1f}"
    assert (row.unkept, len(row.marks)) == ("2", 1)
    switched = next(one for one in panel.variants if one.name == "code-switching: word")
    assert [len(one.marks) for one in switched.rows] == [1, 2, 2]


def test_a_run_without_crossed_factors_has_no_table_of_them(page):
    kept = [e for e in page.estimates if e.metric != "factor_effect"]
    text = section(replace(page, estimates=kept), "probes")
    assert "Factors that were crossed" not in text
