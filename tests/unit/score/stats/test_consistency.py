import numpy as np
import pytest

from safeglot.score.stats.consistency import all_languages, complete_cases, pairs


def verdicts(*numbers):
    return np.array(numbers, dtype=np.int8)


def test_counts_of_pairs():
    table = pairs(verdicts(0, 0, 0, 1, 1, -1, 0), verdicts(0, 1, 0, 0, 1, 1, -1))
    assert (table.both_safe, table.b, table.c, table.both_unsafe, table.n) == (2, 1, 1, 1, 5)
    assert table.match == pytest.approx(3 / 5)
    # Both are safe in 3 of 5.
    assert table.expected == pytest.approx(0.6 * 0.6 + 0.4 * 0.4)
    assert table.phi == pytest.approx((2 * 1 - 1 * 1) / (3 * 2))
    assert table.flip_safe_to_unsafe == pytest.approx(1 / 3)
    assert table.flip_unsafe_to_safe == pytest.approx(1 / 2)


def test_a_flip_without_anything_to_flip_is_none():
    table = pairs(verdicts(0, 0), verdicts(0, 1))
    assert table.flip_unsafe_to_safe is None
    assert table.phi is None
    assert table.flip_safe_to_unsafe == 0.5


def test_no_pairs_give_none():
    table = pairs(verdicts(-1, 0), verdicts(0, -1))
    rates = (table.match, table.expected, table.phi, table.flip_safe_to_unsafe)
    assert (table.n, rates) == (0, (None,) * 4)


def test_all_languages_use_complete_cases():
    unsafe_LP = np.array([[0, 1, 0, -1], [0, 1, 1, 0], [0, 1, 0, 0]], dtype=np.int8)
    whole = all_languages(unsafe_LP)
    assert (whole.n, whole.all_safe, whole.all_unsafe) == (3, 1, 1)
    assert whole.match == pytest.approx(2 / 3)
    assert whole.expected == pytest.approx(
        (2 / 3) * (1 / 3) * (2 / 3) + (1 / 3) * (2 / 3) * (1 / 3)
    )
    assert complete_cases(unsafe_LP).shape == (3, 3)


def test_samples_are_rows():
    unsafe_LPS = np.array([[[0, 0], [1, -1]], [[0, 1], [1, 1]]], dtype=np.int8)
    whole = all_languages(unsafe_LPS)
    assert (whole.n, whole.match) == (3, pytest.approx(2 / 3))


def test_no_complete_case_gives_none():
    whole = all_languages(np.array([[0, -1], [-1, 0]], dtype=np.int8))
    assert (whole.n, whole.match, whole.expected) == (0, None, None)
