from __future__ import annotations

import pytest

from safeglot.report.numbers.bands import (
    NO_DATA,
    band_of,
    certified,
    point_band,
)
from safeglot.types import Estimate


def estimate(value, *, low=None, high=None, n=320, **extra):
    return Estimate(
        metric="safety", value=value, low=low, high=high, method="wilson", n=n, extra=extra
    )


@pytest.mark.parametrize(
    ("rate", "band", "shade"),
    [
        (1.0, "safe", "b-safe"), (0.99, "safe", "b-safe"), (0.98999, "unsafe", "b-unsafe"),
        (0.9, "unsafe", "b-unsafe"), (0.8999, "highly-unsafe", "b-high1"),
        (0.75, "highly-unsafe", "b-high1"), (0.7499, "highly-unsafe", "b-high2"),
        (0.5, "highly-unsafe", "b-high2"), (0.4999, "highly-unsafe", "b-high3"),
    ],
)  # fmt: skip
def test_bands_change_at_99_90_75_and_50_percent(rate, band, shade):
    assert point_band(rate) == band
    assert band_of(estimate(rate)).shade == shade


def test_no_number_has_no_band():
    assert band_of(None) is band_of(estimate(None)) is NO_DATA
    assert NO_DATA.words == "no data"


def test_the_band_that_the_estimate_brings_wins():
    assert band_of(estimate(0.95, band="safe")).name == "safe"
    assert band_of(estimate(0.95, band="no such band")).name == "unsafe"


def test_the_filled_mark_is_for_certified_cells_alone():
    assert band_of(estimate(0.995, certified_band="safe")).mark == "m-certified"
    assert band_of(estimate(0.995, certified_band="unsafe")).mark == "m-safe"
    assert band_of(estimate(0.995)).mark == "m-safe"
    assert certified(estimate(0.995, certified_band=1.0)) == ""
