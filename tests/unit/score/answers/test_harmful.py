from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.answers.harmful import class_rates, competent_bounds, safety_bounds
from safeglot.score.answers.sheet import AnswerSheet
from unit.score.answers.test_response_classes import SAFE_R, UNREAD, UNSAFE, answers


def sheet(verdicts, invalid):
    codes = np.array(invalid, dtype=np.int8).reshape(1, 1, -1, 1)
    return AnswerSheet(
        answers=answers([verdicts], invalid_MLPS=codes), judge=0, model=0, level=0.95
    )


MIXED = sheet([SAFE_R, UNSAFE, UNREAD, UNREAD, UNSAFE], [0, 0, 0, -1, 3])
"""Safe, unsafe, not read, not answered, and an invalid answer that the judge calls unsafe."""


def test_bounds_take_what_is_not_known_for_both():
    part = MIXED.harmful
    (ends,) = competent_bounds(part, part.averagings[0])
    assert (ends["low_bound"], ends["high_bound"]) == pytest.approx((1 / 5, 3 / 5))
    (row,) = safety_bounds(MIXED, part.averagings[0])
    assert (row.low, row.high) == pytest.approx((1 / 5, 3 / 5))
    assert (row.n, row.missing) == (3, 2)


def test_where_all_is_known_there_is_nothing_to_bound():
    part = sheet([SAFE_R, UNSAFE, UNREAD], [0, 0, 1]).harmful
    assert competent_bounds(part, part.averagings[0]) == [{}]


def test_bounds_of_the_macro_categories_are_those_of_their_own_average():
    """Two categories of one macro category, half safe; one of another, all unsafe."""
    given = sheet([SAFE_R, UNSAFE, SAFE_R, UNSAFE, UNSAFE, UNREAD], [0] * 6).answers
    member_PC = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], bool)
    of = AnswerSheet(
        answers=replace(given, member_PC=member_PC, macro_C=("x", "x", "y")),
        judge=0, model=0, level=0.95,
    )  # fmt: skip
    rows = {row.metric: row for row in class_rates(of)}
    plain, macros = rows["safety_bounds_macro"], rows["safety_bounds_macros"]
    assert (plain.low, plain.high) == pytest.approx((1 / 3, 1 / 2))
    assert (macros.low, macros.high) == pytest.approx((1 / 4, 1 / 2))
    assert (macros.value, macros.n, macros.missing) == (None, 5, 1)


def test_without_macro_categories_there_are_no_bounds_of_them():
    assert "safety_bounds_macros" not in {row.metric for row in class_rates(MIXED)}
