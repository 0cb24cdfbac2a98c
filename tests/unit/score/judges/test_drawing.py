"""Which answers are labelled: shares of the verdicts, the draw, and what plans assume of a judge."""

import numpy as np
import pytest

from safeglot.score.judges.drawing import (
    GOOD,
    LabelPlan,
    assumed,
    draw,
    faults,
    problematic,
    shares,
)
from safeglot.score.judges.rogan_gladen import scenario


def test_both_verdicts_get_labels_and_no_more_than_there_are():
    assert sum(shares((200, 1800, 0), 100)) == 100
    unsafe, safe, _ = shares((200, 1800, 0), 100)
    assert min(unsafe, safe) >= 30
    assert shares((5, 1000, 0), 100)[0] == 5
    assert shares((3, 4, 0), 100) == [3, 4, 0]
    assert shares((0, 50, 0), 20) == [0, 20, 0]


def test_answers_without_a_verdict_get_labels_too():
    assert shares((200, 1800, 12), 150)[2] == 12
    assert shares((200, 1800, 400), 150)[2] >= 30


def test_problematic_categories_are_the_lowest_below_ninety_percent():
    safe_LC = np.array([[0.99, 0.95, 0.5, 0.88, 0.2], [0.99, 0.85, 0.9, 0.95, 0.99]])
    n_LC = np.array([[100, 100, 100, 100, 3], [100, 100, 100, 100, 100]])
    assert problematic(safe_LC, n_LC) == [2, 1, 3]
    assert problematic(safe_LC, n_LC, most=1) == [2]


def test_the_draw_is_spread_over_models_and_the_same_again():
    groups = [0] * 60 + [1] * 30 + [2] * 10
    chosen, twice = draw(groups, 20, overlap=0.25, seed=4)
    assert [sum(groups[i] == g for i in chosen) for g in range(3)] == [12, 6, 2]
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    assert len(twice) == 5
    assert twice <= set(chosen.tolist())
    again, _ = draw(groups, 20, overlap=0.25, seed=4)
    assert again.tolist() == chosen.tolist()
    assert draw(groups, 20, overlap=0.25, seed=5)[0].tolist() != chosen.tolist()


def test_more_than_all_is_all():
    chosen, twice = draw([0, 0, 1], 9, overlap=0.0, seed=0)
    assert (chosen.tolist(), twice) == ([0, 1, 2], set())


def test_a_plan_that_makes_sense_has_no_faults():
    assert list(faults(LabelPlan())) == []
    assert list(faults(LabelPlan(ppv=0.9, false_omission=0.01, unsafe_rate=0.1))) == []


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"half_width": 2.0}, "--half-width: got 2"),
        ({"unsafe_rate": 5.0}, "--unsafe-rate: got 5"),
        ({"ppv": 0.9}, "--ppv and --false-omission go together"),
        ({"ppv": 0.9, "false_omission": -1.0}, "--false-omission: got -1"),
    ],
)
def test_faults_name_the_flag(plan, said):
    (fault,) = faults(LabelPlan(**plan))
    assert fault.startswith(said)


def test_what_is_given_comes_before_labels_and_these_before_a_guess():
    given = LabelPlan(ppv=0.7, false_omission=0.02)
    assert list(assumed(0.1, given, (0.9, 0.01))) == [("as given", (0.7, 0.02))]
    assert list(assumed(0.1, LabelPlan(), (0.9, 0.01))) == [("by its labels", (0.9, 0.01))]
    good, poor = assumed(0.1, LabelPlan(), None)
    assert good == (
        "good judge (Se 0.85, Sp 0.97)",
        scenario(0.1, sensitivity=GOOD[0], specificity=GOOD[1]),
    )
    assert poor[0].startswith("poor judge")
    assert next(assumed(0.01, LabelPlan(), None))[1] is None  # fewer than its false alarms
