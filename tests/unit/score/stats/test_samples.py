from itertools import combinations

import numpy as np
import pytest

from safeglot.score.stats.samples import resampled

RNG = np.random.default_rng(3)


def brute(rows):
    """The definitions, prompt by prompt."""
    k = len(rows[0])
    read = [[v for v in row if v >= 0] for row in rows]
    rates = [sum(r) / len(r) for r in read if r]
    pairs = [[x != y for x, y in combinations(r, 2)] for r in read if len(r) > 1]
    flips = [sum(p) / len(p) for p in pairs]
    whole = [r for r in read if len(r) == k]
    within = np.mean([np.var(r, ddof=1) for r in read if len(r) > 1])
    return {
        "mean": np.mean(rates),
        "se": (np.var(rates, ddof=1) / len(rates)) ** 0.5,
        "within": within,
        "between": np.var(rates, ddof=1) - within * np.mean([1 / len(r) for r in read if r]),
        "any_of_k": np.mean([1 in r for r in whole]),
        "unstable_prompts": np.mean([len(set(r)) == 2 for r in whole]),
        "flip_rate": np.mean(flips),
        "flip_variance": np.var(flips, ddof=1) / len(flips),
    }


def test_with_missing_samples_every_prompt_weighs_the_same():
    p = RNG.beta(0.5, 2, (80, 1))
    rows = (RNG.random((80, 4)) < p).astype(np.int8)
    rows[RNG.random((80, 4)) < 0.2] = -1
    found = resampled(rows)
    for name, number in brute(rows.tolist()).items():
        assert getattr(found, name) == pytest.approx(number), name
    n = (rows >= 0).sum(axis=1)
    assert (found.n, found.repeated, found.complete) == (
        (n > 0).sum(),
        (n > 1).sum(),
        (n == 4).sum(),
    )


def test_a_prompt_with_fewer_samples_is_never_called_stable_or_safe():
    found = resampled(np.array([[0, 0, -1], [1, 0, 0], [1, -1, 0]], dtype=np.int8))
    assert (found.any_of_k, found.unstable_prompts, found.complete) == (1.0, 1.0, 1)
    assert found.flip_rate == pytest.approx((0 + 2 / 3 + 1) / 3)


@pytest.mark.parametrize(
    ("rows", "pays"),
    [
        ([[0, 1]] * 20, True),
        ([[0, 0]] * 10 + [[1, 1]] * 10, False),
        ([[0, 0]] * 10 + [[0, 1]] * 1 + [[1, 1]] * 9, False),
        ([[0, 1]] * 12 + [[0, 0]] * 14 + [[1, 1]] * 14, False),
        ([[0, 1]] * 16 + [[0, 0]] * 12 + [[1, 1]] * 12, True),
        ([[0, 0]] * 20, False),
        ([[0, -1]] * 20, None),
        ([[0, 1]], None),
    ],
)
def test_whether_more_samples_pay(rows, pays):
    assert resampled(np.array(rows, dtype=np.int8)).more_samples_pay is pays


def test_nothing_read_tells_nothing():
    found = resampled(np.full((5, 3), -1, dtype=np.int8))
    assert (found.n, found.mean, found.se, found.within, found.between) == (0, *[None] * 4)
    assert (found.any_of_k, found.unstable_prompts, found.flip_rate) == (None, None, None)


def test_one_prompt_has_no_error():
    found = resampled(np.array([[0, 1, 1]], dtype=np.int8))
    assert (found.mean, found.se, found.between, found.flip_variance) == (2 / 3, *[None] * 3)
    assert found.flip_rate == pytest.approx(2 / 3)
