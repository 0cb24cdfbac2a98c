import numpy as np
import pytest

from reference.ppi import ppi, stratified_ppi
from safeglot.score.judges.ppi import ppi_plus, tuned_weight


def some(seed, n=80, rest=900):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(float)
    f = np.where(rng.random(n) < 0.9, y, 1 - y)
    return y, f, (rng.random(rest) < 0.34).astype(float)


def test_a_judge_without_errors_gives_its_rate_on_the_others():
    _, f, rest = some(0)
    assert ppi(f, f, rest).theta == pytest.approx(rest.mean())


def test_a_useless_judge_is_given_no_weight():
    y, _, rest = some(1)
    found = ppi_plus(y, 1 - y, rest)  # right the wrong way round: cut at 0
    assert found.lam == 0
    assert found.theta == y.mean()
    assert found.se == pytest.approx((y.mean() * (1 - y.mean()) / y.size) ** 0.5)


def test_the_weight_is_the_one_of_least_variance():
    """Oracle: variance over a grid of weights, with one variance of the verdicts for all."""
    y, f, rest = some(2)
    spread = np.concatenate([f, rest]).var(ddof=1)
    shared = np.cov(y, f)[0, 1]
    grid = np.linspace(0, 1, 20001)
    variance = grid**2 * spread * (1 / rest.size + 1 / y.size) - 2 * grid * shared / y.size
    assert tuned_weight(y, f, rest) == pytest.approx(grid[variance.argmin()], abs=1e-4)


def test_no_unlabelled_answers_leave_the_mean_of_the_labels():
    y, f, _ = some(3)
    found = ppi_plus(y, f, [])
    assert (found.theta, found.lam) == (y.mean(), 0.0)


def test_one_stratum_is_plain():
    y, f, rest = some(4)
    one, plain = stratified_ppi([(y, f, rest)], [1.0]), ppi_plus(y, f, rest)
    assert (one.theta, one.se, one.lam) == pytest.approx((plain.theta, plain.se, plain.lam))


def test_a_single_label_has_no_interval():
    found = ppi_plus([1], [1], [0, 1])
    assert (found.theta, found.se, found.low, found.high) == (1.0, None, None, None)


@pytest.mark.parametrize(("y", "f"), [([], []), ([1, 0], [1])])
def test_labels_without_verdicts_are_refused(y, f):
    with pytest.raises(ValueError, match="a verdict for each"):
        ppi_plus(y, f, [0, 1])
