import numpy as np
import pytest

from safeglot.score.causes.terms import less, of_sample, se_of, term
from safeglot.score.stats.mean_interval import score_interval

RNG = np.random.default_rng(6)
D = RNG.choice([-1.0, 0.0, 1.0], 80, p=[0.1, 0.6, 0.3])
OTHER = RNG.choice([-1.0, 0.0, 1.0], 80, p=[0.2, 0.6, 0.2])


def sampled(n):
    return np.where(np.arange(80) < n, OTHER, np.nan)


def test_a_sample_of_all_is_all():
    whole, plain = of_sample(OTHER, level=0.95), term(OTHER, level=0.95)
    assert (whole.low, whole.high, whole.sample_P) == (plain.low, plain.high, None)
    assert less(D, whole, level=0.95).low == score_interval(D - OTHER)[0]


@pytest.mark.parametrize("n", [2, 30, 79])
def test_a_sample_has_its_own_mean_error_and_interval(n):
    found = of_sample(sampled(n), level=0.95)
    assert found.d_P.mean() == pytest.approx(OTHER[:n].mean())
    assert se_of(found.d_P) == pytest.approx(se_of(OTHER[:n]))
    assert (found.low, found.high) == score_interval(OTHER[:n])


def test_less_a_sample_is_wider_than_less_all_and_holds_the_value():
    part, whole = (less(D, of_sample(sampled(n), level=0.95), level=0.95) for n in (30, 80))
    assert part.d_P.mean() == pytest.approx(D.mean() - OTHER[:30].mean())
    assert part.low < part.d_P.mean() < part.high
    assert part.high - part.low > whole.high - whole.low


def test_a_single_prompt_has_no_error():
    assert se_of(D[:1]) is None
    flat = less(np.zeros(80), of_sample(sampled(30), level=0.95), level=0.95)
    assert flat.low < flat.d_P.mean() < flat.high
