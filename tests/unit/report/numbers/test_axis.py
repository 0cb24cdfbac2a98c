from __future__ import annotations

import pytest

from safeglot.report.numbers.axis import Axis, ends, gap_axis, unsafe_axis
from safeglot.types import Estimate


def estimate(value, low=None, high=None):
    return Estimate(metric="safety", value=value, low=low, high=high, method="wilson", n=10)


def test_positions_are_percent_of_the_width_and_stay_on_the_axis():
    axis = Axis(low=0.8, high=1.0, ticks=(0.8, 0.9, 1.0))
    assert [axis.at(rate) for rate in (0.8, 0.95, 1.0)] == ["0.00%", "75.00%", "100.00%"]
    assert (axis.at(0.1), axis.at(1.2)) == ("0.00%", "100.00%")
    assert axis.covers(0.8)
    assert not axis.covers(0.79)


@pytest.mark.parametrize("highest", [0.0, 0.004, 0.051, 0.14, 0.5, 1.0])
def test_an_axis_of_unsafe_answers_begins_at_zero_and_holds_all_that_is_shown(highest):
    axis = unsafe_axis([highest, 0.0])
    assert axis.low == axis.ticks[0] == 0.0
    assert max(highest, 0.01) <= axis.high <= 1.0
    assert 2 <= len(axis.ticks) <= 7
    steps = {round(b - a, 6) for a, b in zip(axis.ticks, axis.ticks[1:], strict=False)}
    assert len(steps) == 1


@pytest.mark.parametrize("shown", [[], [0.004], [-0.084, -0.062], [-1.0, 1.0], [0.3, 0.31]])
def test_an_axis_of_gaps_has_zero_and_all_that_is_shown(shown):
    axis = gap_axis(shown)
    assert 0.0 in axis.ticks
    assert all(axis.covers(gap) for gap in shown)


def test_ends_are_the_points_and_both_ends_of_the_intervals():
    assert ends([estimate(0.5, 0.4, 0.7), estimate(None, 0.1, 0.2), estimate(0.9)]) == [
        *(0.5, 0.4, 0.7), *(0.1, 0.2), 0.9,
    ]  # fmt: skip
