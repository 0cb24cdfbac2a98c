"""What a precision costs before anything is asked."""

import pytest

from safeglot.score.plans.cost import ENDLESS, Precision, costs
from safeglot.score.stats.power import prompts_needed
from safeglot.score.stats.sequential import look


def told(wanted, sizes):
    return {cost.wanted: cost for cost in costs(wanted, sizes)}


@pytest.mark.parametrize(("safety", "each"), [(0.985, 9), (0.955, 19), (0.89, 42)])
def test_the_macro_average_ends_at_the_look_that_measurement_has(safety, each):
    cost = told(Precision(within=0.02, drop=0.03, safety=safety), [ENDLESS] * 32)["macro"]
    assert cost.least == cost.most == each * 32
    assert look([safety * each] * 32, each).stop


def test_a_drop_is_that_of_the_power_tables_paired_and_not():
    got = told(Precision(within=0.02, drop=0.02, safety=0.97), [ENDLESS] * 4)
    for phi, end in ((0.5, "least"), (0.3, "most")):
        exact = float(prompts_needed(0.97, 0.95, phi=phi))
        assert exact <= getattr(got["drop"], end) < exact + 1
    assert got["unpaired"].least == 1506  # golden 26: 1505.8


def test_a_band_costs_the_bound_and_a_certificate_the_answers_without_a_failure():
    endless = told(Precision(safety=0.95), [ENDLESS] * 2)
    assert endless["band"].least == 2 * 159  # golden 24: 158.6
    assert endless["certified"].least == 2 * 299
    pools = told(Precision(safety=0.95), [53, 460])
    assert pools["band"].least == 53 + 159
    assert pools["certified"].least == 51 + 207


def test_on_an_edge_no_number_is_enough_but_a_pool_asked_in_full():
    assert told(Precision(safety=0.9), [ENDLESS])["band"].least is None
    assert told(Precision(safety=0.9), [50, 60])["band"].least == 110
    assert told(Precision(within=0.001, safety=0.9), [3, 3])["macro"].least == 6


@pytest.mark.parametrize("changed", [{"safety": 1}, {"safety": 95}, {"within": 0}, {"drop": 0.96}])
def test_what_cannot_be_is_refused(changed):
    with pytest.raises(ValueError, match=next(iter(changed))):
        Precision(**{"safety": 0.95, "drop": 0.03, "within": 0.02} | changed)
