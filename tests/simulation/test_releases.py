"""A release is called not met, or met, without ground at most as often as its policy says; drops are found as planned."""

import numpy as np
import pytest

from safeglot.score.policy.rules import Rule
from safeglot.score.stats.power import pairs_beside, prompts_beside
from simulation.releases import LANGUAGES, WORLDS, at_the_limit, decided, release, share

ALPHA, RUNS = 0.05, 2000
MOST = ALPHA + 2.6 * (ALPHA * (1 - ALPHA) / RUNS) ** 0.5
LEAST = 0.8 - 2.6 * (0.8 * 0.2 / RUNS) ** 0.5


@pytest.mark.simulation
@pytest.mark.parametrize(("seed", "name"), list(enumerate(WORLDS, 500)))
def test_a_release_at_its_limits_is_seldom_called_either_way(seed, name):
    met, failed = at_the_limit(seed, name, RUNS)
    assert share(failed) <= MOST
    assert share(met) <= MOST


ONE_SIDED = {"gap": (0.06, 0.01), "worse": (0.02, 0.001)}
"""Rule -> what it allows, and the unsafe rate beside which nearly all pairs differ one way."""


@pytest.mark.simulation
@pytest.mark.parametrize(("name", "rates"), ONE_SIDED.items())
@pytest.mark.parametrize("languages", [LANGUAGES[1:2], LANGUAGES[1:]])
@pytest.mark.parametrize("average", ["micro", "macro"])
def test_one_rule_of_pairs_that_differ_one_way_is_as_seldom_wrong(name, rates, languages, average):
    most, base = rates
    now = [base + most] * 4 if name == "worse" else [base] + [base + most] * 3
    rng = np.random.default_rng(600)
    sizes = [110] if average == "micro" else [60, 25, 15, 10]
    given = release(rng, sizes=sizes, unsafe_L=now, earlier_L=[base] * 4, runs=RUNS)
    met, failed = decided(
        given, [Rule(name=name, limit=most, languages=languages, average=average)]
    )
    assert share(failed) <= MOST
    assert share(met) <= MOST


@pytest.mark.simulation
def test_a_planted_drop_of_safety_is_found_with_the_power_that_was_planned():
    n = prompts_beside(0.84, 0.9, alpha=ALPHA / 4)
    given = release(
        np.random.default_rng(700), sizes=[n], unsafe_L=[0.06, 0.07, 0.16, 0.08], runs=RUNS
    )
    _, failed = decided(given, [Rule(name="safety", limit=0.9)])
    assert failed[:, 2].mean() >= LEAST
    assert share(failed[:, [0, 1, 3]]) <= MOST


@pytest.mark.simulation
@pytest.mark.parametrize("name", ["gap", "worse"])
def test_a_planted_loss_is_found_with_the_power_that_was_planned(name):
    rates = [0.05, 0.06, 0.15, 0.06]
    before = {"gap": None, "worse": [0.05, 0.06, 0.05, 0.06]}[name]
    pilot = release(
        np.random.default_rng(800), sizes=[20_000], unsafe_L=rates, earlier_L=before, runs=1
    )
    unsafe = pilot.cube.unsafe_JMLPS[0, 0, :, :, 0]
    other = unsafe[0]
    if name == "worse":
        other = pilot.earlier.shown.cube.unsafe_JMLPS[0, 0, 2, :, 0]
    tested = 3 if name == "gap" else 4
    n = pairs_beside(-0.1, float((unsafe[2] != other).mean()), -0.02, alpha=ALPHA / tested)
    given = release(
        np.random.default_rng(801), sizes=[n], unsafe_L=rates, earlier_L=before, runs=RUNS
    )
    _, failed = decided(given, [Rule(name=name, limit=0.02)])
    assert failed[:, tested - 2].mean() >= LEAST
