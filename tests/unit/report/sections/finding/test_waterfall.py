from __future__ import annotations

import pytest

from example import polyglot
from safeglot.report.finding.headline import finding_of
from safeglot.report.sections.finding.waterfall import waterfalls


def falls_of(*estimates):
    scope = polyglot.scope(polyglot.page(polyglot.rows("sw", "bn"), *estimates))
    return waterfalls(scope, finding_of(scope))


def at(text):
    return float(text[:-1])


def test_the_steps_lead_from_english_to_the_language():
    falls = falls_of(polyglot.arms("sw"))
    (fall,) = falls.languages
    assert [step.name for step in fall.steps] == [
        "English", "Translation", "Model", "Judge", "Swahili",
    ]  # fmt: skip
    assert [step.look for step in fall.steps] == ["whole", "small", "main", "small", "whole"]
    assert [step.text for step in fall.steps] == [
        "5.9%", "+0.2 to +2.4", "+14.5 to +19.6", "−0.2 to +1.6", "24.8%",
    ]  # fmt: skip
    for above, below in zip(fall.steps[:-1], fall.steps[1:-1], strict=False):
        assert above.end == below.start
    assert fall.steps[-2].end == pytest.approx(fall.steps[-1].end, abs=1e-4)
    assert falls.are_less_safe


def test_the_bars_add_up_and_the_lines_are_the_widest_ranges():
    (fall,) = falls_of(polyglot.arms("sw")).languages
    wide = [at(fall.axis.width(step.start, step.end)) for step in fall.steps]
    assert sum(wide[:-1]) == pytest.approx(wide[-1], abs=0.05)
    model = fall.steps[2]
    assert model.low < model.end < model.high


def test_a_step_that_hides_a_part_goes_back():
    terms = {
        "translation": (0.05, 0.04, 0.06), "model": (0.19, 0.17, 0.2), "judge": (-0.05, -0.06, -0.04),
    }  # fmt: skip
    (fall,) = falls_of(polyglot.arms("sw", **terms)).languages
    judge = fall.steps[3]
    assert (judge.look, judge.text) == ("relief", "−6.0 to −4.0")
    assert judge.end < judge.start


def test_what_no_arm_split_stands_as_one_open_step():
    arms = [e for e in polyglot.arms("sw") if e.metric != "unsafe_gap_judge"]
    (fall,) = falls_of(arms).languages
    assert fall.steps[3].look == "open"
    assert fall.steps[3].name == "Judge"
    assert "not split" in fall.steps[3].text


def test_each_language_with_arms_can_be_chosen_and_the_headlines_comes_first():
    falls = falls_of(polyglot.arms("sw"), polyglot.arms("bn", total=0.095))
    assert [fall.tag for fall in falls.languages] == ["sw", "bn"]
    assert falls.shown == "sw"
    assert [row[:2] for row in falls.saved.rows][:2] == [["sw", "translation"], ["sw", "model"]]


def test_a_total_beside_the_languages_own_rate_is_told_as_such():
    (fall,) = falls_of(polyglot.arms("sw", total=0.15)).languages
    assert fall.steps[-1].text == "+15.0 in all"
    assert "Over all its requests the rate is 24.8%." in fall.foot


def test_a_rate_that_people_corrected_is_told_from_the_steps_by_the_judge_alone():
    (fall,) = falls_of(polyglot.labels("en", "sw", "bn"), polyglot.arms("sw")).languages
    assert fall.foot.endswith("By the judge's labels, not corrected by people's.")
    (fall,) = falls_of(polyglot.arms("sw")).languages
    assert "corrected" not in fall.foot


def test_without_arms_there_is_no_waterfall():
    assert falls_of() is None
