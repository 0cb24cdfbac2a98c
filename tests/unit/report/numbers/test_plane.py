from __future__ import annotations

from itertools import combinations

import pytest

from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.plane import (
    HEIGHT,
    LETTER,
    LINE,
    WIDTH,
    Plane,
    Point,
    axis_between,
    plane_of,
    rest,
    spots,
    upside,
)
from safeglot.report.numbers.plane import point as placed_point

UNIT = Axis(low=0.0, high=1.0, ticks=(0.0, 0.5, 1.0))
SQUARE = Plane(x_axis=UNIT, y_axis=UNIT)


def point(name, x, y, **more):
    return Point(name=name, x=x, y=y, x_interval=(x, x), y_interval=(y - 0.1, y + 0.1), **more)


def box(spot):
    """Left, top, right and bottom of a label in px."""
    x, y = spot.x * WIDTH, (1 - spot.y) * HEIGHT
    long = LETTER * len(spot.label.text)
    left = x + spot.label.dx - {"start": 0.0, "middle": long / 2, "end": long}[spot.label.anchor]
    bottom = y + spot.label.dy + 3
    return left, bottom - LINE, left + long, bottom


@pytest.mark.parametrize("shown", [[0.91, 0.97], [0.0, 1.0], [0.5], [0.999, 1.0], []])
def test_an_axis_holds_all_that_is_shown_between_its_limits(shown):
    axis = axis_between(shown)
    assert all(axis.covers(rate) for rate in shown)
    assert 0.0 <= axis.low < axis.high <= 1.0
    assert len(axis.ticks) >= 2


def test_an_axis_of_gaps_may_go_below_zero():
    axis = axis_between([-0.08, 0.0, 0.02], floor=-1.0)
    assert axis.low <= -0.08
    assert axis.high >= 0.02
    assert 0.0 in axis.ticks


def test_up_is_up():
    assert (upside(UNIT, 1.0), upside(UNIT, 0.25), upside(UNIT, 0.0)) == (
        "0.00%", "75.00%", "100.00%",
    )  # fmt: skip


def test_a_spot_has_its_place_and_its_interval_ends():
    assert (SQUARE.x(0.25), SQUARE.y(0.25)) == ("25.00%", "75.00%")
    one = placed_point("sw", rest((0.75, None, None)), (0.5, 0.4, 0.6))
    assert (one.x, one.x_interval, one.y_interval) == (0.25, (0.25, 0.25), (0.4, 0.6))
    assert rest((0.1, 0.0, 0.3)) == (0.9, 0.7, 1.0)
    (spot,) = plane_of([one]).spots
    assert spot.label.text == "sw"


def test_those_beyond_chance_are_named_before_the_rest():
    placed = spots([point("same", 0.5, 0.5), point("worse", 0.5, 0.501, look="worse")], UNIT, UNIT)
    alone = spots([point("same", 0.5, 0.5)], UNIT, UNIT)
    assert (
        placed[1].label.dx == alone[0].label.dx
    )  # the first place is that of the language beyond chance


def test_names_that_would_overlap_are_left_out_and_the_reference_keeps_its_own():
    crowd = [point(f"language-{i}", 0.5, 0.5 + i / 1000) for i in range(12)]
    placed = spots([*crowd, point("en", 0.5, 0.505, look="ref")], UNIT, UNIT)
    labels = [box(spot) for spot in placed if spot.label]
    assert placed[-1].label.text == "en"
    assert 0 < len(labels) < len(placed)
    for a, b in combinations(labels, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_a_path_needs_two_points_on_the_axes():
    assert SQUARE.path([(0.0, 0.0), (0.5, 1.0), (2.0, 0.5)]) == "M0.00 100.00L50.00 0.00"
    assert SQUARE.path([(0.0, 0.0), (2.0, 0.5)]) == ""


def test_a_band_goes_along_the_upper_ends_and_back_along_the_lower_ones():
    assert SQUARE.band([(0.0, 0.2, 0.4), (1.0, 0.5, 0.9)]) == (
        "M0.00 60.00L100.00 10.00L100.00 50.00L0.00 80.00Z"
    )
    assert SQUARE.band([(0.0, 0.2, 0.4)]) == ""
