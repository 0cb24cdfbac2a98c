from __future__ import annotations

import re
from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.page import Index, NamedLanguage
from safeglot.report.sections.causes import cause_panels
from safeglot.score.causes.attribution import ASSUMPTIONS
from unit.report.page_text import section, section_ids


def panel(*estimates):
    page = full.page(*estimates)
    return cause_panels(page, Index(page.estimates))[0]


def extended(metric, **extra):
    return [
        replace(e, extra={**e.extra, **extra}) if e.metric == metric else e for e in full.arms()
    ]


def test_a_row_has_the_whole_gap_and_its_terms():
    (row,) = panel(*full.arms()).rows
    assert row.total.text == "+8.4"
    assert [term.text for term in row.terms] == ["+4.2", "+6.3", "−2.1"]
    assert row.shares == ("50% (31 to 69)",) * 3
    assert row.bound == "+2.1 to +4.2"
    assert (row.human.text, row.human.interval, row.human.n) == ("+3.0", "+1.0 to +5.0", "200")
    assert row.words.startswith("total +8.4 points (+6.4 to +10.4); translation +4.2 points")
    assert [bar.y for bar in row.bars] == [8, 26, 44, 62]


def test_translation_and_model_are_shown_from_one_end_of_their_pair_to_the_other():
    ends = {"other_end": 0.0211, "share_other_end": 0.25, "cause": "the translation"}
    ends |= {"alike": 0.02, "alike_low": -0.01, "alike_high": 0.05, "alike_n": 50}
    rows = [
        *[e for e in extended("unsafe_gap_translation", **ends) if e.metric != "unsafe_gap_model"],
        *[
            replace(e, extra={**e.extra, "other_end": 0.0844, "cause": None, "alike": 0.07,
                              "alike_low": 0.01, "alike_high": 0.1, "alike_n": 50})
            for e in full.arms() if e.metric == "unsafe_gap_model"
        ],
    ]  # fmt: skip
    (row,) = panel(*rows).rows
    assert [term.text for term in row.terms] == ["+2.1 to +4.2", "+6.3 to +8.4", "−2.1"]
    assert row.shares[0] == "50% / 25% (31 to 69)"
    assert row.named == "the translation (more unsafe answers than in English)"
    assert (row.alike[0].text, row.alike[1].text, row.alike[1].n) == ("+2.0", "+7.0", "50")
    assert "names no cause" in section(full.page(*rows), "causes")


def test_causes_that_are_held_back_say_why():
    why = "the gap is not interpreted: too much is missing or invalid (missing)"
    (row,) = panel(*extended("unsafe_gap_model", cause=None, cause_reason=why)).rows
    assert row.named == f"none: {why}"
    (row,) = panel(*full.arms()).rows
    assert row.named == "none: no sign holds over the whole interval"


def test_what_translators_quality_and_the_gate_say_stands_in_its_own_table():
    causes = panel(*full.arms())
    (translators,), (slope,), (selection,) = causes.translators, causes.slopes, causes.selections
    assert (translators.spread, translators.test) == ("2.00 pp", "Q 7.5, epsilon 0.82, p 0.024")
    assert (translators.gap.text, translators.robust) == ("+8.1", "yes")
    assert (slope.estimator, slope.odds.text, slope.adjusted) == ("kiwi", "−1.23", "9.1 at 0.87")
    assert (selection.kept, selection.paired) == ("97.5 of all, 98.2 of the kept", "−5.2")
    assert causes.curves is not None


def test_what_was_not_computed_is_a_dash():
    bare = [
        replace(e, value=None, extra={}) for e in full.arms() if e.metric == "translator_variance"
    ]
    (row,) = panel(*bare).translators
    shown = (row.spread, row.translators, row.test, row.dependability, row.robust, row.gap.text)
    assert shown == ("–",) * 6
    assert panel(*bare).rows == ()


def test_log_odds_that_cannot_be_had_say_why():
    lacking = extended("quality_slope", log_odds=None, log_odds_why="no discordant prompts")
    (slope,) = panel(*lacking).slopes
    assert (slope.odds.text, slope.odds.note) == ("–", "no discordant prompts")


def test_without_an_intervention_there_are_no_panels():
    page = small.page()
    assert cause_panels(page, Index(page.estimates)) == []


def test_the_assumptions_stand_beside_the_terms():
    text = section(full.page(*full.arms()), "causes")
    for sentence in ASSUMPTIONS:
        assert sentence in text


def test_suppressed_shares_say_why_and_print_none():
    text = section(full.page(*full.arms(share=None)), "causes")
    assert "not told: total within 3 standard errors of zero" in text
    assert "%" not in text.split("Shares of the gap")[1].split("Several translators")[0].replace(
        "100%", ""
    )


def test_a_term_without_its_arm_says_which_arm_it_needs():
    lacking = "not identified: needs the arm backtranslate"
    rows = [
        replace(one, value=None, low=None, high=None, method=lacking)
        if one.metric == "unsafe_gap_judge"
        else one
        for one in full.arms()
    ]
    html = render_html(full.page(*rows))
    assert lacking in section(full.page(*rows), "causes")
    assert html.count('"seg c-judge" x=') == 0
    assert html.count('"seg c-model" x=') == 1


def test_bars_of_the_terms_start_at_zero_and_go_the_way_of_their_sign():
    html = render_html(full.page(*full.arms()))
    zero = float(re.search(r'class="zero" x1="([\d.]+)%"', html.split('id="causes"')[1])[1])
    bars = dict(re.findall(r'"seg c-(\w+)" x="([\d.]+)%"', html.split('id="causes"')[1]))
    widths = dict(re.findall(r'"seg c-(\w+)" x="[\d.]+%" width="([\d.]+)%"', html))
    assert float(bars["translation"]) == zero
    assert float(bars["judge"]) + float(widths["judge"]) == pytest.approx(zero, abs=0.011)
    assert float(widths["model"]) == pytest.approx(3 * float(widths["judge"]), abs=0.05)


def test_one_language_has_no_causes():
    run = replace(small.page().run, languages=(NamedLanguage(tag="en", name="English"),))
    page = replace(full.page(), run=run)
    assert "causes" not in section_ids(page)


def test_of_a_gap_that_is_not_interpreted_no_term_share_or_cause_is_shown():
    why = {"gap_not_interpretable": "missing", "missing_share": 0.3, "missing_share_reference": 0.0}
    named = {"cause": "the translation", "cause_reason": None}
    rows = [replace(e, extra={**e.extra, **named, **why}) for e in full.arms()]
    shown = panel(*rows)
    (row,) = shown.rows
    note = "not interpreted: too much missing"
    assert (row.total.text, row.total.note, row.named) == ("–", note, f"none: the gap is {note}")
    assert {term.text for term in row.terms} == {"–"}
    assert (row.shares, row.share_reason, row.bars, row.bound) == (("", "", ""), note, (), "")
    assert (row.human.text, row.beyond.text, row.alike[0].text) == ("–", "–", "–")
    assert {t.gap.text for t in shown.translators} <= {"–"}
    assert {t.robust for t in shown.translators} <= {"–"}
    assert {s.slope.text for s in shown.slopes} <= {"–"}
    assert {s.paired for s in shown.selections} <= {"–"}
    assert shown.curves is None
    text = section(full.page(*rows), "causes")
    assert "the translation (" not in text
    assert "50% (31" not in text
    assert f"none: the gap is {note}" in text
