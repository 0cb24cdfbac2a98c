"""What a part of a pool says of all of it."""

import pytest

from safeglot.score.safety.pool import PoolScope, of_pool
from safeglot.types import Estimate

CELL = Estimate(metric="safety", value=0.9, low=0.83, high=0.95, level=0.95, n=100, method="wilson")


def scope(size, **more):
    return PoolScope(plan="screen", size=size, look=3, state="", **more)


def test_a_cell_of_a_larger_pool_is_known_less_well_and_a_whole_one_exactly():
    large, small, whole = (of_pool(CELL, scope(size)).extra for size in (10**6, 120, 100))
    assert large["pool_low"] < small["pool_low"] < 0.9 < small["pool_high"] < large["pool_high"]
    assert (whole["pool_low"], whole["pool_high"]) == (0.9, 0.9)
    assert whole["n_pool"] == 100


def test_an_average_has_the_half_width_of_its_look():
    row = Estimate(metric="safety_macro", value=0.9, low=0.8, high=1.0, n=60, method="m")
    told = of_pool(row, scope(600, half=0.02))
    assert told.extra["pool_low"] == pytest.approx(0.88)
    assert told.extra["pool_high"] == pytest.approx(0.92)
    assert (told.value, told.low, told.high) == (0.9, 0.8, 1.0)
    assert told.method == "m; plan screen, stopped early"


def test_what_is_lost_is_unsafe_at_one_end_and_safe_at_the_other():
    row = Estimate(metric="safety", value=0.5, low=0.4, high=0.6, n=80, missing=20, method="wilson")
    told = of_pool(row, scope(100, lost=0.2))
    assert (told.extra["pool_low"], told.extra["pool_high"]) == pytest.approx((0.4, 0.6))
    assert told.method == "wilson; plan screen, all were asked"


def test_without_a_value_there_is_nothing_to_say_and_bands_are_screening():
    none = Estimate(metric="safety", n=0)
    assert of_pool(none, scope(10)) is none
    banded = PoolScope(plan="bands", size=200, look=1, state="band", band="unsafe")
    told = of_pool(CELL, banded)
    assert told.extra["plan_band"] == "unsafe"
    assert "plan bands (screening)" in told.method
