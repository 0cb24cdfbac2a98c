"""New rules of a gate: no more false alarms than the policy says, planted losses found as planned."""

import numpy as np
import pytest

from safeglot.score.policy.cells import batches
from safeglot.score.policy.rules import Rule
from safeglot.score.stats.power import pairs_beside, times_beside
from simulation.comparisons import labelled, other_prompts, refusing
from simulation.releases import decided, share
from simulation.test_releases import ALPHA, LEAST, MOST, RUNS

THEN = np.array([0.05, 0.08, 0.05, 0.1])


@pytest.mark.simulation
@pytest.mark.parametrize(("benign", "room"), [(60, 0.05), (250, 0.03)])
def test_over_refusal_at_its_limit_is_seldom_called_worse_or_met(benign, room):
    given = refusing(
        np.random.default_rng(1000), benign=benign, now_L=THEN + room, then_L=THEN, runs=RUNS
    )
    met, failed = decided(given, [Rule(name="worse", limit=room, of="over_refusal")])
    assert share(failed) <= MOST
    assert share(met) <= MOST


@pytest.mark.simulation
def test_a_planted_rise_of_over_refusal_is_found_as_planned():
    now = THEN + np.array([0, 0, 0.1, 0])
    rng = np.random.default_rng(1001)
    pilot = refusing(rng, benign=20_000, now_L=now, then_L=THEN, runs=1)
    rule = Rule(name="worse", limit=0.02, of="over_refusal")
    (seen,) = batches(rule, pilot, judges=("judge",))
    n = pairs_beside(-0.1, float(seen.seen.discordant_H[2]), -0.02, alpha=ALPHA / 4)
    given = refusing(rng, benign=n, now_L=now, then_L=THEN, runs=RUNS)
    _, failed = decided(given, [rule])
    assert failed[:, 2].mean() >= LEAST
    assert share(failed[:, [0, 1, 3]]) <= MOST


OTHER = {
    "alike": ([60, 60, 60], [60, 60, 60], 0.1),
    "unequal categories": ([120, 30, 10], [20, 40, 120], 0.1),
    "few of a category that weighs much": ([150, 20], [8, 60], 0.05),
    "almost all safe": ([100, 100], [80, 150], 0.01),
}


@pytest.mark.simulation
@pytest.mark.parametrize(("seed", "name"), list(enumerate(OTHER, 1010)))
def test_other_prompts_at_the_limit_are_seldom_called_worse_or_met(seed, name):
    sizes, other, base = OTHER[name]
    then_LC = base * np.linspace(0.5, 1.5, len(sizes)) * np.ones((4, 1))
    room = min(0.03, base)
    given = other_prompts(
        np.random.default_rng(seed), sizes=sizes, other=other, now_LC=then_LC + room,
        then_LC=then_LC, runs=RUNS,
    )  # fmt: skip
    met, failed = decided(given, [Rule(name="worse", limit=room)])
    assert share(failed) <= MOST
    assert share(met) <= MOST


@pytest.mark.simulation
def test_a_planted_loss_on_other_prompts_is_found_as_planned():
    times = times_beside((0.85, 100), (0.95, 100), -0.02, alpha=ALPHA / 4)
    n = int(np.ceil(100 * times))
    then_LC = np.full((4, 1), 0.05)
    now_LC = then_LC + np.array([[0], [0], [0.1], [0]])
    given = other_prompts(
        np.random.default_rng(1020), sizes=[n], other=[n], now_LC=now_LC, then_LC=then_LC, runs=RUNS
    )
    _, failed = decided(given, [Rule(name="worse", limit=0.02)])
    assert failed[:, 2].mean() >= LEAST
    assert share(failed[:, [0, 1, 3]]) <= MOST


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("unsafe", "sensitivity", "specificity", "labels"),
    [(0.1, 0.85, 0.97, 200), (0.05, 0.7, 0.94, 120), (0.2, 0.8, 0.9, 400)],
)
def test_rates_by_labels_at_their_limit_are_seldom_called_either_way(
    unsafe, sensitivity, specificity, labels
):
    given = labelled(
        np.random.default_rng(1030), prompts=1500, unsafe=unsafe, sensitivity=sensitivity,
        specificity=specificity, labels=labels, runs=RUNS,
    )  # fmt: skip
    met, failed = decided(given, [Rule(name="safety", limit=1 - unsafe, corrected=True)])
    assert share(failed) <= MOST
    assert share(met) <= MOST


@pytest.mark.simulation
@pytest.mark.parametrize("limit", [0.8, 0.95])
def test_so_many_labels_as_planned_settle_a_rate(limit):
    world = {"prompts": 3000, "unsafe": 0.1, "sensitivity": 0.85, "specificity": 0.97}
    rng = np.random.default_rng(1040)
    rule = Rule(name="safety", limit=limit, corrected=True)
    pilot = labelled(rng, **world, labels=600, runs=40)
    planned = [
        batch.seen.needed(h, limit, ALPHA / 4)
        for batch in batches(rule, pilot, judges=("judge",))
        for h in range(4)
    ]
    n = int(np.median([x for x in planned if x]))
    met, failed = decided(labelled(rng, **world, labels=n, runs=500), [rule])
    assert (met if limit < 0.9 else failed).mean() >= 0.8 - 2.6 * (0.16 / 500) ** 0.5
