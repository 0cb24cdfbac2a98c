from itertools import product

import numpy as np
import pytest

from reference.gap_bounds import gap_bounds
from safeglot.score.stats.bounds import completed, match_bounds, p_bounds
from safeglot.score.stats.gaps import mcnemar_midp


def every_filling(reference, other):
    """Yield both languages' verdicts with the missing ones filled in every way there is."""
    holes = [(i, j) for i, of in enumerate((reference, other)) for j in np.flatnonzero(of < 0)]
    for values in product((0, 1), repeat=len(holes)):
        both = np.array([reference, other])
        for (i, j), value in zip(holes, values, strict=True):
            both[i, j] = value
        yield both


def worlds(seed):
    rng = np.random.default_rng(seed)
    return rng.choice(np.array([-1, 0, 0, 1], dtype=np.int8), size=(2, 7))


@pytest.mark.parametrize("seed", range(20))
def test_bounds_are_the_ends_of_all_fillings(seed):
    reference, other = worlds(seed)
    gaps = [(one - two).mean() for one, two in every_filling(reference, other)]
    assert gap_bounds(reference, other) == pytest.approx((min(gaps), max(gaps)))
    matches = [(one == two).mean() for one, two in every_filling(reference, other)]
    assert match_bounds(reference, other) == pytest.approx((min(matches), max(matches)))


@pytest.mark.parametrize("seed", range(20))
def test_p_lies_within_its_bounds_whatever_the_missing_verdicts_are(seed):
    reference, other = worlds(seed)

    def p_of(one, two):
        return float(mcnemar_midp(((one == 0) & (two == 1)).sum(), ((one == 1) & (two == 0)).sum()))

    everywhere = np.ones(other.shape, dtype=np.bool_)
    ends = [completed(reference, other, everywhere, best=best) for best in (False, True)]
    low, high = p_bounds(*gap_bounds(reference, other), *(p_of(*end) for end in ends))
    ps = [p_of(*both) for both in every_filling(reference, other)]
    assert float(low) == pytest.approx(min(ps))
    assert float(high) >= max(ps) - 1e-12
    if max(ps) < 1:
        assert float(high) == pytest.approx(max(ps))


def test_without_pairs_nothing_is_known():
    nothing = np.zeros(0, dtype=np.int8)
    assert match_bounds(nothing, nothing) == (0.0, 1.0)


def test_what_was_not_planned_stays_missing():
    unread = np.full(3, -1, dtype=np.int8)
    planned = np.array([True, False, True])
    one, two = completed(unread, unread, planned, best=True)
    assert (one.tolist(), two.tolist()) == ([1, -1, 1], [0, -1, 0])
