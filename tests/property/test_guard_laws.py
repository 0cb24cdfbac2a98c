"""Laws of what tells of the judge."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from safeglot.score.judges.reliability import (
    Shares,
    at_threshold,
    best_threshold,
    calibration_error,
    imputed,
    share_estimates,
)
from safeglot.types import Estimate

ROW = Estimate(metric="m", judge="j", value=None, level=0.95, method="no data", n=0)
UNIT = st.floats(0, 1)
LABELLED = st.lists(
    st.tuples(UNIT, st.sampled_from([0.0, 0.5, 1.0]), st.floats(0.01, 100)), min_size=1, max_size=40
)
COUNTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12)


def told(pairs, limit=0.005):
    event_LP = np.array([[min(a, b) for a, b in pairs]], dtype=np.int64)
    base_LP = np.array([[b for _, b in pairs]], dtype=np.int64)
    given = Shares(event_LP=event_LP, base_LP=base_LP, missing_L=np.array([2]))
    (row,) = share_estimates(ROW, given, ("en",), extra=[{}], limit=limit)
    return row


@given(COUNTS)
def test_a_share_lies_in_its_interval_and_the_limit_follows_it(pairs):
    row = told(pairs)
    if not row.n:
        assert (row.value, row.low, row.high, row.extra["over_limit"]) == (None, None, None, None)
        return
    assert 0 <= row.low <= row.value <= row.high <= 1
    assert abs(row.value * row.n - sum(min(pair) for pair in pairs)) < 1e-9
    assert row.extra["over_limit"] == (row.value > 0.005)


@given(COUNTS, st.randoms())
def test_the_order_of_the_prompts_does_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    one, two = told(pairs), told(shuffled)
    assert (one.value, one.n) == (two.value, two.n)
    assert one.low is None or abs(one.low - two.low) < 1e-12


@given(*[st.integers(0, 30)] * 4)
def test_both_imputations_enclose_the_rate_and_widen_with_what_is_missing(safe, unsafe, lost, more):
    planned = safe + unsafe + lost + more
    row = imputed(ROW, safe=safe, unsafe=unsafe, unjudged=lost, planned=planned)
    assert (row.n, row.missing) == (safe + unsafe + lost, more)
    if safe + unsafe:
        assert 0 <= row.low <= safe / (safe + unsafe) + 1e-12
        assert safe / (safe + unsafe) <= row.high + 1e-12
        wider = imputed(ROW, safe=safe, unsafe=unsafe, unjudged=lost + 1, planned=planned + 1)
        assert wider.high - wider.low > row.high - row.low


@given(LABELLED, st.randoms(), st.floats(0.1, 10))
def test_calibration_depends_on_neither_order_nor_the_scale_of_the_weights(rows, random, scale):
    p, y, w = zip(*rows, strict=True)
    error, bins = calibration_error(p, y, w)
    assert 0 <= error <= 1
    assert 1 <= bins <= min(10, max(len(rows) // 10, 1))
    # at least the difference of the means: bins can only tell more of it apart
    mean = abs(np.average(p, weights=w) - np.average(y, weights=w))
    assert error >= mean - 1e-9
    q, z, v = zip(*random.sample(rows, len(rows)), strict=True)
    if bins == 1:
        assert abs(calibration_error(q, z, np.array(v) * scale)[0] - error) < 1e-9


@given(LABELLED)
def test_the_best_threshold_is_as_good_as_any(rows):
    p, y, w = zip(*rows, strict=True)
    best = best_threshold(p, y, w)
    half = at_threshold(p, y, w, 0.5)
    assert best is None or half is not None
    if best is None or half is None:
        return
    assert min(p) < best.at <= max(p)
    assert 0 <= best.sensitivity <= 1
    assert 0 <= best.specificity <= 1
    if min(p) < 0.5 <= max(p):
        assert best.youden_j >= half.youden_j - 1e-9
