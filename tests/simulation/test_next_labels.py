"""What ten more labels are expected to leave of an interval is what they leave."""

import pytest

from simulation.next_labels import expected_and_found


@pytest.mark.simulation
def test_the_expected_width_comes_about():
    now, expected, found = expected_and_found(100)
    assert found < now
    assert expected == pytest.approx(found, abs=0.003)
