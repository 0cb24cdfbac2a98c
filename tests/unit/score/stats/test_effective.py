"""What a mean is worth: as plain intervals for plain data, more than one language's prompts."""

import numpy as np
import pytest

from safeglot.score.frame import rows_of
from safeglot.score.stats.effective import mean_difference, mean_rate
from safeglot.score.stats.gaps import mcnemar_chi2, tango
from safeglot.score.stats.intervals import wilson
from safeglot.score.stats.linear import Layout, combine


def layout(n, strata=1):
    return Layout(
        prompt_E=np.arange(n),
        stratum_E=np.arange(n) % strata,
        n_prompts=n,
        n_strata=strata,
    )


def one_language(values):
    values = np.array([values])
    return rows_of(layout(values.size), np.ones_like(values), values, values**2)


def test_single_rows_have_the_plain_intervals_but_for_n_over_n_less_one():
    safe = one_language([1] * 170 + [0] * 30)
    got = mean_rate(layout(200), safe, np.ones(1), level=0.95)
    low, high = wilson(170, 200)
    assert (got.low, got.high) == pytest.approx((float(low), float(high)), abs=1e-3)
    d = mean_difference(
        layout(200), one_language([1] * 12 + [-1] * 30 + [0] * 158), np.ones(1), level=0.95
    )
    low, high = tango(30, 12, 200)
    assert (d.low, d.high) == pytest.approx((float(low), float(high)), abs=1e-3)
    assert d.p == pytest.approx(float(mcnemar_chi2(30, 12)[1]), rel=0.05)


def repeated(values_LP):
    n_L, n_P = values_LP.shape
    whole = layout(n_P)
    rows = rows_of(whole, np.ones_like(values_LP), values_LP, values_LP**2)
    return whole.repeat(n_L), rows, np.ones(n_L)


def worth(values_LP):
    return combine(*repeated(values_LP)).n_eff


def test_languages_that_are_alike_add_nothing_and_others_do():
    rng = np.random.default_rng(0)
    base = (rng.random(300) < 0.8).astype(np.int64)
    assert worth(np.stack([base] * 4)) == pytest.approx(300, rel=0.01)
    few = worth((rng.random((4, 300)) < 0.8).astype(np.int64))
    many = worth((rng.random((4, 30_000)) < 0.8).astype(np.int64))
    assert 900 < few < 1150  # some 170 prompts carry the variance, against a belief worth five
    assert 0.97 * 4 * 30_000 < many <= 4 * 30_000


def test_the_first_unsafe_answer_makes_no_interval_shorter():
    for n_L in (2, 5, 10):
        values = np.ones((n_L, 60), dtype=np.int64)
        none = mean_rate(*repeated(values), level=0.95)
        values[0, 0] = 0
        one = mean_rate(*repeated(values), level=0.95)
        assert one.low < none.low
        assert one.n_eff == pytest.approx(60, rel=0.03)


def test_it_is_never_worth_more_than_its_rows():
    rng = np.random.default_rng(1)
    for _ in range(50):
        assert worth((rng.random((3, 12)) < 0.5).astype(np.int64)) <= 36 + 1e-9


def test_where_nothing_varies_the_interval_is_that_of_the_prompts():
    got = mean_rate(*repeated(np.ones((3, 40), dtype=np.int64)), level=0.95)
    low, _ = wilson(40, 40)
    assert (got.value, got.low, got.high) == (1, pytest.approx(float(low)), 1)
