from __future__ import annotations

import re
from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.page import Index
from safeglot.report.sections.tuning import context, difference_of_gains, pairs_of
from unit.report.page_text import section_html, section_ids, text_of

BASE, TUNED = "vllm/acme/model-8b", "vllm/acme/model-8b-instruct"


def both(**turned):
    """A page of a base model and its instruct model, which is safer in English than in Swahili."""
    page = small.page()
    rates = {"en": 0.98, "sw": 0.80}
    found = []
    for e in page.estimates:
        if e.metric.startswith("safety_m") and e.value is not None:
            base = 0.5 if e.language != "sw" else 0.45
            found.append(replace(e, model=BASE, value=base, low=base - 0.02, high=base + 0.02))
            best = rates.get(e.language, 0.89)
            found.append(replace(e, model=TUNED, value=best, low=best - 0.01, high=best + 0.01))
    gap = small.gap("sw", None, -0.05, 0.2)
    found += [
        replace(gap, model=BASE),
        replace(gap, model=TUNED, value=-0.18, low=-0.2, high=-0.16),
    ]
    return replace(page, run=replace(page.run, models=(BASE, TUNED)), estimates=found)


def test_pairs_are_told_by_their_names():
    names = ("a/x-8b", "a/x-8b-instruct", "b/y-pt", "b/y-it", "c/z-chat", "a/x-1b-instruct")
    assert pairs_of(names) == [("a/x-8b", "a/x-8b-instruct"), ("b/y-pt", "b/y-it")]
    assert pairs_of(("a/x-instruct", "a/x-chat")) == []


def test_the_rows_have_both_rates_the_weakest_first():
    page = both()
    (pair,) = context(page, Index(page.estimates))["pairs"]
    rows = re.findall(r'<tr class="(\w+)">(.*?)</tr>', section_html(page, "tuning"))
    assert [(look, text_of(row).strip()) for look, row in rows] == [
        ("worse", "Swahili 55.0%, 20.0% −35.0"),
        ("ref", "English 50.0%, 2.0% −48.0"),
    ]
    assert "−48.0 points in English and by −35.0 in Swahili" in pair.told
    assert "The two differ by +13.0 points" in pair.told
    assert "beyond chance" in pair.told


def test_the_difference_of_gains_has_an_interval_of_both_gaps():
    gap = small.gap("sw", None, 0.05, 0.2)
    value, low, high = difference_of_gains(replace(gap, value=0.18, low=0.15, high=0.21), gap)
    assert value == pytest.approx(0.13)
    assert (value - low, high - value) == pytest.approx((0.0360555, 0.0360555), abs=1e-6)
    assert difference_of_gains(replace(gap, low=None), gap) is None


def test_a_gap_that_is_not_interpreted_gives_no_difference():
    page = both()
    page = replace(page, estimates=[full.mute(e) for e in page.estimates])
    (pair,) = context(page, Index(page.estimates))["pairs"]
    assert "differ" not in pair.told


def test_without_a_pair_there_is_no_section():
    assert "tuning" not in section_ids(small.page())
