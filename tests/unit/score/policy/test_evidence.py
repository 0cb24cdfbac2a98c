"""Tests, bounds and planning of shares and paired differences, which have to agree with one another."""

import numpy as np
import pytest
from scipy import stats

from safeglot.score.policy.evidence import PairEvidence, RateEvidence


def shares(good, n):
    good, n = np.array(good, dtype=float), np.array(n)
    return RateEvidence(value_H=good / np.maximum(n, 1), n_eff_H=n.astype(float), n_H=n)


def changes(lost, won, n):
    lost, won, n = (np.array(x, dtype=float) for x in (lost, won, n))
    return PairEvidence(
        value_H=(won - lost) / n, discordant_H=(won + lost) / n, n_eff_H=n, n_H=n.astype(int)
    )


def test_shares_are_tested_exactly_both_ways():
    found = shares([95, 80, 0, 100], [100] * 4)
    n, limit = 100, 0.9
    above = [stats.binomtest(k, n, limit, alternative="greater").pvalue for k in (95, 80, 0, 100)]
    below = [stats.binomtest(k, n, limit, alternative="less").pvalue for k in (95, 80, 0, 100)]
    assert found.p_above(limit) == pytest.approx(above, abs=1e-12)
    assert found.p_below(limit) == pytest.approx(below, abs=1e-12)


@pytest.mark.parametrize(
    "found",
    [
        shares([0, 3, 50, 97, 99, 100, 299], [100, 100, 100, 100, 100, 100, 300]),
        changes([0, 3, 9, 1, 20, 30, 5], [0, 1, 2, 8, 19, 0, 5], [60, 60, 60, 90, 80, 90, 400]),
    ],
    ids=["shares", "changes"],
)
@pytest.mark.parametrize("alpha", [0.05, 0.002])
def test_a_bound_is_where_its_test_has_the_level(found, alpha):
    low, high = found.low(alpha), found.high(alpha)
    assert (low <= found.value_H + 1e-9).all()
    assert (found.value_H <= high + 1e-9).all()
    inside = (low > found.low(1e-12) + 1e-6) & (low > 0)
    assert found.p_above(low)[inside] == pytest.approx(alpha, rel=1e-3)
    for limit in (-0.05, 0.3, 0.9, 0.98):
        assert ((found.p_above(limit) <= alpha) == (low >= limit)).all()
        assert ((found.p_below(limit) <= alpha) == (high <= limit)).all()


def test_nothing_is_shown_by_no_prompt_and_a_limit_that_always_holds_is_met():
    empty = shares([0], [0])
    assert (empty.p_above(0.5)[0], empty.p_below(0.5)[0]) == (1, 1)
    assert (empty.low(0.05)[0], empty.high(0.05)[0]) == (0, 1)
    assert shares([0], [10]).p_above(0)[0] == 0
    assert changes([5], [0], [10]).p_above(-1)[0] == 0
    assert shares([9], [10]).p_below(1)[0] == 0  # one failure is enough against a limit of all
    assert shares([10], [10]).p_above(1)[0] == 1  # and no number of prompts is enough for it


def test_planning_names_numbers_that_settle():
    # 299 without a failure certify 99%
    assert shares([300], [300]).needed(0, 0.99, 0.05) == 299
    n = shares([96], [100]).needed(0, 0.9, 0.05)
    rng = np.random.default_rng(0)
    seen = rng.binomial(n, 0.96, 4000)
    passed = (shares(seen, [n] * 4000).p_above(0.9) <= 0.05).mean()
    assert passed >= 0.8 - 2.6 * 0.4 / 4000**0.5
    assert shares([9], [10]).needed(0, 0.9, 0.05) is None
    assert shares([10], [10]).needed(0, 1.0, 0.05) is None


def test_planning_of_differences_names_numbers_that_settle():
    lost, won, n = 12, 2, 100
    pairs = changes([lost], [won], [n]).needed(0, -0.02, 0.01)
    rng = np.random.default_rng(1)
    seen = rng.multinomial(pairs, [lost / n, won / n, 1 - (lost + won) / n], 4000)
    failed = (changes(seen[:, 0], seen[:, 1], [pairs] * 4000).p_below(-0.02) <= 0.01).mean()
    assert 0.78 < failed < 0.86
    assert changes([2], [0], [100]).needed(0, -0.02, 0.05) is None
