from __future__ import annotations

from example import polyglot
from example.polyglot import FIVE, arms, page, rows, scope
from safeglot.report.finding.cause import cause_of
from safeglot.report.finding.evidence import (
    average_words,
    has_equal_categories,
    of_terms,
    requests,
)


def test_the_average_is_told_with_its_categories():
    shown = scope(page(rows("sw")))
    assert has_equal_categories(shown)
    assert average_words(shown) == "mean of 16 categories of 100 requests (macro-16)"


def test_a_term_that_hides_a_part_of_the_gap_is_told():
    parts = arms(translation=(0.01, 0.0, 0.02), model=(0.25, 0.2, 0.3), judge=(-0.05, -0.08, -0.02))
    why = cause_of(scope(page(rows(*FIVE), parts)), "sw")
    assert of_terms(why) == (
        " Of the 18.9 points at most 2.0 are the translation's and 0.0 the judge's. The judge hides "
        "2.0 to 8.0 points."
    )


def test_with_several_samples_the_prompts_are_counted():
    assert requests(polyglot.gap("sw", 0.1, 0.05, 0.15, 0.01, n=4800, prompts=1600.0)) == "1,600"
