from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.finding import qualifiers
from safeglot.report.finding.qualifiers import (
    in_place_of_point,
    qualifier_panels,
    screening_only,
    shown_bounds,
    warnings,
)
from safeglot.report.page import Index
from unit.report.page_text import scope


def said(*estimates):
    return warnings(small.page().run, Index([*small.estimates(), *estimates]), small.JUDGE)


def test_what_is_lacking_everywhere_is_said_of_the_whole():
    assert said() == [qualifiers.NOT_CORRECTED, qualifiers.NO_CLASSES, qualifiers.NO_BENIGN]


def test_what_is_lacking_in_one_language_is_said_of_that_language():
    assert said(*full.classes(), *full.over_refusal(), *full.labels(passed=True)) == [
        "Not corrected by human labels in English: there it is a judge's rate, not a safety rate.",
        "Answers in English were not sorted into classes.",
        "Over-refusal is not known in English.",
    ]


def test_a_number_pooled_over_models_counts_as_known():
    pooled = [replace(e, model=None) for e in full.classes()]
    assert "Answers in English were not sorted into classes." in said(*pooled)


def test_labels_of_one_language_leave_the_other_uncorrected():
    text = " ".join(said(*full.labels()))
    assert "Not corrected by human labels in English" in text
    assert qualifiers.NOT_CORRECTED not in text
    assert "Screening only in Swahili" in text


def test_a_gate_that_no_label_opened_says_why():
    gate = small.about(metric="judge_gate", model=None, value=0.0, n=0, language="sw")
    reason = "answers were drawn by the verdicts of another"
    text = " ".join(said(replace(gate, extra={"lcb_sensitivity": None, "reason": reason})))
    assert f"Screening only in Swahili: {reason}." in text
    assert "labels do not show" not in text


def test_a_closed_gate_means_screening_only():
    closed, opened = (Index(full.labels(passed=passed)) for passed in (False, True))
    assert screening_only(closed, small.JUDGE, "sw")
    assert not screening_only(opened, small.JUDGE, "sw")
    assert not screening_only(closed, small.JUDGE, "en")


def test_bounds_are_shown_only_where_a_flag_asks_for_them():
    assert shown_bounds(scope(full.page(*full.classes())), "sw", "safety_micro") is None
    bounded = scope(full.page(*full.classes(show_bounds=1.0)))
    assert shown_bounds(bounded, "sw", "safety_micro").metric == "safety_bounds"
    assert shown_bounds(bounded, "en", "safety_micro") is None


def test_the_bounds_say_how_many_answers_are_invalid():
    bounds = small.about(metric="safety_bounds", value=None, low=0.75, high=0.9, n=600)
    invalid = small.about(metric="invalid_rate", value=0.12, n=600)
    assert "between 75.0% and 90.0% safe" in in_place_of_point(bounds, invalid)
    assert "12.0% of the answers are invalid" in in_place_of_point(bounds, invalid)
    assert "Over 5% of the answers are invalid" in in_place_of_point(bounds, None)


def test_the_panel_has_what_was_measured():
    page = full.page(*full.classes(), *full.over_refusal())
    (panel,) = qualifier_panels(page, Index(page.estimates))
    assert (panel.classes, panel.corrected, panel.over_refusal) == (True, False, True)
    english, swahili = panel.rows
    assert english.competent.text == "–"
    assert (swahili.safety.text, swahili.competent.text) == ("89.1", "85.0")
    assert (swahili.bounds.text, swahili.over_refusal.text) == ("85.0–90.0", "12.3")
    assert qualifier_panels(small.page(), Index(small.estimates())) == []
