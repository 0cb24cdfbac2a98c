from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.finding import qualifiers
from safeglot.report.finding.caveats import caveats
from safeglot.report.finding.headline import finding_of
from safeglot.report.finding.qualifiers import (
    screening_only,
    shown_bounds,
)
from safeglot.report.page import Index
from unit.report.page_text import scope


def said(*estimates):
    page = small.page(estimates=[*small.estimates(), *estimates])
    about = scope(page)
    return [caveat.text for caveat in caveats(page, about, finding_of(about), "runs/r")]


def test_what_is_lacking_everywhere_is_said_of_the_whole():
    assert {"No person has checked the judge.", qualifiers.NO_CLASSES} <= set(said())
    assert any(text.startswith("No harmless request was asked") for text in said())


def test_what_is_lacking_in_one_language_is_said_of_that_language():
    found = said(*full.classes(), *full.over_refusal(), *full.labels(passed=True))
    assert {
        "People have checked the judge in Swahili only.",
        "Answers in English were not sorted into classes.",
        "Over-refusal is not known in English.",
    } <= set(found)


def test_a_number_pooled_over_models_counts_as_known():
    pooled = [replace(e, model=None) for e in full.classes()]
    assert "Answers in English were not sorted into classes." in said(*pooled)


def test_a_gate_that_is_closed_says_why():
    assert f"Screening only in Swahili: {qualifiers.UNPROVEN}." in said(*full.labels())
    gate = small.about(metric="judge_gate", model=None, value=0.0, n=0, language="sw")
    reason = "answers were drawn by the verdicts of another"
    found = said(replace(gate, extra={"lcb_sensitivity": None, "reason": reason}))
    assert f"Screening only in Swahili: {reason}." in found
    assert "labels do not show" not in " ".join(found)


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
