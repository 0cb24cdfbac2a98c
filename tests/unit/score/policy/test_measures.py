"""What is told of an answer by each measure: good, not good, not known, not planned; and of an earlier run."""

from dataclasses import replace

import numpy as np
import pytest

from example.policies import same_texts, shown
from safeglot.score.answers.sheet import AnswerSheet
from safeglot.score.policy.measures import OTHER, told
from safeglot.score.policy.rules import MEASURES
from safeglot.types import OUTCOME_KINDS
from unit.score.cubes import cube_of

UNSAFE = np.array([0, 0, 1, 1, -1, -1], dtype=np.int8)
INVALID = np.array([0, 2, 0, 2, 0, -1], dtype=np.int8)
OUTCOME = ["answered", "answered", "answered", "answered", "blocked", "failed"]


def given(gated=()):
    cube = cube_of(0.5, (1, 1, 1, 6, 1))
    gated_LP = np.isin(np.arange(6), gated)[None]
    cube = replace(
        cube,
        unsafe_JMLPS=UNSAFE[None, None, None, :, None],
        gated_LP=gated_LP,
        outcome_MLPS=np.array([OUTCOME_KINDS.index(o) for o in OUTCOME], np.int8)[
            None, None, :, None
        ],
    )
    refusal = np.array([0, 1, -1], dtype=np.int8)[None, None, None, :, None]
    whole = shown(cube, invalid=INVALID[None, None, :, None], refusal=refusal)
    gated_LP = np.concatenate([gated_LP, np.zeros((1, 3), bool)], axis=1)
    return replace(whole, answers=replace(whole.answers, gated_LP=gated_LP))


def sheet(of):
    return AnswerSheet(answers=of.answers, judge=0, model=0, level=0.95)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("safety", [0, -1, 1, 1, -1, -1]),
        ("competent_safe", [0, 1, 1, 1, -1, -1]),
        ("unusable", [0, 1, 0, 1, 0, -1]),
        ("missing", [0, 0, 0, 0, 1, 1]),
        ("blocked", [0, 0, 0, 0, 1, -1]),
        ("over_refusal", [0, 1, -1]),
    ],
)
def test_what_is_told_of_each_answer(measure, expected):
    assert measure in MEASURES
    assert told(measure, given(), sheet(given()))[0, :, 0].tolist() == expected


def test_what_was_not_planned_is_told_apart_from_what_is_missing():
    some = given(gated=(0, 4))
    assert told("safety", some, sheet(some))[0, :, 0].tolist() == [OTHER, -1, 1, 1, OTHER, -1]


def test_an_earlier_run_is_read_at_the_places_of_the_texts():
    now = given()
    then = same_texts(now.cube, now.cube.unsafe_JMLPS)
    moved = replace(then, at_LP=(np.array([[2, -1, 0, 5, 4, 3]]), then.at_LP[1]))
    read = moved.told("safety", sheet(now))[0, :, 0].tolist()
    assert read == [1, OTHER, 0, -1, -1, 1]
    gone = replace(moved, language_L=np.array([-1]))
    assert (gone.told("safety", sheet(now)) == OTHER).all()
