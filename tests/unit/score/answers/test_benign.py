from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.answers.response_classes import estimates
from unit.score.answers.test_response_classes import SAFE_C, SAFE_R, UNREAD, answers


def told(given):
    return {e.metric: e for e in estimates(given)}


def test_over_refusal_is_there_for_both_averages():
    member = np.array([[1, 0], [0, 1], [0, 1], [0, 1]], dtype=np.bool_)
    rows = told(replace(answers([[SAFE_R, SAFE_C, SAFE_C, SAFE_C]], n_benign=4), member_PC=member))
    assert rows["over_refusal"].value == 0.25
    assert rows["over_refusal_macro"].value == 0.5
    assert rows["benign_helpful_macro"].value == 0.5


def test_what_was_not_read_makes_no_model_less_helpful():
    given = answers([[SAFE_C] * 3 + [UNREAD] * 3], n_benign=6)
    given.invalid_MLPS[0, 0, 5] = 2
    row = told(given)["benign_helpful"]
    assert (row.value, row.n, row.missing) == (pytest.approx(5 / 6), 4, 2)


def test_a_judge_that_joined_stands_beside_as_a_second_opinion():
    given = answers([[SAFE_R, SAFE_C, SAFE_C, SAFE_C], [UNREAD] * 4], n_benign=4)
    twice = ("unsafe_JMLPS", "refusal_JMLPS")
    arrays = {name: np.concatenate([getattr(given, name)] * 2) for name in twice}
    arrays["refusal_JMLPS"][1, 0, 0] = [[1], [1], [0], [-1]]
    both = replace(given, **arrays, judges=("j", "joined"), says_refusal_J=np.array([True, True]))
    rows = [e for e in estimates(both, but=("joined",)) if e.metric == "over_refusal"]
    assert [(e.judge, e.language, e.value) for e in rows] == [("j", "en", 0.25), ("j", "de", None)]
    en, de = (e.extra for e in rows)
    assert (en["second_by"], en["second_n"], en["second_value"]) == (
        "joined",
        3,
        pytest.approx(2 / 3),
    )
    assert (de["second_n"], de["second_value"]) == (0, None)
