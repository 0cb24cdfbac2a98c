import numpy as np
import pytest

from safeglot.score.guards.shares import clustered_share, share_of
from safeglot.score.stats.intervals import wilson


def test_a_share_of_single_texts_has_wilsons_interval():
    hit = np.array([True] * 7 + [False] * 3)
    share = share_of(hit, np.ones(10, dtype=bool), np.arange(10), level=0.95)
    low, high = wilson(7, 10)
    assert (share.value, share.n, share.unread) == (0.7, 10, 0)
    assert (share.low, share.high) == pytest.approx((float(low), float(high)))


def test_what_was_not_read_is_in_no_rate_and_bounds_it():
    hit, read = np.array([True, True, False, False]), np.array([True, True, True, False])
    share = share_of(hit, read, np.arange(4), level=0.95)
    assert share.value == pytest.approx(2 / 3)
    assert (share.n, share.unread) == (3, 1)
    assert (share.low_bound, share.high_bound) == (0.5, 0.75)


def test_nothing_read_is_no_number():
    share = share_of(np.array([True]), np.array([False]), np.arange(1), level=0.95)
    assert share.value is None
    assert (share.low_bound, share.high_bound) == (0.0, 1.0)


def test_texts_of_one_id_are_worth_less():
    hit = np.repeat([True, False], 50)
    alone = clustered_share(hit, np.arange(100), level=0.95)
    together = clustered_share(hit, np.repeat(np.arange(20), 5), level=0.95)
    assert together.n_eff < alone.n_eff == pytest.approx(100)
    assert together.high - together.low > alone.high - alone.low
