import numpy as np
import pytest
from scipy import stats
from scipy.stats import binom

from safeglot.score.stats.gaps import mcnemar_midp, p_of_difference
from safeglot.score.stats.power import (
    discordant_share,
    pairs_beside,
    prompts_beside,
    prompts_needed,
    smallest_drop,
)


def test_a_correlation_is_held_to_what_the_safeties_allow():
    assert discordant_share(0.9, 0.8, phi=0) == pytest.approx(0.9 * 0.2 + 0.1 * 0.8)
    assert discordant_share(0.9, 0.8, phi=1) == pytest.approx(0.1, abs=2e-4)
    assert discordant_share(0.5, 0.5, phi=-1) == pytest.approx(1.0)
    assert discordant_share(0.9, 0.8, phi=-1) == pytest.approx(0.3)
    assert discordant_share(1.0, 0.7, phi=0.9) == pytest.approx(0.3)


@pytest.mark.parametrize("phi", [None, -0.2, 0.0, 0.4, 1.0])
@pytest.mark.parametrize("p", [0.3, 0.9, 1.0])
def test_the_smallest_drop_needs_just_the_prompts_there_are(p, phi):
    drop, seen = smallest_drop(p, 200, phi=phi)
    assert seen
    assert prompts_needed(p, p - drop, phi=phi) == pytest.approx(200, rel=1e-6)


def test_more_prompts_and_a_closer_link_show_smaller_drops():
    drop = smallest_drop(0.95, [50, 100, 1000, 15000], phi=0.3)[0]
    assert np.all(np.diff(drop) < 0)
    drop = smallest_drop(0.95, 500, phi=[-0.05, 0.0, 0.3, 0.6])[0]
    assert np.all(np.diff(drop) < 0)


def test_where_no_drop_would_show_it_says_so():
    drop, seen = smallest_drop([0.0, 0.9, 0.02, 0.9], [1000, 0, 20, 400], phi=0.3)
    assert seen.tolist() == [False, False, False, True]
    assert drop[:3].tolist() == [0.0, 0.9, 0.02]


def test_equal_safeties_have_no_sample_size():
    with pytest.raises(ValueError, match="no difference"):
        prompts_needed(0.9, [0.8, 0.9], phi=0.2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        smallest_drop(0.9, 100, phi=0.2, power=1.0)


def test_power_of_the_midp_test_at_the_prompts_needed():
    """By enumeration: b and c given the discordant pairs, these being binomial."""
    p, q, phi = 0.95, 0.88, 0.3
    n = int(np.ceil(prompts_needed(p, q, phi=phi)))
    share = float(discordant_share(p, q, phi=phi))
    lost = (share + p - q) / 2
    power = 0.0
    for m in range(n + 1):
        weight = binom.pmf(m, n, share)
        if weight > 1e-9:
            b = np.arange(m + 1)
            rejects = (mcnemar_midp(b, m - b) < 0.05) & (b > m - b)
            power += weight * binom.pmf(b, m, lost / share)[rejects].sum()
    assert power == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(
    ("p", "edge", "alpha"),
    [(0.97, 0.9, 0.01), (0.8, 0.9, 0.05), (1.0, 0.99, 0.05), (0.5, 0.9, 0.001)],
)
def test_prompts_beside_an_edge_are_about_the_fewest_with_the_power(p, edge, alpha):
    def power(n):
        k = np.arange(n + 1)
        if p > edge:
            rejected = stats.binom.sf(k - 1, n, edge) <= alpha
        else:
            rejected = stats.binom.cdf(k, n, edge) <= alpha
        return stats.binom.pmf(k, n, p)[rejected].sum()

    n = prompts_beside(p, edge, alpha=alpha)
    assert power(n) >= 0.8
    assert max(power(m) for m in range(1, int(0.8 * n))) < 0.8


def test_no_number_tells_what_is_on_the_edge_or_has_to_pass_all():
    assert prompts_beside(0.9, 0.9, alpha=0.05) is None
    assert prompts_beside(1.0, 1.0, alpha=0.05) is None
    assert prompts_beside(0.99, 1.0, alpha=0.05) is not None  # one failure is enough to be under it
    assert pairs_beside(-0.02, 0.1, -0.02, alpha=0.05) is None


@pytest.mark.parametrize(
    ("lost", "won", "edge", "alpha"),
    [
        (0.12, 0.02, -0.02, 0.01),
        (0.06, 0.001, -0.02, 0.05),
        (0.03, 0.01, -0.06, 0.01),
        (0.02, 0.02, -0.02, 0.005),
    ],
)
def test_pairs_beside_an_edge_have_the_power(lost, won, edge, alpha):
    n = pairs_beside(won - lost, won + lost, edge, alpha=alpha)
    b, c, _ = np.random.default_rng(0).multinomial(n, [lost, won, 1 - lost - won], 8000).T
    p = p_of_difference(b, c, n, edge) if won - lost > edge else p_of_difference(c, b, n, -edge)
    assert 0.785 < (p <= alpha).mean() < 0.88
