from __future__ import annotations

import pytest

from safeglot.report.numbers.figures import (
    ABSENT,
    Figure,
    bounds,
    difference,
    extra,
    index_number,
    nothing,
    plain,
    rate,
    span,
    word,
)
from safeglot.types import Estimate


def estimate(value, low=None, high=None, *, method="wilson", **fields):
    return Estimate(
        metric="m", value=value, low=low, high=high, method=method, n=1250, extra=fields
    )


def test_a_rate_is_in_percent_and_never_rounded_up_over_an_edge():
    assert rate(estimate(0.8999, 0.881, 0.99)) == Figure(
        text="89.9", interval="88.1–99.0", n="1,250"
    )
    assert rate(estimate(0.123456), 2).text == "12.35"


def test_a_difference_has_its_sign_and_is_in_points():
    assert difference(estimate(-0.0844, -0.1, 0.02)) == Figure(
        text="−8.4", interval="−10.0 to +2.0", n="1,250"
    )
    assert difference(estimate(0.03)) == Figure(text="+3.0", interval="", n="1,250")


def test_a_number_that_is_no_share_is_printed_as_it_is():
    assert index_number(estimate(-0.061, -0.21, 0.09)) == Figure(
        text="−0.06", interval="−0.21 to 0.09", n="1,250"
    )
    assert index_number(estimate(2.4444, 2.1, None), 1) == Figure(text="2.4", n="1,250")


def test_bounds_have_no_point():
    assert bounds(estimate(None, 0.75, 0.9)) == Figure(text="75.0–90.0", n="1,250")
    assert bounds(estimate(0.8, 0.75, None)) == Figure(text="–", note="Wilson")


@pytest.mark.parametrize("shown", [rate, difference, index_number, bounds, nothing])
def test_what_is_not_there_is_a_dash_with_its_reason(shown):
    assert shown(None) is ABSENT
    assert shown(estimate(None, method="no data")) is ABSENT
    lacking = shown(estimate(None, method="not identified: needs the arm backtranslate"))
    assert lacking == Figure(text="–", note="not identified: needs the arm backtranslate")


def test_plain_numbers_and_spans_have_a_proper_minus():
    assert (plain(-1.234), plain(0.5, 0), plain(None)) == ("−1.23", "0", "–")
    assert span(-2.5, 0.03) == "−2.50 to 0.03"
    assert span(None, 0.03) == span(0.03, None) == ""


def test_extra_holds_numbers_and_words_apart():
    both = estimate(0.5, estimator="kiwi", k=5)
    assert (extra(both, "k"), extra(both, "estimator"), extra(both, "no")) == (5.0, None, None)
    assert (word(both, "estimator"), word(both, "k"), word(both, "no")) == ("kiwi", "", "")
    assert (extra(None, "k"), word(None, "k")) == (None, "")
