import numpy as np
import pytest
from scipy import optimize, stats

from reference.gaps import agresti_min, mcnemar_exact, wald
from safeglot.score.stats.gaps import (
    difference_low,
    mcnemar_chi2,
    mcnemar_midp,
    p_of_difference,
    tango,
)
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


def _tail(b, c, n, edge):
    """The chance of c - b at least as large, summed over all tables, at the likeliest shares."""
    q = optimize.minimize_scalar(
        lambda q: -stats.multinomial.logpmf([b, c, n - b - c], n, [q, q + edge, 1 - 2 * q - edge]),
        bounds=(max(-edge, 0) + 1e-12, (1 - edge) / 2 - 1e-12), method="bounded",
        options={"xatol": 1e-12},
    ).x  # fmt: skip
    lost = np.arange(n + 1)
    return sum(
        stats.binom.pmf(k, n, q) * stats.binom.sf(k + c - b - 1, n - k, (q + edge) / (1 - q))
        for k in lost
    )


@pytest.mark.parametrize(
    ("b", "c", "n", "edge"),
    [
        (2, 12, 60, 0.02), (0, 9, 60, 0.05), (19, 1, 90, -0.3), (1, 0, 80, -0.08), (30, 55, 300, 0.01),
        (0, 3, 400, 0.0005), (5, 0, 200, -0.06), (7, 40, 60, 0.3),
    ],
)  # fmt: skip
def test_the_tail_of_a_difference_is_that_of_all_tables(b, c, n, edge):
    assert float(p_of_difference(b, c, n, edge)) == pytest.approx(_tail(b, c, n, edge), rel=0.04)


def test_differences_that_go_one_way_are_exact():
    assert float(p_of_difference(0, 0, 40, -0.1)) == pytest.approx(0.9**40)
    assert float(p_of_difference(3, 0, 40, -0.2)) == pytest.approx(stats.binom.cdf(3, 40, 0.2))
    assert float(p_of_difference(0, 40, 40, 0.5)) == pytest.approx(0.75**40)
    assert float(p_of_difference(0, 0, 0, 0.1)) == 1
    assert float(p_of_difference(5, 1, 40, 0.1)) == 1


def test_a_difference_is_called_wrongly_no_oftener_than_said():
    """Also where nearly all pairs differ one way, in which Tango's score is wrong twice as often."""
    n = 100
    b, c = (x.ravel() for x in np.meshgrid(*[np.arange(n + 1)] * 2, indexing="ij"))
    b, c = b[b + c <= n], c[b + c <= n]
    for edge in (0.02, 0.1):
        for few in (0.0005, 0.005, 0.05):
            shares = [edge + few, few, 1 - edge - 2 * few]
            chance = stats.multinomial.pmf(np.stack([b, c, n - b - c], axis=1), n, shares)
            for alpha in (0.05, 0.0125, 0.0025):
                assert chance[p_of_difference(c, b, n, edge) <= alpha].sum() <= alpha
                assert chance[p_of_difference(b, c, n, -edge) <= alpha].sum() <= alpha


def test_the_lower_end_of_a_difference_is_where_its_tail_is_alpha():
    b, c = np.array([2, 0, 19, 1, 0]), np.array([12, 9, 1, 0, 0])
    low = difference_low(b, c, 90, alpha=0.01)
    assert p_of_difference(b, c, 90, low) == pytest.approx(0.01, rel=1e-3)
    assert float(difference_low(0, 0, 0, alpha=0.01)) == -1
