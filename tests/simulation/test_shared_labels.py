"""Why labels of other languages correct no language: no design is both right in each and narrow enough."""

import numpy as np
import pytest

from simulation import shared_labels as shared

WANTED = 0.7
"""The width, in parts of a language's own, that borrowing would have to reach at 30 labels."""


@pytest.mark.simulation
@pytest.mark.parametrize("flagged_labels", [None, 15])
@pytest.mark.parametrize("point", shared.ALIKE)
def test_no_interval_that_holds_in_each_language_is_narrow_enough(point, flagged_labels):
    assert shared.least_ratio(point, flagged_labels=flagged_labels) > WANTED


def one_language_differs(specificity):
    """Six languages with many errors and 100 labels each; false alarms in the last."""
    return shared.World(
        name="", rate_L=np.full(6, 0.12), sensitivity_L=np.full(6, 0.85), labels=100,
        specificity_L=np.array([0.97] * 5 + [specificity]),
    )  # fmt: skip


@pytest.mark.simulation
@pytest.mark.parametrize("name", [shared.SHRUNK, *list(shared.TOGETHER)[:3]])
def test_what_borrows_fails_in_the_language_that_differs(name):
    least = min(
        shared.measured(one_language_differs(sp), runs=2000, seed=3)[name][0][:, -1].mean()
        for sp in (0.97, 0.94, 0.92, 0.90)
    )
    assert least < 0.9


@pytest.mark.simulation
def test_a_language_by_itself_holds():
    for specificity in (0.97, 0.92, 0.77):
        found = shared.measured(one_language_differs(specificity), runs=2000, seed=4)
        assert found["alone, two-phase"][0].mean(axis=0).min() >= 0.94


@pytest.mark.simulation
def test_a_verdict_of_two_values_gains_nothing_by_recalibration():
    """Any function of it is affine, which the weight of PPI++ undoes (arXiv 2605.29249)."""
    rng = np.random.default_rng(1)
    y, f, rest = rng.random(30) < 0.2, rng.random(30) < 0.3, rng.random(2000) < 0.3
    one, other = (
        shared.width_of(y.astype(float), np.where(f, *ab), np.where(rest, *ab))
        for ab in ((1.0, 0.0), (0.6, 0.04))
    )
    assert (one == pytest.approx(other)) or (np.cov(y, f)[0, 1] <= 0)
    assert shared.recalibrated(np.random.default_rng(2), 1.0, runs=40) > 0.9
