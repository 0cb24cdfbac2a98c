"""A judge that errs with the quality of translations is told in sign and size, one that does not is not."""

import numpy as np
import pytest

from simulation.judge_errors import slope_worlds, worlds_together

RUNS = 400
NULL = 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / RUNS)


@pytest.mark.simulation
@pytest.mark.parametrize("alarms", [0.0, -0.05])
def test_the_slope_of_the_judges_errors_on_quality_is_recovered(alarms):
    for name, (truth, ends) in slope_worlds(5, RUNS, alarms=alarms).items():
        low, high = ends.T
        assert ((low <= truth) & (truth <= high)).mean() >= 0.92, name
        assert ((low > 0) | (high < 0)).mean() <= NULL or truth, name
        assert np.mean(low + high) / 2 == pytest.approx(truth, abs=0.004), name
    wrongly = slope_worlds(6, 50, alarms=-0.05, prompts=600, labels=600)["false_unsafe_slope"][1]
    assert (wrongly[:, 1] < 0).mean() > 0.9


@pytest.mark.simulation
@pytest.mark.parametrize("dependent", [0.0, 0.3])
def test_failing_together_is_recovered_and_never_made_up(dependent):
    truth, ends = worlds_together(7, RUNS, dependent=dependent)
    low, high = ends[~np.isnan(ends[:, 0])].T
    assert low.size > 0.9 * RUNS
    assert ((low <= truth) & (truth <= high)).mean() >= 0.92
    told = ((low > 0) | (high < 0)).mean()
    assert told <= NULL if not truth else (low > 0).mean() > 0.5
    assert np.mean(low + high) / 2 == pytest.approx(truth, abs=0.004)
