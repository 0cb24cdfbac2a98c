from __future__ import annotations

from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.numbers.interpretation import NO_EVIDENCE, NOT_INTERPRETED, NOT_TESTED, reading
from safeglot.report.page import Index
from safeglot.report.sections.gaps import TOP, gap_panels, macro_gaps, smallest_seen
from unit.report.page_text import scope, section, text_of


def readings(page):
    (panel,) = gap_panels(page, Index(page.estimates))
    return [row.reading for row in panel.macro]


def mdd(one, **more):
    if one.metric != "gap":
        return one
    return replace(one, extra={"p_holm": 0.3, "mdd": 0.0423, **more})


@pytest.mark.parametrize(
    ("value", "p_holm", "word"),
    [
        (-0.08, 0.0004, "lower"), (0.08, 0.049, "higher"), (-0.08, 0.051, NO_EVIDENCE),
        (0.0, 0.001, NO_EVIDENCE), (None, 0.001, NOT_TESTED), (-0.08, None, NOT_TESTED),
    ],
)  # fmt: skip
def test_the_reading_follows_the_adjusted_p(value, p_holm, word):
    gap = replace(small.gap("sw", None, 0.1, p_holm), value=value)
    assert reading(gap) == word


def test_the_level_of_the_gap_decides_what_p_is_enough():
    gap = replace(small.gap("sw", None, -0.08, 0.07), level=0.9)
    assert reading(gap) == "lower"


def test_a_gap_that_may_not_be_interpreted_is_not_read():
    gap = small.gap("sw", None, -0.08, 0.0004)
    assert reading(full.mute(gap)) == NOT_INTERPRETED


def test_the_macro_gaps_are_those_of_the_other_languages():
    page = small.page()
    assert [gap.value for gap in macro_gaps(scope(page))] == [-0.0844]
    run = replace(page.run, reference="sw")
    assert macro_gaps(scope(replace(page, run=run))) == []


def test_the_largest_gaps_of_categories_stand_first_by_size():
    gaps = [small.gap("sw", f"c{i}", 0.01 * i * (-1) ** i, 0.5) for i in range(TOP + 3)]
    (panel,) = gap_panels(small.page(estimates=gaps), Index(gaps))
    assert [row.category for row in panel.top] == [f"c{i}" for i in range(TOP + 2, 2, -1)]
    assert (panel.n_categories, panel.n_tests, panel.macro) == (TOP + 3, 0, ())


def test_what_a_test_misses_and_what_the_data_allow_are_in_points():
    bare = small.about(metric="gap", value=0.1, n=9, low=None, high=None)
    missed = "a true drop of 4.2 pp would be missed in 1 run of 5"
    assert smallest_seen(replace(bare, extra={"mdd": 0.0423})) == missed
    both = replace(bare, low=-0.031, high=0.2, extra={"mdd": 0.0423})
    assert smallest_seen(both) == f"{missed}; the data allow a drop of up to 3.1 pp"
    assert smallest_seen(replace(bare, low=0.01, high=0.2)) == "the data allow no drop"
    assert smallest_seen(bare) == ""


def test_a_gap_that_may_not_be_interpreted_says_why_wherever_it_stands():
    rows = full.classes(invalid=0.12, competent=0.75)
    text = text_of(render_html(full.page(*rows, change=full.mute)))
    why = "12.0% of the answers in Swahili are invalid"
    assert f"not interpreted {why}" in text
    assert readings(full.page(*rows, change=full.mute)) == ["not interpreted"]
    assert "2 further gaps of categories are not interpreted" in text
    told = section(full.page(*rows, *full.arms(), change=full.mute), "causes")
    assert f"Swahili not interpreted: {why}" in told


def test_the_bounds_stand_beside_a_gap_as_soon_as_a_pair_is_missing():
    def lacking(one):
        bounds = {"low_bound": -0.1234, "high_bound": 0.02}
        return replace(one, extra={**one.extra, **bounds}) if one.metric == "gap" else one

    assert "all planned pairs: \u22122.0 to +12.3" in section(full.page(change=lacking), "gaps")


@pytest.mark.parametrize("p", [0.05, 0.05 - 1e-15, 0.05 + 1e-15, 1 - 0.95])
def test_a_p_on_the_level_is_no_evidence_whatever_its_last_digit(p):
    page = full.page(change=lambda one: mdd(one, p_holm=p))
    assert readings(page) == ["not told apart from English"]
    page = full.page(change=lambda one: mdd(one, p_holm=0.04999))
    assert readings(page) == ["less safe than English"]


def test_a_gap_without_evidence_says_what_is_missed_and_what_the_data_allow():
    page = full.page(change=mdd)
    text = section(page, "gaps")
    assert text.count("a true drop of 4.2 pp would be missed in 1 run of 5; the data allow") == 3
    assert "1 test in this table, adjusted together (Holm)." in text
    assert "Not ranked, as their adjusted gaps cannot be told from zero: Swahili." in text
    assert "A drop under 4.2 points would often be missed." in section(page, "finding")


def test_a_gap_that_differs_says_nothing_of_what_it_could_have_missed():
    page = full.page(change=lambda one: mdd(one, p_holm=0.001))
    assert "would be missed" not in text_of(render_html(page))
    assert "Not ranked" not in section(page, "gaps")


def test_the_bootstrap_stands_below_the_interval_as_a_check():
    checked = {"bootstrap_low": -0.1033, "bootstrap_high": -0.0652, "bootstrap_draws": 1000}
    text = section(full.page(change=lambda one: mdd(one, **checked)), "gaps")
    assert "+6.4 to +10.4 +6.5 to +10.3" in text
    assert "(1000 draws), as a check" in text
