import numpy as np
import pytest

from reference.gaps import agresti_min, mcnemar_exact, wald
from safeglot.score.stats.gaps import mcnemar_chi2, mcnemar_midp, tango
from safeglot.score.stats.intervals import z_of

Z2 = z_of(0.95) ** 2


def test_five_losses_and_no_win():
    assert mcnemar_exact(5, 0) == pytest.approx(2 / 32)
    assert mcnemar_midp(5, 0) == pytest.approx(1 / 32)
    assert [float(x) for x in mcnemar_chi2(5, 0)] == [5.0, pytest.approx(0.0253473187)]


@pytest.mark.parametrize("count", [0, 1, 7, 400])
def test_as_many_losses_as_wins_are_no_evidence(count):
    assert mcnemar_midp(count, count) == pytest.approx(1)
    assert float(mcnemar_exact(count, count)) == 1.0
    assert float(mcnemar_chi2(count, count)[1]) == 1.0


@pytest.mark.parametrize("n", [1, 2, 50, 15000])
def test_without_discordant_pairs_the_interval_is_known(n):
    low, high = tango(0, 0, n)
    assert [float(low), float(high)] == pytest.approx([-Z2 / (n + Z2), Z2 / (n + Z2)], abs=1e-12)


@pytest.mark.parametrize("n", [1, 5, 300])
def test_all_pairs_lost(n):
    low, high = tango(n, 0, n)
    assert float(low) == -1.0
    assert -1 < float(high) < 1
    assert [float(x) for x in tango(0, n, n)] == pytest.approx([-float(high), 1.0])


def test_no_pairs_give_the_interval_that_says_nothing():
    assert [float(x) for x in tango(0, 0, 0)] == [-1.0, 1.0]


def test_tango_solves_its_equation():
    """The ends are where the score statistic, with the constrained maximum found anew, is z."""
    b, c, n = 9, 2, 40
    for end in map(float, tango(b, c, n)):
        shares = np.linspace(max(0.0, -end), (1 - end) / 2, 2_000_001)[1:-1]
        likelihood = b * np.log(shares) + c * np.log(shares + end)
        likelihood += (n - b - c) * np.log(1 - 2 * shares - end)
        share = shares[likelihood.argmax()]
        statistic = (c - b - n * end) / np.sqrt(n * (2 * share + end * (1 - end)))
        assert abs(statistic) == pytest.approx(z_of(0.95), abs=1e-4)


def test_arrays_give_what_numbers_give():
    b, c, n = [12, 0, 5, 0], [4, 0, 0, 3], [200, 50, 30, 3]
    for interval in (tango, wald, agresti_min):
        low, high = interval(b, c, n)
        for i in range(4):
            assert (low[i], high[i]) == tuple(map(float, interval(b[i], c[i], n[i])))


def test_large_samples_agree():
    low, high = tango(300, 200, 15000)
    assert [float(low), float(high)] == pytest.approx(
        [float(x) for x in wald(300, 200, 15000)], abs=5e-5
    )
