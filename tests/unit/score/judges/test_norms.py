import numpy as np
import pytest

from safeglot.score.cube import Cube
from safeglot.score.judges.norms import apart, gaps
from safeglot.score.stats.gaps import tango


def cube(*by_judge):
    unsafe_JLP = np.array(by_judge, dtype=np.int8)
    return Cube(
        unsafe_JMLPS=unsafe_JLP[:, None, :, :, None],
        member_PC=np.ones((unsafe_JLP.shape[2], 1), dtype=bool),
        judges=("A", "B", "C")[: len(by_judge)],
        models=("m",),
        languages=("en", "sw"),
        prompts=tuple(f"p{i}" for i in range(unsafe_JLP.shape[2])),
        categories=("c",),
        reference="en",
    )


TWO = cube([[1, 0, 0, 0], [0, 0, 0, -1]], [[1, 0, 0, 0], [1, 1, 0, 0]])


def test_unsafe_by_one_and_not_by_the_other_of_what_both_judged():
    found = {(e.judge, e.language): e for e in apart(TWO, [("A", "B"), ("B", "A")], level=0.95)}
    told = {key: (e.value, e.n, e.missing) for key, e in found.items()}
    assert told == {
        ("A", "en"): (0, 4, 0), ("A", "sw"): (0, 3, 1), ("A", None): (0, 7, 1),
        ("B", "en"): (0, 4, 0), ("B", "sw"): (2 / 3, 3, 1), ("B", None): (2 / 7, 7, 1),
    }  # fmt: skip
    assert found["B", "sw"].extra["other"] == "A"


def test_the_gap_by_one_less_that_by_the_other_on_the_same_answers():
    (row,) = gaps(TWO, [("A", "B")], level=0.95)
    assert (row.language, row.n, row.missing) == ("sw", 3, 1)
    assert row.extra["gap"] == pytest.approx(1 / 3)
    assert row.extra["gap_other"] == pytest.approx(-1 / 3)
    assert row.value == pytest.approx(2 / 3)
    assert (row.low, row.high) == pytest.approx(tuple(map(float, tango(0, 2, 3))))


def test_the_swapped_pair_has_the_opposite_sign():
    (row,), (back,) = (list(gaps(TWO, [pair], level=0.95)) for pair in (("A", "B"), ("B", "A")))
    assert (back.value, back.low, back.high) == pytest.approx((-row.value, -row.high, -row.low))


def test_p_is_corrected_over_all_pairs_and_nothing_judged_is_no_data():
    none = [[-1] * 4] * 2
    three = cube([[1, 0, 0, 0], [0, 0, 0, 0]], [[1, 0, 0, 0], [1, 1, 1, 0]], none)
    first, second = gaps(three, [("A", "B"), ("A", "C")], level=0.95)
    assert first.extra["p_holm"] == pytest.approx(min(1, 2 * first.extra["p"]))
    assert (second.value, second.n, second.missing, second.method) == (None, 0, 4, "no data")
    assert second.extra["p"] == 1
    assert list(gaps(three, [], level=0.95)) == []
