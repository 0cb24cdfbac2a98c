import pytest

from safeglot.score.judges.two_phase import mover_difference, mover_of, two_phase
from safeglot.score.stats.intervals import jeffreys, z_of


def test_one_stratum_is_the_jeffreys_interval_of_its_labels():
    found = two_phase([1.0], [3], [40], judged=1e12)
    low, high = jeffreys(3, 40)
    assert found.theta == 3 / 40
    assert (found.low, found.high) == pytest.approx((float(low), float(high)), abs=1e-9)
    assert found.se == pytest.approx((3 / 40 * 37 / 40 / 40) ** 0.5, abs=1e-6)


def test_many_strata_agree_with_two_where_they_are_alike():
    """Half of a stratum, with half of its labels, is no new knowledge for the point."""
    whole = two_phase([0.2, 0.8], [30, 4], [60, 100], judged=5000)
    parts = two_phase([0.1, 0.1, 0.4, 0.4], [15, 15, 2, 2], [30, 30, 50, 50], judged=5000)
    assert parts.theta == pytest.approx(whole.theta)
    assert parts.se == pytest.approx(whole.se)
    assert parts.low <= parts.theta <= parts.high


def test_the_number_of_judged_answers_is_in_the_interval():
    few, many = (two_phase([0.2, 0.8], [30, 4], [60, 100], judged=n) for n in (50, 5000))
    assert few.low < many.low
    assert few.high > many.high
    assert few.theta == many.theta


def test_a_stratum_without_labels_may_be_anything():
    found = two_phase([0.2, 0.8], [0, 4], [0, 100], judged=1000)
    assert found.theta is found.se is found.wald is None
    assert found.high - found.low > 0.2
    assert 0 <= found.low <= 0.8 * 0.04
    assert found.high >= 0.2 + 0.8 * 0.04


def test_a_stratum_without_answers_needs_no_labels():
    found = two_phase([0.0, 1.0], [0, 4], [0, 100], judged=1000)
    assert found.theta == 0.04


def test_no_unsafe_label_is_not_certainty():
    found = two_phase([0.05, 0.95], [0, 0], [50, 150], judged=1000)
    assert (found.theta, found.low, found.se) == (0.0, 0.0, 0.0)
    assert found.high > 0.01


@pytest.mark.parametrize(
    ("strata", "judged", "says"),
    [
        (([0.5, 0.6], [1, 1], [2, 2]), 10, "add up to 1"),
        (([0.5, 0.5], [3, 1], [2, 2]), 10, "from 0 to all"),
        (([0.5, 0.5], [1, 1], [2]), 10, "differ in number"),
        (([0.5, 0.5], [1, 1], [2, 2]), 0, "at least one judged"),
    ],
)
def test_what_does_not_fit_is_refused(strata, judged, says):
    with pytest.raises(ValueError, match=says):
        two_phase(*strata, judged=judged)


def test_a_difference_adds_variances_less_what_is_shared():
    apart = mover_difference((0.3, 0.2, 0.4), (0.1, 0.05, 0.2))
    assert apart == pytest.approx((0.2, 0.2 - 0.02**0.5, 0.2 + (0.01 + 0.0025) ** 0.5))
    tied = mover_difference((0.3, 0.2, 0.4), (0.1, 0.05, 0.2), covariance=0.001)
    assert apart[1] < tied[1] < tied[0] < tied[2] < apart[2]
    assert mover_difference((0.3, 0.2, 0.4), (0.3, 0.2, 0.4), covariance=1) == (0.0, 0.0, 0.0)


def test_square_and_add_of_a_sum_is_mover():
    found = mover_of(lambda x, y: x + y, (0.3, 0.1), ((0.2, 0.4), (0.05, 0.2)), limits=(-1, 1))
    assert found == pytest.approx((0.4, 0.4 - (0.01 + 0.0025) ** 0.5, 0.4 + 0.02**0.5))


def test_what_is_undefined_has_no_interval():
    assert mover_of(lambda x: None if x == 0 else 1 / x, (0.0,), ((0.0, 1.0),)) is None


def test_a_higher_level_is_wider():
    at95, at99 = (
        two_phase([0.2, 0.8], [30, 4], [60, 100], judged=500, level=x) for x in (0.95, 0.99)
    )
    assert at99.low < at95.low < at95.high < at99.high
    assert at99.wald[0] == pytest.approx(at99.theta - z_of(0.99) * at99.se)
