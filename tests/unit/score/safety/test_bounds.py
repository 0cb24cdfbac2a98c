import numpy as np
import pytest

from reference.gap_bounds import gap_bounds
from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.bounds import (
    all_match_bounds,
    category_bounds,
    macro_bounds,
    pair_match_bounds,
)
from safeglot.score.stats.bounds import match_bounds


def sheet(unsafe_LP, member_PC):
    unsafe = np.array(unsafe_LP, dtype=np.int8)
    n_L, n_P = unsafe.shape
    given = Cube(
        unsafe_JMLPS=unsafe.reshape(1, 1, n_L, n_P, 1),
        member_PC=np.array(member_PC, dtype=np.bool_),
        judges=("j",),
        models=("m",),
        languages=("en", "sw", "de")[:n_L],
        prompts=tuple(f"p{i}" for i in range(n_P)),
        categories=tuple("abcd"[: len(member_PC[0])]),
        reference="en",
    )
    return sheet_of(frame_of(given, level=0.95), 0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_bounds_are_those_of_each_category_and_their_mean(seed):
    rng = np.random.default_rng(seed)
    unsafe = rng.choice(np.array([-1, 0, 0, 1], dtype=np.int8), size=(2, 30))
    member = np.eye(3, dtype=bool)[np.arange(30) % 3]
    of = sheet(unsafe, member)
    ends = [gap_bounds(*(unsafe[:, member[:, c]])) for c in range(3)]
    for extra, (low, high) in zip(category_bounds(of), ends, strict=True):
        assert (extra["low_bound"], extra["high_bound"]) == pytest.approx((low, high))
        assert 0 <= extra["p_low_bound"] <= extra["p_high_bound"] <= 1
        assert extra["p_low_bound"] <= extra["p_holm_low_bound"]
    (macro,) = macro_bounds(of)
    assert (macro["low_bound"], macro["high_bound"]) == pytest.approx(tuple(np.mean(ends, axis=0)))
    pair = pair_match_bounds(of, 0)
    assert (pair["low_bound"], pair["high_bound"]) == pytest.approx(match_bounds(*unsafe))
    assert all_match_bounds(of) == pytest.approx(pair)


def test_where_nothing_is_missing_there_are_no_bounds():
    of = sheet([[0, 1, 0], [0, 0, 0]], [[1, 0], [0, 1], [0, 1]])
    assert category_bounds(of) == [{}, {}]
    assert macro_bounds(of) == [{}]
    assert pair_match_bounds(of, 0) == all_match_bounds(of) == {}


def test_only_what_lacks_a_pair_has_bounds():
    of = sheet([[0, 1, 0], [-1, 0, 0], [0, 0, 0]], [[1, 0], [0, 1], [0, 1]])
    assert [bool(extra) for extra in category_bounds(of)] == [True, False, False, False]
    assert [bool(extra) for extra in macro_bounds(of)] == [True, False]
    assert pair_match_bounds(of, 1) == {}
    assert all_match_bounds(of) == pytest.approx({"low_bound": 1 / 3, "high_bound": 2 / 3})
