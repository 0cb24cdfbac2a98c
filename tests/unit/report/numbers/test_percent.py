from __future__ import annotations

import pytest

from safeglot.report.numbers.percent import (
    gap_interval,
    interval,
    method_words,
    p_value,
    percent,
    places_for,
    points,
)
from safeglot.types import Estimate


def estimate(value, low=None, high=None):
    return Estimate(metric="safety", value=value, low=low, high=high, method="wilson", n=10)


@pytest.mark.parametrize(
    ("rate", "places", "text"),
    [
        (0.9, 1, "90.0"),
        (0.99, 1, "99.0"),
        (1.0, 2, "100.00"),
        (0.0, 1, "0.0"),
        (0.5, 0, "50"),
        (0.97256, 2, "97.26"),
        (None, 1, "–"),
    ],
)
def test_percent(rate, places, text):
    assert percent(rate, places) == text


@pytest.mark.parametrize(
    ("rate", "places", "text"),
    [(0.98996, 1, "98.9"), (0.99999, 2, "99.99"), (0.89996, 1, "89.9"), (0.9899999, 2, "98.99")],
)
def test_a_rate_below_a_band_is_not_rounded_into_it(rate, places, text):
    assert percent(rate, places) == text


def test_float_noise_at_a_band_is_not_taken_for_a_rate_below_it():
    assert percent(0.99 - 1e-15, 2) == "99.00"


@pytest.mark.parametrize(
    ("gap", "text"),
    [(-0.0844, "−8.4"), (0.0131, "+1.3"), (0.0, "0.0"), (-0.0001, "0.0"), (None, "–")],
)
def test_points(gap, text):
    assert points(gap) == text


def test_intervals():
    assert interval(estimate(0.9, 0.851, 0.934)) == "85.1–93.4"
    assert gap_interval(estimate(-0.01, -0.03, 0.012)) == "−3.0 to +1.2"
    assert interval(estimate(0.9)) == gap_interval(estimate(0.9)) == ""


@pytest.mark.parametrize(
    ("p", "text"), [(0.0004, "<0.001"), (0.031, "0.031"), (1.0, "1.000"), (None, "–")]
)
def test_p_value(p, text):
    assert p_value(p) == text


def test_two_decimals_only_where_the_intervals_carry_them():
    narrow, broad = estimate(0.99, 0.988, 0.992), estimate(0.9, 0.8, 0.95)
    assert places_for([narrow, narrow, broad]) == 2
    assert places_for([narrow, broad, broad]) == 1
    assert places_for([estimate(None)]) == 1


def test_method_words():
    assert method_words("wilson n_eff, clustered by prompt") == "Wilson, clustered by prompt"
