"""A judge that misses verdicts moves no class rate, and the intervals say what is left."""

import pytest

from simulation.lost_verdicts import MISSED, told


@pytest.mark.simulation
@pytest.mark.parametrize("missed", MISSED)
def test_class_rates_are_unbiased_under_judges_that_miss_verdicts(missed):
    for name, (mean, held, truth) in told(12, missed).items():
        assert mean == pytest.approx(truth, abs=0.004), name
        assert held >= 0.93, name
