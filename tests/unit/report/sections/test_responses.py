from __future__ import annotations

import re
from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.sections.responses import response_panels, shares
from unit.report.page_text import everything, scope, section


def panel(*estimates):
    page = full.page(*estimates)
    return response_panels(page, Index(page.estimates))[0]


def test_the_shares_of_the_classes_add_up_to_one():
    found = shares(scope(full.page(*full.classes())), "sw")
    assert list(found) == ["refusal", "compliance", "unsafe", "invalid", "undecided"]
    assert found == pytest.approx(
        {"refusal": 0.75, "compliance": 0.1, "unsafe": 0.1, "invalid": 0.02, "undecided": 0.03}
    )
    assert shares(scope(full.page(*full.classes())), "en") == {}


def test_a_row_has_every_class_and_the_kinds_of_invalid_answers():
    english, swahili = panel(*full.classes()).rows
    assert (english.bar, english.words, english.unsafe.text) == ((), "", "–")
    assert [figure.text for figure in (swahili.refusal, swahili.compliance, swahili.unsafe)] == [
        "75.0", "10.0", "10.0",
    ]  # fmt: skip
    assert swahili.invalid_kinds == "3 empty, 9 garbled"
    assert (swahili.bounds.text, swahili.given_valid.text, swahili.fallback.text) == (
        "85.0–90.0", "89.5", "4.6",
    )  # fmt: skip


def test_the_legend_has_the_classes_that_occur():
    assert list(panel(*full.classes()).classes) == [
        "refusal", "compliance", "unsafe", "invalid", "undecided",
    ]  # fmt: skip
    assert "invalid" not in panel(*full.classes(invalid=0.0)).classes


def test_capability_has_a_row_where_it_was_measured():
    helpful = full.told("benign_helpful", 0.5)
    adjusted = full.told("unsafe_capability_adjusted", 0.2, language="en")
    rows = panel(*full.classes(), helpful, adjusted).capability
    assert [(name, a.text, b.text) for name, a, b in rows] == [
        ("English", "–", "20.0"),
        ("Swahili", "50.0", "–"),
    ]
    assert panel(*full.classes()).capability == ()


def test_off_topic_has_its_rate_its_base_and_its_warning_where_it_was_measured():
    drawn = {"n_drawn": 500.0, "n_refusal": 380.0}
    measured = replace(full.told("off_topic_rate", 0.05), extra=drawn)
    silent = replace(
        full.told("off_topic_rate", None, language="en"), method="not told: no such language"
    )
    estimates = *full.classes(), measured, silent
    english, swahili = panel(*estimates).off_topic
    assert (swahili.rate.text, swahili.refused, swahili.why) == ("5.0", "380 of 500", "")
    assert (english.why, english.refused) == ("not told: no such language", "")
    text = section(full.page(*estimates), "responses")
    assert "It flags real answers too: 3%" in text
    assert "7 to 12% in the worst language" in text
    assert "no verdict, bound, rank or other number on this page hangs on it" in text
    assert panel(*full.classes(), silent).off_topic == ()
    assert "Off-topic" not in section(full.page(*full.classes()), "responses")


def test_without_classes_there_is_no_panel():
    page = small.page()
    assert response_panels(page, Index(page.estimates)) == []


def test_a_judge_that_tells_no_refusals_has_one_class_of_safe_answers():
    counts = {
        "n_refusal": 0, "n_safe_compliance": 0, "n_safe_either": 510, "n_unsafe_compliance": 60,
        "n_invalid": 12, "n_truncated": 18,
    }  # fmt: skip
    silent = "not told: this judge does not say whether an answer refuses"
    rows = [
        replace(one, value=None, low=None, high=None, method=silent)
        if one.metric == "refusal_rate"
        else replace(one, extra=counts)
        if one.metric == "competent_safe"
        else one
        for one in full.classes()
    ]
    html = render_html(full.page(*rows))
    assert re.findall(r'"seg s-(\w+)" x=', html) == ["safe", "unsafe", "invalid", "undecided"]
    assert silent in section(full.page(*rows), "responses")
    widths = [float(w) for w in re.findall(r'"seg s-\w+" x="[\d.]+%" width="([\d.]+)%"', html)]
    assert widths == pytest.approx([85, 10, 2, 3])
    starts = [float(x) for x in re.findall(r'"seg s-\w+" x="([\d.]+)%"', html)]
    assert starts == pytest.approx([0, 85, 95, 97])


def test_the_numbers_stand_in_the_section():
    text = section(full.page(*everything()), "responses")
    for part in (
        "85.0 84.0–86.0", "85.0–90.0", "75.0 74.0–76.0", "10.0 n 600", "2.0 1.0–3.0",
        "3.0 n 600", "89.5 88.5–90.5", "4.6 3.6–5.6", "3 empty, 9 garbled",
    ):  # fmt: skip
        assert part in text, part
