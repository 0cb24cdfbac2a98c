"""How much of a gap is wording, over worlds where that is known."""

from __future__ import annotations

import pytest

from simulation.wordings import seen

pytestmark = pytest.mark.simulation

WORLDS = [(100, 0.5), (300, 0.5), (300, 0.9), (300, 0.1)]


@pytest.mark.parametrize(("n", "of_request"), WORLDS)
def test_gap_and_flips_are_held_and_the_share_of_wording_is_recovered(n, of_request):
    gap, flip, _, told, true = seen(n, 0.1, 0.2, of_request)
    assert gap >= 0.92
    assert flip >= 0.92
    assert told == pytest.approx(true, abs=0.03)


@pytest.mark.parametrize(("n", "of_request"), WORLDS)
def test_where_the_languages_do_not_differ_the_gap_over_wordings_rarely_does(n, of_request):
    gap, _, named, _, _ = seen(n, 0.15, 0.15, of_request, runs=1000)
    assert gap >= 0.92
    assert named <= 0.05 + 2.6 * (0.05 * 0.95 / 1000) ** 0.5
