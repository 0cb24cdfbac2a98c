from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.page import Index
from safeglot.report.sections.noise import context, noise_panels
from unit.report.page_text import everything, section


def panel(*estimates):
    page = full.page(*estimates)
    return noise_panels(page, Index(page.estimates))[0]


def test_a_row_has_the_shares_the_variances_and_the_advice():
    shown = panel(*full.noise())
    (row,) = shown.rows
    assert (shown.samples, row.tag) == ("5", "sw")
    assert [figure.text for figure in (row.flips, row.any_of_k, row.unstable)] == [
        "6.4", "18.4", "14.3",
    ]  # fmt: skip
    assert (row.within, row.between, row.advice) == ("0.0321", "0.0654", "more are not worth it")


def test_a_share_that_is_not_there_leaves_the_others():
    (row,) = panel(full.noise()[1]).rows
    assert (row.flips.text, row.any_of_k.text, row.unstable.text) == ("–", "18.4", "–")
    assert row.advice == "more are not worth it"


def test_how_many_answers_were_drawn_may_be_unknown():
    bare = [replace(e, extra={}) for e in full.noise()]
    shown = panel(*bare)
    assert shown.samples == "–"
    assert (shown.rows[0].within, shown.rows[0].advice) == ("–", "")


def test_a_run_that_asked_once_has_no_such_section():
    page = small.page()
    assert context(page, Index(page.estimates)) is None
    other = full.page(*(replace(e, judge="other") for e in full.noise()))
    assert context(other, Index(other.estimates))["panels"][0].rows == ()


def test_the_numbers_stand_in_the_section():
    text = section(full.page(*everything()), "noise")
    for part in (
        "5 answers to each prompt", "6.4 5.4–7.4", "18.4 17.4–19.4", "14.3 13.3–15.3",
        "0.0321 0.0654 more are not worth it",
    ):  # fmt: skip
        assert part in text, part
