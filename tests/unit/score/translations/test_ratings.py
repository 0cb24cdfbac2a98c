from __future__ import annotations

import numpy as np
import pytest

from safeglot.score.translations.ratings import interval_alpha, mean_interval

N = float("nan")
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]
"""Four observers and twelve units, of which Krippendorff gives interval alpha as 0.849."""


def test_alpha_is_that_of_the_book():
    found = interval_alpha(KRIPPENDORFF)
    assert found.value == pytest.approx(0.849, abs=0.0005)
    assert found.units == 11
    assert found.low < found.value < found.high <= 1


def test_alpha_by_hand():
    # units (1, 2) and (4, 4): disagreement 0.5 a pair; by chance 2 * (4 * 37 - 121) / 12 = 4.5
    found = interval_alpha([[1, 4], [2, 4]])
    assert found.value == pytest.approx(1 - 0.5 / 4.5)
    assert (found.low, found.high) == (None, None)
    assert found.raw == 0.5


def test_what_no_two_people_rated_has_no_alpha():
    found = interval_alpha([[1, N, 3], [N, 2, N]])
    assert (found.value, found.units, found.raw) == (None, 0, None)


def test_grades_that_are_all_alike_have_no_alpha_and_no_interval():
    found = interval_alpha(np.full((2, 20), 5.0))
    assert (found.value, found.low, found.raw) == (None, None, 1.0)


def test_raters_who_never_differ_have_an_alpha_without_an_interval():
    found = interval_alpha([[1, 5] * 10, [1, 5] * 10])
    assert (found.value, found.low, found.high) == (1.0, None, None)


def test_raters_who_always_differ_alike_have_no_interval_either():
    found = interval_alpha([[5, 4, 3] * 5, [4, 3, 2] * 5])
    assert found.value is not None
    assert (found.low, found.high) == (None, None)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng, hits = np.random.default_rng(7), 0
    truth = interval_alpha(_grades(rng, 200_000)[:, :20_000]).value
    for _ in range(200):
        found = interval_alpha(_grades(rng, 20))
        hits += found.low is not None and found.low <= truth <= found.high
    assert hits >= 170


def _grades(rng, units):
    true = rng.choice(5, size=units, p=[0.02, 0.03, 0.05, 0.3, 0.6]) + 1
    return np.stack([np.clip(true + rng.choice([-1, 0, 0, 1], size=units), 1, 5) for _ in (0, 1)])


def test_the_interval_of_a_mean_is_students():
    # t with 4 degrees of freedom at 97.5% is 2.7764
    (low, high), sd = mean_interval([1, 2, 3, 4, 5])
    assert sd == pytest.approx(2.5**0.5)
    assert (low, high) == pytest.approx((3 - 2.7764 * 0.5**0.5, 3 + 2.7764 * 0.5**0.5), abs=1e-3)


@pytest.mark.parametrize(("grades", "sd"), [([], None), ([4], None), ([4, 4, 4], 0.0)])
def test_no_spread_is_no_certainty(grades, sd):
    assert mean_interval(grades) == (None, sd)
