"""Planted worlds of mitigations: what was planted is found, in size and sign, and nothing else."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from safeglot.score.mitigations.choice import AT_A_PRICE
from safeglot.score.mitigations.estimates import mitigation_estimates
from unit.score.mitigations.tables import table

pytestmark = pytest.mark.simulation

WORLDS, ALPHA = 200, 0.05
COVERAGE = 0.92
LANGUAGES = ("en", "de", "sw")
PLANTED = {
    "a prompt that helps English alone": {
        "mitigations": ("system-en",),
        "unsafe": [[0.25, 0.30, 0.40], [0.10, 0.30, 0.40]],
        "refused": [[0.05, 0.05, 0.08]] * 2,
    },
    "a guard with 20% false alarms in Swahili": {
        "mitigations": ("guard-before",),
        "unsafe": [[0.25, 0.30, 0.40], [0.06, 0.08, 0.12]],
        "refused": [[0.05, 0.05, 0.08], [0.06, 0.06, 0.264]],
    },
    "a pivot that loses meaning": {
        "mitigations": ("pivot",),
        "unsafe": [[0.25, 0.30, 0.40], [0.25, 0.24, 0.25]],
        "refused": [[0.05, 0.05, 0.08]] * 2,
        "invalid": [[0.0] * 3, [0.0, 0.02, 0.12]],
    },
}  # fmt: skip
"""Rates by arm, none first, and language."""
SHAPES = ((400, 1), (150, 1), (150, 3))
"""Prompts of either kind, and samples of each."""


def world(seed, name, n=400, samples=1):
    return mitigation_estimates(
        table(np.random.default_rng([1_717, seed]), n=n, samples=samples, **PLANTED[name])
    )


def truths(name):
    """Metric and language -> what was planted."""
    planted = PLANTED[name]
    unsafe, refused = np.array(planted["unsafe"]), np.array(planted["refused"])
    invalid = np.array(planted.get("invalid", np.zeros(unsafe.shape)))
    gain = unsafe[0] - unsafe[1]
    told = {
        "mitigation_safety": gain,
        "mitigation_over_refusal": refused[1] - refused[0],
        "mitigation_invalid": invalid[1] - invalid[0],
        "mitigation_safety_gap": gain - gain[0],
    }
    return {(m, tag): float(of[i]) for m, of in told.items() for i, tag in enumerate(LANGUAGES)}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PLANTED)
def test_intervals_hold_what_was_planted(name, shape):
    truth, held = truths(name), defaultdict(list)
    for seed in range(WORLDS):
        for e in world(seed, name, *shape):
            if (e.metric, e.language) in truth:
                held[e.metric].append(e.low <= truth[e.metric, e.language] <= e.high)
    assert len(held["mitigation_safety"]) == 3 * WORLDS
    assert len(held["mitigation_safety_gap"]) == 2 * WORLDS
    found = {metric: float(np.mean(of)) for metric, of in held.items()}
    print(name, shape, found)
    assert min(found.values()) >= COVERAGE, found


def named(estimates):
    return {e.language: e for e in estimates if e.metric == "mitigation_named"}


def test_a_prompt_that_helps_english_alone_is_named_there_alone():
    found = [named(world(seed, "a prompt that helps English alone")) for seed in range(WORLDS)]
    assert np.mean([one["en"].extra["mitigation"] == "system-en" for one in found]) >= 0.95
    assert np.mean([one["en"].value > 0.10 for one in found if one["en"].value]) >= 0.8
    others = np.mean([any(one[tag].value is not None for tag in ("de", "sw")) for one in found])
    assert others <= ALPHA + 2.6 * (ALPHA * (1 - ALPHA) / WORLDS) ** 0.5


def test_a_guard_that_refuses_a_fifth_more_is_not_named_there():
    found = [named(world(s, "a guard with 20% false alarms in Swahili")) for s in range(WORLDS)]
    assert all(one["sw"].method == AT_A_PRICE for one in found)
    assert np.mean([one["de"].extra["mitigation"] == "guard-before" for one in found]) >= 0.7


def test_a_pivot_that_loses_meaning_is_never_named():
    found = [named(world(seed, "a pivot that loses meaning")) for seed in range(WORLDS)]
    assert not any(one["sw"].value for one in found)


NULLS = {
    "usual": (400, [0.05, 0.10, 0.30], 1, 0.0),
    "few prompts": (60, [0.05, 0.10, 0.30], 1, 0.0),
    "rare": (400, [0.01, 0.01, 0.02], 1, 0.0),
    "samples": (100, [0.10, 0.20, 0.40], 3, 0.0),
    "unread": (400, [0.05, 0.10, 0.30], 1, 0.03),
}


@pytest.mark.parametrize("kind", NULLS)
def test_without_a_gain_a_remedy_is_named_in_few_worlds(kind):
    """Of the whole page: over all languages of a judge and model."""
    n, rates, samples, unread = NULLS[kind]
    false, better = [], []
    for seed in range(WORLDS):
        one = table(
            np.random.default_rng([1_718, seed]),
            mitigations=("a", "b", "c", "d"),
            unsafe=[rates] * 5,
            refused=[[0.05, 0.08, 0.10]] * 5,
            n=n,
            samples=samples,
            unread=unread,
        )
        told = mitigation_estimates(one)
        false.append(any(e.value is not None for e in named(told).values()))
        better.append(any(e.extra.get("dominates") for e in told))
    print(kind, np.mean(false), np.mean(better))
    most = ALPHA + 2.6 * (ALPHA * (1 - ALPHA) / WORLDS) ** 0.5
    assert np.mean(false) <= most
    assert np.mean(better) <= most


def test_the_price_of_a_gain_holds_what_was_planted():
    held = []
    for seed in range(WORLDS):
        one = table(
            np.random.default_rng([1_719, seed]),
            mitigations=("guard-before",),
            unsafe=[[0.25, 0.30, 0.40], [0.10, 0.20, 0.20]],
            refused=[[0.05] * 3, [0.08, 0.08, 0.20]],
            cost=[0, 90],
        )
        for e in mitigation_estimates(one):
            gain = {"en": 0.15, "de": 0.10, "sw": 0.20}[e.language]
            truth = {
                "mitigation_tokens_per_gain": 90 / gain,
                "mitigation_refusals_per_gain": {"en": 0.03, "de": 0.03, "sw": 0.15}[e.language] / gain,
            }  # fmt: skip
            if e.metric in truth and e.value is not None:
                held.append(e.low <= truth[e.metric] <= e.high)
    print(len(held), np.mean(held))
    assert len(held) >= 0.9 * 6 * WORLDS
    assert np.mean(held) >= COVERAGE
