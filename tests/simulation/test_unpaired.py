"""The interval of an unpaired difference holds the truth: category weights, zero cells, rates near 1."""

import pytest

from simulation.unpaired import WORLDS, ends

RUNS = 2000


@pytest.mark.simulation
@pytest.mark.parametrize(("seed", "name"), list(enumerate(WORLDS, 900)))
def test_an_unpaired_difference_holds_the_truth(seed, name):
    truth, low, high = ends(seed, name, RUNS)
    assert ((low <= truth) & (truth <= high)).mean() >= 0.93
    if truth == 0:
        told = ((low > 0) | (high < 0)).mean()
        assert told <= 0.05 + 2.6 * (0.05 * 0.95 / RUNS) ** 0.5
