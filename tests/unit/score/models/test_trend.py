"""Size and tuning: against SciPy, brute force and hand counts."""

import itertools

import numpy as np
import pytest
from scipy import optimize, stats

from safeglot.score.models.trend import (
    isotonic,
    isotonic_trend,
    logit_safety,
    paired_models,
    size_by_tuning,
    stratified_kendall,
    wilcoxon,
)
from safeglot.score.stats.association import NoFit
from safeglot.score.stats.intervals import clustered_mean


def test_isotonic_as_scipy_and_with_ties():
    y = [3, 1, 2, 6, 4, 5, 9, 7]
    assert isotonic(range(8), y) == pytest.approx(optimize.isotonic_regression(y).x)
    assert isotonic([1, 2, 2, 3], [0, 4, 2, 2]).tolist() == [0, *[8 / 3] * 3]
    shuffled = np.random.default_rng(0).permutation(8)
    assert isotonic(shuffled, np.array(y)[shuffled]) == pytest.approx(
        isotonic(range(8), y)[shuffled]
    )


def test_isotonic_trend_counts_all_orders():
    y = [1.0, 3.0, 2.0, 5.0]

    def r2(values):
        rest = np.sum((values - optimize.isotonic_regression(values).x) ** 2)
        return 1 - rest / np.sum((values - np.mean(values)) ** 2)

    seen = r2(np.array(y))
    all_r2 = [r2(np.array(order)) for order in itertools.permutations(y)]
    got = isotonic_trend(range(4), y)
    assert got.r2 == pytest.approx(seen)
    assert got.p.p == pytest.approx(np.mean(np.array(all_r2) >= seen - 1e-9))
    assert isotonic_trend([1, 2], [1, 2]) == NoFit(reason="2 models, at least 3 are needed")
    assert isinstance(isotonic_trend([1, 2, 3], [5, 5, 5]), NoFit)


@pytest.mark.parametrize(
    "d", [[1, -2, 3, 4], [1, 1, -1, 2, 0, 0, 3], [2.5, -2.5, 2.5], [5.0], [-1, -2, -3, -4, -5]]
)
def test_wilcoxon_by_all_signs(d):
    d = np.array([x for x in d if x != 0])
    rank = stats.rankdata(np.abs(d))
    totals = [np.sum(rank[np.array(s) > 0]) for s in itertools.product((-1, 1), repeat=len(d))]
    up = rank[d > 0].sum()
    tails = np.mean(np.array(totals) <= up + 1e-9), np.mean(np.array(totals) >= up - 1e-9)
    assert wilcoxon(d) == pytest.approx(min(1, 2 * min(tails)))


def test_wilcoxon_of_many_is_near_the_exact_one():
    d = np.random.default_rng(1).normal(0.2, 1, 61)
    assert wilcoxon(d) == pytest.approx(stats.wilcoxon(d, method="exact").pvalue, rel=0.02)
    assert wilcoxon(d[:60]) == pytest.approx(stats.wilcoxon(d[:60], method="exact").pvalue)


def test_pairs_without_a_difference():
    same = paired_models([0, 0], ["a", "b"])
    assert (same.wilcoxon_p, same.sign_p, same.mean) == (1, 1, 0)
    assert (same.low, same.high) == (0, 0)
    assert "no base model" in paired_models([], []).reason


def test_intervals_are_over_families_not_pairs():
    got = paired_models([1, 1, 1, 9], ["a", "a", "a", "b"])
    assert got.mean == 3
    mean = clustered_mean([1, 1, 1, 9], [0, 0, 0, 1])
    assert (got.low, got.high) == (mean.low, mean.high)
    assert got.high - got.low > 9 - 1
    alone = paired_models([1, 2, 3], ["a"] * 3)
    assert (alone.low, alone.high) == (None, None)
    assert "one family" in alone.reason


def test_the_interval_over_few_families_covers():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        d = np.repeat(rng.normal(0, 1, 3), 4) + rng.normal(0, 1, 12)
        got = paired_models(d, list("aaaabbbbcccc"))
        hits += got.low <= 0 <= got.high
    assert 0.92 <= hits / 400 <= 0.98


def test_stratified_kendall_by_hand():
    got = stratified_kendall([1, 2, 3, 1, 2], [1, 2, 3, 5, 4], list("aaabb"))
    assert got.s == 3 - 1
    assert got.variance == pytest.approx(3 * 2 * 11 / 18 + 2 * 1 * 9 / 18)
    assert got.z == pytest.approx(1 / got.variance**0.5)
    assert got.families == 2


@pytest.mark.parametrize(
    ("x", "y"), [([1, 1, 2, 3], [4, 5, 5, 6]), ([1, 1, 1, 2], [1, 2, 2, 3]), ([1, 2], [3, 4])]
)
def test_its_variance_is_that_over_all_orders(x, y):
    def s(order):
        pairs = itertools.combinations(range(len(x)), 2)
        return sum(np.sign(x[i] - x[j]) * np.sign(order[i] - order[j]) for i, j in pairs)

    spread = np.var([s(order) for order in itertools.permutations(y)])
    assert stratified_kendall(x, y, ["a"] * len(x)).variance == pytest.approx(spread)


def test_families_without_two_models_say_nothing():
    assert isinstance(stratified_kendall([1, 2], [3, 4], ["a", "b"]), NoFit)
    assert isinstance(stratified_kendall([1, 1], [3, 4], ["a", "a"]), NoFit)


def models(effect, families=6, noise=0.3):
    """Log odds, log10 size, tuning and family of models in two sizes, base and instruct."""
    rng = np.random.default_rng(5)
    rows = [(f, size, tuned) for f in range(families) for size in (0.0, 1.0) for tuned in (0, 1)]
    f, size, tuned = (np.array(column) for column in zip(*rows, strict=True))
    eta = 0.5 + 0.4 * size + 2 * tuned + effect * tuned * size
    eta = eta + rng.normal(0, noise, families)[f] + rng.normal(0, 0.02, f.size)
    return eta, size, {"tuned": tuned.astype(bool).tolist(), "families": [f"f{i}" for i in f]}


def test_the_interaction_is_found_and_its_interval_holds_it():
    logit, size, about = models(-0.3)
    got = size_by_tuning(logit, size, **about)
    assert got.value == pytest.approx(-0.3, abs=0.05)
    assert got.low < -0.3 < got.high < 0


def test_the_interaction_is_that_of_plain_least_squares():
    logit, size, about = models(0.7)
    tuned = np.array(about["tuned"])
    slopes = [stats.linregress(size[tuned == k], logit[tuned == k]).slope for k in (False, True)]
    assert size_by_tuning(logit, size, **about).value == pytest.approx(slopes[1] - slopes[0])


def test_the_interaction_needs_families_and_sizes():
    logit, size, about = models(0, families=4)
    assert "4 families" in size_by_tuning(logit, size, **about).reason
    logit, size, about = models(0)
    assert "two sizes" in size_by_tuning(logit, np.full(24, 0.8), **about).reason


def test_no_unsafe_answer_is_no_fault():
    _, size, about = models(0)
    perfect = logit_safety(np.ones(24), np.full(24, 100.0))
    assert perfect[0] == pytest.approx(np.log(100.5 / 0.5))
    assert size_by_tuning(perfect, size, **about).value == pytest.approx(0, abs=1e-9)
