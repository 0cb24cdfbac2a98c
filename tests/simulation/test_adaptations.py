"""The adaptation term over worlds: planted effects are held, and none is named where there is none."""

from __future__ import annotations

import pytest

from simulation.adaptations import seen

pytestmark = pytest.mark.simulation

RUNS = 200
WORLDS = [(100, 1.0, False), (300, 1.0, False), (300, 0.5, False), (300, 1.0, True)]


@pytest.mark.parametrize(("n", "sampled", "people"), WORLDS)
def test_nine_points_are_held_and_told_with_their_sign(n, sampled, people):
    held, more, named, mean = seen(n, 0.09, sampled=sampled, people=people, runs=RUNS)
    assert held >= 0.92
    assert more == named
    assert mean == pytest.approx(0.09, abs=0.012)
    assert named > (0.9 if n == 300 and sampled == 1 else 0.3)


@pytest.mark.parametrize(("n", "sampled", "people"), WORLDS)
def test_where_adapting_does_nothing_it_is_rarely_named(n, sampled, people):
    held, _, named, _ = seen(n, 0.0, sampled=sampled, people=people, runs=1000)
    assert held >= 0.92
    assert named <= 0.05 + 2.6 * (0.05 * 0.95 / 1000) ** 0.5
