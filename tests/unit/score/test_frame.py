"""What the estimates of one cube share: layouts, rows, shares of answers."""

import numpy as np
import pytest

from safeglot.score.frame import (
    Proportion,
    empty_row,
    filled_row,
    frame_of,
    planned,
    rates,
    rows_of,
    sheet_of,
    unsafe_rates,
)
from safeglot.score.stats.intervals import wilson
from safeglot.types import Estimate
from unit.score.cubes import cube_of

ROW = Estimate(metric="x", value=None, method="no data", n=0)


def test_a_prompt_stands_once_in_each_of_its_categories():
    cube = cube_of(0.3, (1, 1, 2, 6, 1), categories=2)
    cube.member_PC[0] = True
    cube.member_PC[1] = False
    frame = frame_of(cube, level=0.9)
    assert frame.by_category.prompt_E.tolist() == [0, 0, 2, 3, 4, 5]
    assert frame.by_category.stratum_E.tolist() == [0, 1, 0, 1, 0, 1]
    assert frame.whole.prompt_E.tolist() == list(range(6))
    assert frame.in_category_P.tolist() == [True, False, True, True, True, True]


def test_a_sheet_is_one_judge_on_one_model():
    cube = cube_of(0.3, (2, 3, 2, 5, 1))
    sheet = sheet_of(frame_of(cube, level=0.9), 1, 2)
    assert (sheet.unsafe_LPS == cube.unsafe_JMLPS[1, 2]).all()
    row = sheet.row_of("gap", "de", None)
    assert (row.judge, row.model, row.language, row.level) == ("j1", "m2", "de", 0.9)
    assert (row.value, row.n, row.method) == (None, 0, "no data")


def test_rows_with_and_without_numbers():
    row = filled_row(ROW, (0.5, np.float64(0.4), 0.6), (np.int64(8), 2), method="m", extra={"a": 1})
    assert (row.value, row.low, row.high, row.n, row.missing) == (0.5, 0.4, 0.6, 8, 2)
    assert {type(row.low), type(row.n)} == {float, int}
    nothing = empty_row(ROW, np.int64(7))
    assert (nothing.value, nothing.missing, nothing.extra) == (None, 7, {})


def test_entries_follow_the_layout_language_by_language():
    frame = frame_of(cube_of(0, (1, 1, 2, 4, 1), categories=2), level=0.95)
    n_LP = np.arange(8).reshape(2, 4)
    rows = rows_of(frame.by_category, n_LP, n_LP, n_LP)
    assert rows.n_E.tolist() == list(range(8))
    planned_LP = np.array([[True, True, False, True], [True] * 4])
    assert planned(frame.by_category, planned_LP, 3).tolist() == [3, 6, 6, 6]


def test_a_share_of_answers_counts_those_of_the_base_only():
    base = np.array([[[1], [1], [1], [0]], [[0], [0], [0], [0]]], dtype=bool)
    share = rates(np.ones_like(base), base & (np.arange(4) > 0)[None, :, None])
    assert (share.n_L.tolist(), share.count_L.tolist()) == ([2, 0], [2, 0])
    assert share.value_L.tolist() == [1.0, 0.0]
    assert share.at(0).interval(0.95) == pytest.approx(tuple(map(float, wilson(2, 2))))


def test_texts_without_a_verdict_have_no_rate():
    unsafe_KPS = np.array([[[1], [0], [-1]], [[-1], [-1], [1]]], dtype=np.int8)
    planned_KP = np.array([[True, True, True], [True, True, False]])
    first, second = unsafe_rates(ROW, unsafe_KPS, planned_KP, [{"text": "a"}, {"text": "b"}])
    assert (first.value, first.n, first.missing, first.extra) == (0.5, 2, 1, {"text": "a"})
    assert (second.value, second.n, second.missing) == (None, 0, 2)


@pytest.mark.parametrize(("value", "n"), [(1.2, 5), (-0.1, 5), (0.5, 0)])
def test_no_rate_outside_0_to_1_or_of_nobody(value, n):
    with pytest.raises(ValueError, match="must be from 0 to 1"):
        Proportion(value=value, n_eff=n)
