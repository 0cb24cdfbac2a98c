"""Anytime-valid tests against enumeration, and their limiting values."""

import math

import numpy as np
import pytest
from scipy import stats

from safeglot.score.stats.sequential import (
    band_evidence,
    confidence_sequence,
    fewest_prompts,
    fewest_without_failure,
    gap_is_shown,
    log_e_of_gap,
    look,
    looks,
    most_unsafe,
)

pytestmark = pytest.mark.filterwarnings("error")
EDGES = (0.6, 0.8)


@pytest.mark.parametrize("pool", [5, 20])
@pytest.mark.parametrize("t", [1, 3, 5])
def test_no_null_lets_an_e_value_average_above_one(pool, t):
    k1, k2 = most_unsafe(pool, EDGES[1]), most_unsafe(pool, EDGES[0])
    told = [band_evidence(s, t, pool, edges=EDGES) if s <= t else None for s in range(t + 1)]
    for unsafe in range(pool + 1):
        chance = stats.hypergeom(pool, unsafe, t).pmf(np.arange(t + 1))
        seen = [(p, e) for p, e in zip(chance, told, strict=True) if p > 1e-14]
        means = {
            name: sum(p * math.exp(getattr(e, name)) for p, e in seen)
            for name in ("log_e_safe", "log_e_not_safe", "log_e_ge_lo", "log_e_below_lo")
        }
        assert means["log_e_not_safe" if unsafe <= k1 else "log_e_safe"] <= 1 + 1e-9
        assert means["log_e_below_lo" if unsafe <= k2 else "log_e_ge_lo"] <= 1 + 1e-9


@pytest.mark.parametrize(
    ("unsafe", "band"),
    [(0, "safe"), (4, "safe"), (5, "unsafe"), (46, "unsafe"), (47, "highly-unsafe")],
)
def test_the_whole_pool_gives_its_band_for_certain(unsafe, band):
    told = band_evidence(unsafe, 460, 460)
    assert told.band() == band
    certain = {told.log_e_safe, told.log_e_not_safe, told.log_e_ge_lo, told.log_e_below_lo}
    assert certain == {math.inf, -math.inf}


def test_nothing_drawn_says_nothing():
    told = band_evidence(0, 0, 460)
    assert told.band() is None
    for log_e in (told.log_e_safe, told.log_e_not_safe, told.log_e_ge_lo, told.log_e_below_lo):
        assert log_e == pytest.approx(0, abs=1e-9)
    assert confidence_sequence(0, 0) == (0, 1)
    assert not gap_is_shown(0, 0)


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="3 of 2"):
        band_evidence(3, 2, 10)
    with pytest.raises(ValueError, match="drawn of a pool"):
        band_evidence(0, 11, 10)
    with pytest.raises(ValueError, match="ascending"):
        band_evidence(0, 1, 10, edges=(0.99, 0.9))
    with pytest.raises(ValueError, match="between 0 and"):
        confidence_sequence(-1, 4)
    with pytest.raises(ValueError, match="below zero"):
        log_e_of_gap(-1, 2)
    with pytest.raises(ValueError, match="a look needs two"):
        look([1, 1], 1)
    with pytest.raises(ValueError, match="between 0 and them"):
        look([5, 1], 4)


@pytest.mark.parametrize(("safe", "t"), [(0, 7), (3, 7), (7, 7), (95, 100)])
def test_the_sequence_ends_where_its_ratio_meets_the_bound(safe, t):
    low, high = confidence_sequence(safe, t, alpha=0.1)
    assert low <= safe / t <= high
    bar = stats.betabinom(t, 9, 1).pmf(safe) / stats.binom(t, 0.5).pmf(safe) * 0.5**t * 0.1
    for p in (low, high):
        assert p in (0, 1) or p**safe * (1 - p) ** (t - safe) == pytest.approx(bar, rel=1e-6)
    assert (low == 0) == (safe == 0)
    assert (high == 1) == (safe == t)


def test_mirrored_counts_mirror_the_interval():
    low, high = confidence_sequence(30, 40, prior=(2, 5))
    assert confidence_sequence(10, 40, prior=(5, 2)) == pytest.approx((1 - high, 1 - low))


def test_e_values_of_pairs_average_to_one():
    total = sum(
        math.comb(9, b) / 2**9 * math.exp(log_e_of_gap(b, 9 - b, prior=1.5)) for b in range(10)
    )
    assert total == pytest.approx(1)


def test_no_number_of_prompts_decides_on_an_edge():
    assert fewest_prompts(0.99) is None
    assert fewest_prompts(1.0) == pytest.approx(
        (0.05 * math.log(0.05 / 0.95) + 0.95 * math.log(0.95 / 0.05)) / -math.log(0.99)
    )


@pytest.mark.parametrize("pool", [1, 2, 30, 100])
def test_draws_without_failure_are_the_fewest_by_the_hypergeometric(pool):
    t = fewest_without_failure(pool)
    worst = most_unsafe(pool, 0.99) + 1
    assert stats.hypergeom(pool, worst, t).pmf(0) <= 0.05
    assert stats.hypergeom(pool, worst, t - 1).pmf(0) > 0.05


def test_looks_never_stand_still():
    assert list(looks(1, most=8)) == [1, 2, 3, 4, 6]


def test_a_look_at_perfect_categories_still_doubts():
    seen = look([4] * 32, 4)
    assert seen.macro == 1
    assert seen.se == pytest.approx(1 / 4 / 32)
