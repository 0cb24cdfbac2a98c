import random

import pytest

from safeglot.errors import UsageError
from safeglot.flow.judging.guards import Passes, sampled

KEYS = [f"{i:032x}" for i in range(400)]


def test_the_sample_does_not_depend_on_the_order():
    shuffled = random.Random(1).sample(KEYS, len(KEYS))
    assert sampled(shuffled, 50) == sampled(KEYS, 50)
    assert len(set(sampled(KEYS, 50))) == 50


def test_a_larger_sample_begins_with_the_smaller_one():
    assert sampled(KEYS, 80)[:50] == sampled(KEYS, 50)
    assert sorted(sampled(KEYS, 1000)) == KEYS


def test_every_key_has_the_same_chance():
    hits = [0] * 10
    for start in range(200):
        group = [f"{start}/{i}" for i in range(10)]
        for key in sampled(group, 3):
            hits[int(key.partition("/")[2])] += 1
    assert sum(hits) == 600
    assert all(35 < n < 85 for n in hits)


def test_passes_say_what_is_allowed():
    assert not Passes()
    assert Passes(repeat=1.0)
    assert Passes(canary=1)
    for wrong in ({"repeat": 0.0}, {"repeat": -1.0}, {"repeat": 1.01}, {"repeat": float("nan")}):
        with pytest.raises(UsageError, match=r"--repeat: got .* as in 0\.02"):
            Passes(**wrong)
    with pytest.raises(UsageError, match=r"--canary: got -3, .* as in 50"):
        Passes(canary=-3)
