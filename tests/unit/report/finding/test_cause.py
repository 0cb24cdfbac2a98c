from __future__ import annotations

from dataclasses import replace

import pytest

from example.polyglot import FIVE, arms, page, rows, scope
from safeglot.report.finding.cause import NOT_KNOWN, UNTOLD, cause_of


def cause(parts, estimates=None):
    return cause_of(scope(page(rows(*FIVE) if estimates is None else estimates, parts)), "sw")


def test_the_whole_gap_is_one_terms_only_where_the_others_stay_under_a_quarter():
    assert cause(arms()).case == "one"
    high = arms(translation=(0.02, 0.0, 0.05), model=(0.17, 0.145, 0.196), judge=(0.0, -0.01, 0.01))
    assert cause(high).case == "part"
    assert cause(high).sentence == "The model accounts for 14.5 to 19.6 points of the gap."


def test_the_translation_can_be_the_whole_of_it():
    parts = arms(translation=(0.18, 0.16, 0.2), model=(0.0, -0.02, 0.02), judge=(0.0, -0.02, 0.02))
    assert cause(parts).sentence == "The gap is the translation's, not the model's or the judge's."


def test_without_peoples_translations_the_model_is_named_as_far_as_a_round_trip_tells():
    assert cause(arms(people=False)).sentence.endswith(
        "not the translation's or the judge's, as far as a round trip can tell."
    )


def test_a_term_whose_range_holds_zero_is_not_named():
    parts = arms(
        translation=(0.07, -0.05, 0.19), model=(0.09, -0.01, 0.21), judge=(0.0, -0.01, 0.01)
    )
    assert cause(parts).sentence == UNTOLD
    assert [term.sign for term in cause(parts).terms] == [0, 0, 0]


def test_an_arm_that_was_not_run_leaves_the_whole_unnamed():
    told = cause(arms(translation=(0.17, 0.15, 0.19)))
    assert told.case == "part"
    assert told.sentence.endswith("The other arms were not run.")
    assert told.term("judge") is None


def test_two_terms_of_like_size():
    parts = arms(translation=(0.07, 0.05, 0.09), model=(0.09, 0.07, 0.11), judge=(0.0, -0.01, 0.01))
    assert cause(parts).sentence == (
        "The model accounts for 7.0 to 11.0 points of the gap, the translation for 5.0 to 9.0 points."
    )


@pytest.mark.parametrize("parts", [[], arms(total=-0.05)])
def test_no_gap_or_no_arms_name_nothing(parts):
    assert cause(parts).sentence in (NOT_KNOWN, UNTOLD)
    assert cause(parts).case in ("not known", "untold")


def test_a_gap_that_is_not_interpreted_has_no_cause():
    why = {"gap_not_interpretable": "invalid"}
    held = [replace(e, extra={**e.extra, **why}) for e in arms()]
    assert cause(held).sentence == NOT_KNOWN
