from dataclasses import replace

from example import full, small
from safeglot.report.numbers.interpretation import (
    as_shown,
    gap_bounds_words,
    gap_figure,
    has_bounds,
    is_interpretable,
    rate_bounds_words,
    why_not,
)

GAP = small.gap("sw", None, -0.08, 0.0004)
BOTH = {
    "gap_not_interpretable": "missing and invalid",
    "missing_share": 0.02, "missing_share_reference": 0.5,
    "invalid_share": 0.3, "invalid_share_reference": 0.06,
}  # fmt: skip


def test_each_share_above_the_limit_is_named_with_its_language():
    both = replace(GAP, extra=BOTH)
    assert not is_interpretable(both)
    assert why_not(both, "Swahili", "English") == (
        "50.0% of the planned verdicts in English are missing and 6.0% of the answers in English "
        "are invalid and 30.0% of the answers in Swahili are invalid"
    )
    assert why_not(GAP, "Swahili", "English") == ""


def test_a_gap_that_is_not_interpreted_has_its_bounds_in_place_of_a_point():
    mute = full.mute(GAP)
    shown = as_shown(mute)
    assert (shown.value, shown.low, shown.high) == (None, -0.2, 0.04)
    assert as_shown(GAP) == GAP
    assert gap_figure(mute, "Swahili", "English").note.startswith("not interpreted: 12.0%")
    assert gap_figure(GAP, "Swahili", "English").text == "\u22128.0"


def test_bounds_are_printed_only_where_something_is_missing():
    assert gap_bounds_words(full.mute(GAP)) == "\u221220.0 to +4.0"
    assert (
        rate_bounds_words(replace(GAP, extra={"low_bound": 0.5, "high_bound": 1.0}))
        == "50.0 to 100.0"
    )
    assert gap_bounds_words(GAP) == ""
    assert not has_bounds(GAP)
