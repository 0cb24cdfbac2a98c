import numpy as np
import pytest

from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.omnibus_tests import omnibus_tests
from safeglot.score.stats.multiplicity import benjamini_hochberg, holm
from safeglot.score.stats.omnibus import cochran_q


def told_of(unsafe_LPS, member_PC):
    unsafe = np.asarray(unsafe_LPS, dtype=np.int8)
    cube = Cube(
        unsafe_JMLPS=unsafe[None, None],
        member_PC=np.asarray(member_PC, dtype=bool),
        judges=("j",),
        models=("m",),
        languages=("en", "de", "sw")[: len(unsafe)],
        prompts=tuple(map(str, range(unsafe.shape[1]))),
        categories=tuple("abcd"[: np.shape(member_PC)[1]]),
        reference="en",
    )
    frame = frame_of(cube, level=0.95)
    return omnibus_tests(sheet_of(frame, 0, 0)), frame


def test_one_test_for_each_category():
    rng = np.random.default_rng(2)
    unsafe = (rng.random((3, 120, 1)) < np.array([0.1, 0.3, 0.2])[:, None, None]).astype(np.int8)
    unsafe[1, :5] = -1
    told, frame = told_of(unsafe, np.arange(120)[:, None] % 3 == np.arange(3))
    found = cochran_q(unsafe, frame.by_category)
    assert [e.category for e in told] == ["a", "b", "c"]
    for c, e in enumerate(told):
        assert (e.metric, e.language, e.value) == ("cochran_q", None, float(found.q_H[c]))
        assert (e.low, e.high, e.level) == (None, None, None)
        assert (e.n, e.missing) == (38, 2) if c < 2 else (39, 1)
        assert (e.extra["df"], e.extra["n_languages"]) == (2 * e.extra["epsilon"], 3)
        assert 0.5 <= e.extra["epsilon"] <= 1
        assert e.extra["eta2"] == pytest.approx(e.value / (2 * e.n))
        assert e.method == "Cochran's Q with Box's epsilon, complete cases"
    p = [e.extra["p"] for e in told]
    assert [e.extra["p_holm"] for e in told] == pytest.approx(holm(p))
    assert [e.extra["p_bh"] for e in told] == pytest.approx(benjamini_hochberg(p))


def test_what_cannot_be_compared_has_no_data_and_is_no_test():
    unsafe = np.array([[0, 1, 0, 1], [1, 1, -1, -1], [1, 0, -1, -1]])[:, :, None]
    told, _ = told_of(unsafe, [[1, 0], [1, 0], [0, 1], [0, 1]])
    assert (told[1].value, told[1].n, told[1].missing, told[1].method) == (None, 0, 2, "no data")
    assert told[0].extra["p_holm"] == told[0].extra["p"]


def test_several_samples_are_told():
    told, _ = told_of(np.zeros((2, 4, 3)), np.ones((4, 1)))
    assert (told[0].value, told[0].n) == (0.0, 4)
    assert told[0].extra["p"] == 1.0
    assert "means of a prompt's samples" in told[0].method


def test_a_category_of_which_a_language_lacks_too_much_says_so():
    unsafe = np.zeros((3, 40, 1))
    unsafe[2, :2] = -1
    told, _ = told_of(unsafe, np.arange(40)[:, None] // 20 == np.arange(2))
    assert told[0].extra["test_not_interpretable"] == "missing"
    assert (told[0].extra["missing_share"], told[0].extra["missing_share_reference"]) == (0.1, 0.0)
    assert told[0].extra["p"] == 1.0
    assert "test_not_interpretable" not in told[1].extra
