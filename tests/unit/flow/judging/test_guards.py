import random

import pytest

from safeglot.errors import UsageError
from safeglot.flow.judging.guards import Passes, sampled

ANSWERS = [(f"{i:032x}", i) for i in range(400)]


def test_the_sample_depends_on_the_keys_alone():
    shuffled = random.Random(1).sample(ANSWERS, len(ANSWERS))
    assert sampled(shuffled, 50) == sampled(ANSWERS, 50)
    assert len(set(sampled(ANSWERS, 50))) == 50
    other_numbers = [(key, 1000 - number) for key, number in ANSWERS]
    assert [1000 - number for number in sampled(other_numbers, 50)] == [*sampled(ANSWERS, 50)]


def test_a_larger_sample_begins_with_the_smaller_one():
    assert sampled(ANSWERS, 80)[:50] == sampled(ANSWERS, 50)
    assert sorted(sampled(ANSWERS, 1000)) == [number for _, number in ANSWERS]


def test_every_answer_has_the_same_chance():
    hits = [0] * 10
    for start in range(200):
        for number in sampled([(f"{start}/{i}", i) for i in range(10)], 3):
            hits[number] += 1
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
