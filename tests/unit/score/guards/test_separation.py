import numpy as np
import pytest

from safeglot.score.guards.separation import auc


def delong(p, unsafe):
    """DeLong's variance pair by pair."""
    bad, good = p[unsafe], p[~unsafe]
    psi = (bad[:, None] > good).astype(float) + 0.5 * (bad[:, None] == good)
    return psi.mean(), psi.mean(axis=1).var(ddof=1) / bad.size + psi.mean(axis=0).var(
        ddof=1
    ) / good.size


def test_single_texts_give_delongs_interval():
    rng = np.random.default_rng(3)
    unsafe = np.arange(80) % 3 == 0
    p = np.round(np.clip(rng.normal(0.4 + 0.2 * unsafe, 0.2), 0, 1), 2)
    area = auc(p, unsafe, np.arange(80), level=0.95)
    value, variance = delong(p, unsafe)
    half = 1.959964 * variance**0.5 / (value * (1 - value))
    ends = [1 / (1 + np.exp(-(np.log(value / (1 - value)) + side))) for side in (-half, half)]
    assert area.value == pytest.approx(value)
    assert (area.low, area.high) == pytest.approx(tuple(ends), abs=1e-6)


def test_texts_that_share_ids_are_worth_less():
    rng = np.random.default_rng(4)
    unsafe = np.arange(60) % 2 == 0
    p = np.clip(rng.normal(0.4 + 0.2 * unsafe, 0.2), 0, 1)
    many = np.repeat(p, 4), np.repeat(unsafe, 4)
    one = auc(p, unsafe, np.arange(60), level=0.95)
    four = auc(*many, np.repeat(np.arange(60), 4), level=0.95)
    apart = auc(*many, np.arange(240), level=0.95)
    assert four.high - four.low == pytest.approx(one.high - one.low, rel=0.02)
    assert apart.high - apart.low < 0.6 * (one.high - one.low)


@pytest.mark.parametrize("order", [1, -1])
def test_no_pair_out_of_order_leaves_room_for_some(order):
    p = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
    area = auc(p, np.array([False] * 3 + [True] * 3)[::order], np.arange(6), level=0.95)
    assert area.value == (1.0 if order > 0 else 0.0)
    assert area.high - area.low > 0.3
