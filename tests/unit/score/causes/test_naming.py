from dataclasses import replace

import pytest

from safeglot.score.causes.attribution import Part
from safeglot.score.causes.naming import MODEL_OR_REPAIRED, cause, hold_back
from safeglot.types import Estimate

PART = Part(value=0.1, se=0.02, ci=(0.06, 0.14), low=0.05, high=0.15)
ROW = Estimate(metric="", model="m", judge="j", language="de", value=0.1, method="", n=9)


@pytest.mark.parametrize(
    ("bounds", "named"),
    [(None, True), ((0.01, 0.2), True), ((-0.01, 0.2), False), ((0.0, 0.2), False),
     ((1e-12, 0.2), False), ((-0.2, -0.01), True)],
)  # fmt: skip
def test_a_cause_needs_its_sign_over_all_that_is_told_of_it(bounds, named):
    told = cause("translation", replace(PART, bounds=bounds), by_people=False)
    assert told["cause"] == ("the translation" if named else None)
    assert (told["cause_reason"] is None) == named


def test_only_people_let_the_model_be_named_alone():
    assert cause("model", PART, by_people=False)["cause"] == MODEL_OR_REPAIRED
    assert cause("model", PART, by_people=True)["cause"] == "the model"
    assert cause("judge", PART, by_people=False)["cause"] == "the judge"


def test_a_gap_that_is_not_interpreted_names_no_cause():
    term = replace(ROW, metric="unsafe_gap_model", extra={"cause": "the model"})
    held = replace(ROW, metric="gap", extra={"gap_not_interpretable": "missing and invalid"})
    elsewhere = replace(term, language="sw")
    of_category = replace(held, language="sw", category="c")
    rows = hold_back([held, term, elsewhere, of_category])
    assert rows[1].extra["cause"] is None
    assert rows[1].extra["cause_reason"].endswith("over 5% missing and invalid")
    assert [rows[0], *rows[2:]] == [held, elsewhere, of_category]


def test_all_that_is_told_of_the_causes_carries_the_flag_of_the_gap():
    why = {"gap_not_interpretable": "missing", "missing_share": 0.1, "missing_share_reference": 0.0,
           "invalid_share": 0.0, "invalid_share_reference": 0.0}  # fmt: skip
    held = replace(ROW, metric="gap", extra={**why, "b": 1, "low_bound": -0.4})
    names = ("unsafe_gap_total", "unsafe_gap_judge", "translator_variance", "quality_slope",
             "gate_selection", "gap_at_quality_0.5")  # fmt: skip
    beside = [replace(ROW, metric=name) for name in ("safety_micro", "unsafe_gap_judge_labels")]
    rows = hold_back([held, *(replace(ROW, metric=name) for name in names), *beside])
    assert [dict(row.extra) for row in rows[1:-2]] == [why] * len(names)
    assert all(row.value == ROW.value for row in rows)
    assert [rows[0], *rows[-2:]] == [held, *beside]
