from __future__ import annotations

from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.sections.omnibus import DIFFERS, MUTE, QUIET, SCREENED, omnibus_table
from unit.report.page_text import scope, section


def table(*tests):
    return omnibus_table(scope(small.page(estimates=tests)))


def test_cochrans_q_says_in_which_categories_languages_differ():
    rows = [
        full.cochran("hate_other", 2.9, 0.0886, 0.31, 0.09),
        full.cochran("crime_theft", 12.34, 0.0004, 0.0008, 0.0008),
    ]
    text = section(full.page(*rows), "gaps")
    assert "2 categories tested: in 1 the languages differ (Holm, 5%), 1 more on the screen" in text
    first, second = (
        text.index("crime_theft 12.3 1.00 1.0 0.043 <0.001"),
        text.index("hate_other 2.9 1.00 1.0"),
    )
    assert first < second
    assert "318 languages differ" in text
    assert "0.310 0.090 318 on the screen only" in text


@pytest.mark.parametrize(
    ("p_holm", "p_bh", "word"),
    [
        (0.049, 0.049, DIFFERS), (0.05, 0.09, SCREENED), (0.05 - 1e-15, 0.09, SCREENED), (0.3, 0.1 - 1e-16, QUIET), (0.3, 0.1, QUIET), (None, 0.09, SCREENED),
        (0.3, None, QUIET), (None, None, MUTE),
    ],
)  # fmt: skip
def test_the_claim_is_by_holm_and_the_screen_by_benjamini_hochberg(p_holm, p_bh, word):
    (row,) = table(full.cochran("crime_theft", 5.0, 0.02, p_holm, p_bh)).rows
    assert (row.reading, row.differs) == (word, word == DIFFERS)


def test_the_smallest_p_stands_first_and_what_was_not_tested_last():
    tests = [
        full.cochran("untested", None, None, None, None),
        full.cochran("second", 3.0, 0.08, 0.3, 0.2),
        full.cochran("first", 12.345, 0.0004, 0.0008, 0.0008),
    ]
    shown = table(*tests)
    assert [row.category for row in shown.rows] == ["first", "second", "untested"]
    first = shown.rows[0]
    assert (first.q, first.df, first.eta2, first.p, first.n) == (
        "12.3",
        "1.0",
        "0.043",
        "<0.001",
        "318",
    )
    assert shown.summary.startswith(
        "2 categories tested: in 1 the languages differ (Holm, 5%), none"
    )


def test_without_a_test_of_a_category_there_is_no_table():
    assert table() is None
    assert table(full.cochran(None, 12.3, 0.001, 0.001, 0.001)) is None


def flagged(test):
    why = {
        "test_not_interpretable": "missing",
        "missing_share": 0.5,
        "missing_share_reference": 0.0,
    }
    return replace(test, extra={**test.extra, **why})


def test_a_test_of_which_too_much_is_missing_says_nothing_of_the_languages():
    sure = full.cochran("lost", 40.0, 0.0001, 0.0002, 0.0002)
    kept = full.cochran("kept", 12.3, 0.0004, 0.0008, 0.0008)
    shown = table(flagged(sure), kept)
    assert [row.category for row in shown.rows] == ["kept", "lost"]
    lost = shown.rows[1]
    assert (lost.q, lost.p, lost.p_holm, lost.differs, lost.mute) == ("–", "–", "–", False, True)
    assert lost.reading == "not interpreted: too much missing"
    assert shown.summary.startswith("1 categories tested: in 1 the languages differ")
    assert "Of the others, 1 is not interpreted: more than 5%" in shown.summary
    alone = table(flagged(sure)).summary
    assert alone.startswith("No category can be read: 1 is not interpreted")
    assert "differ" not in alone
