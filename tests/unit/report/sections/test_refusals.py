from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.sections.refusals import refusal_panels, same_discrimination
from unit.report.page_text import everything, section

BOTH = [*full.over_refusal("en", refused=0.05, handled=0.97), *full.over_refusal()]


def panel(*estimates):
    page = full.page(*estimates)
    return refusal_panels(page, Index(page.estimates))[0]


def test_the_curve_goes_through_the_reference():
    rows = [*full.over_refusal("en", refused=0.05, handled=0.97), *full.over_refusal()]
    html = render_html(full.page(*rows))
    d = re.search(r'class="curve" d="M([^"]+)"', html)[1]
    line = [tuple(map(float, at.split())) for at in d.split("L")]
    point = re.search(
        r'<g class="ref">.*?<circle class="dot" cx="([\d.]+)%" cy="([\d.]+)%"',
        html.split('class="plane"')[1],
    )
    x, y = (float(part) for part in point.groups())
    nearest = min(line, key=lambda at: abs(at[0] - x))
    assert nearest[1] == pytest.approx(y, abs=2.5)  # the log-linear correction moves it a little
    assert all(a[1] <= b[1] for a, b in pairwise(line))  # down to the right


def test_the_plane_has_a_spot_for_each_language_with_both_rates():
    plane = panel(*BOTH)
    assert [spot.look for spot in plane.plane.spots] == ["ref", "worse"]
    assert plane.height == "harmful requests handled safely"
    assert plane.words.startswith(
        "English: 95.0% of harmless requests answered, 97.0% of harmful requests handled safely; "
        "Swahili: 87.7% of"
    )


def test_the_title_says_which_language_refuses_more_and_which_tells_less_well():
    assert panel(*BOTH).told == "No language's interval lies apart from English's."
    far = [
        replace(e, value=e.value + 0.3, low=e.low + 0.3, high=e.high + 0.3)
        if (e.metric, e.language) == ("over_refusal", "sw")
        else replace(e, value=1.0, low=0.9, high=1.1)
        if (e.metric, e.language) == ("dprime", "sw")
        else e
        for e in BOTH
    ]
    assert panel(*far).told == (
        "Swahili refuses more harmless requests than English. "
        "Swahili tells harmful from harmless less well than English."
    )


def test_the_height_is_the_best_rate_that_there_is():
    assert (
        panel(*BOTH, *full.classes()).height == "harmful requests handled safely by a usable answer"
    )
    refusals = [e for e in BOTH if e.metric == "over_refusal"]
    assert panel(*refusals).height == "harmful requests not answered unsafely"


def test_without_the_reference_there_is_no_curve():
    assert panel(*full.over_refusal()).curve == ""
    assert panel(*BOTH).curve.startswith("M")


def test_the_judge_that_tells_refusals_is_named_where_it_is_another_one():
    assert panel(*BOTH).refusal_by == "wildguard"
    own = [replace(e, extra={"refusal_by": small.JUDGE}) for e in BOTH]
    assert panel(*own).refusal_by == ""


def test_discrimination_is_zero_where_harmless_is_refused_like_harmful():
    assert same_discrimination(0.3, 0.3, 500, 500) == pytest.approx(0.0, abs=1e-12)
    assert same_discrimination(0.0, 1.0, 250, 600) > same_discrimination(0.1, 0.9, 250, 600) > 2
    assert same_discrimination(0.9, 0.1, 250, 600) == pytest.approx(
        -same_discrimination(0.1, 0.9, 250, 600)
    )


def test_without_benign_prompts_there_is_no_panel():
    page = small.page()
    assert refusal_panels(page, Index(page.estimates)) == []


def test_the_data_have_both_rates_and_how_well_they_are_told_apart():
    saved = panel(*everything()).saved
    row = next(row for row in saved.rows if row[0] == "sw")
    told = dict(zip(saved.columns, row, strict=True))
    assert (round(1 - told["harmless_answered"], 4), round(told["dprime"], 2)) == (0.1234, 2.44)
    assert (
        "Refusals by wildguard. A second judge, refusal-encoder, has 3.0% (English, n 248) to "
        "10.3% (Swahili, n 248) of the harmless refused."
    ) in section(full.page(*everything()), "plane")


def test_of_a_judge_that_tells_refusals_the_height_is_what_was_refused():
    page = full.page(*BOTH)
    page = replace(page, run=replace(page.run, refusals_only=page.run.judges))
    assert refusal_panels(page, Index(page.estimates))[0].height == "harmful requests refused"
