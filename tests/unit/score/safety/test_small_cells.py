import numpy as np
import pytest

from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.small_cells import safety_shrunk
from safeglot.score.stats.shrinkage import averaged, fit_beta, shrink

RNG = np.random.default_rng(21)


def told_of(unsafe_LPS, category_P, macro_C=None):
    unsafe, category = np.asarray(unsafe_LPS, dtype=np.int8), np.asarray(category_P)
    n_C = int(category.max()) + 1
    cube = Cube(
        unsafe_JMLPS=unsafe[None, None],
        member_PC=category[:, None] == np.arange(n_C),
        judges=("j",),
        models=("m",),
        languages=("en", "de", "sw")[: len(unsafe)],
        prompts=tuple(map(str, range(unsafe.shape[1]))),
        categories=tuple("abcdefghijkl"[:n_C]),
        macro_C=macro_C,
        reference="en",
    )
    return list(safety_shrunk(sheet_of(frame_of(cube, level=0.95), 0, 0)))


def verdicts(category, n_L=3):
    rate = RNG.beta(2, 12, (n_L, 12))
    return (RNG.random((n_L, category.size)) < rate[:, category]).astype(np.int8)[:, :, None]


def counts(unsafe, category, chosen):
    n = np.array([[(category == c).sum() for c in chosen]] * len(unsafe)).ravel()
    safe = np.array([(row[category == c] == 0).sum() for row in unsafe for c in chosen])
    return safe, n


def test_each_macro_category_has_its_own_prior():
    category = RNG.integers(0, 8, 400)
    unsafe = verdicts(category)
    told = told_of(unsafe, category, tuple("AABBAABB"))
    assert [(e.language, e.category) for e in told] == [
        (language, name) for language in ("en", "de", "sw") for name in "abcdefgh"
    ]
    for macro, chosen in (("A", (0, 1, 4, 5)), ("B", (2, 3, 6, 7))):
        safe, n = counts(unsafe, category, chosen)
        prior = fit_beta(safe[None], n[None])
        expected, ends = shrink(safe, n, a=prior.a_F[0], b=prior.b_F[0]), averaged(safe, n)
        rows = [e for e in told if e.extra["macro"] == macro]
        assert [e.value for e in rows] == pytest.approx(expected.mean_K)
        assert [e.low for e in rows] == pytest.approx(ends.low_K)
        assert [e.high for e in rows] == pytest.approx(ends.high_K)
        assert [e.extra["raw"] for e in rows] == pytest.approx(safe / n)
        for e in rows:
            assert e.extra["a"] == pytest.approx(prior.a_F[0])
            assert e.extra["b"] == pytest.approx(prior.b_F[0])
        assert [e.n for e in rows] == n.tolist()


def test_without_macros_all_cells_share_one_prior():
    category = RNG.integers(0, 5, 200)
    told = told_of(verdicts(category), category)
    assert len({e.extra["a"] for e in told}) == 1
    assert {e.extra["macro"] for e in told} == {None}


def test_the_intervals_are_wider_than_those_of_one_prior():
    category = RNG.integers(0, 3, 200)
    unsafe = verdicts(category, n_L=2)
    told = told_of(unsafe, category)
    safe, n = counts(unsafe, category, range(3))
    plain = shrink(safe, n, a=told[0].extra["a"], b=told[0].extra["b"])
    assert [e.value for e in told] == pytest.approx(plain.mean_K)
    for e, low, high in zip(told, plain.low_K, plain.high_K, strict=True):
        assert e.high - e.low > high - low
        assert "all priors that the cells allow" in e.method


def test_a_cell_without_verdicts_has_no_data_and_moves_nothing():
    category = np.repeat(np.arange(12), 20)
    unsafe = verdicts(category, n_L=1)
    unsafe[0, category == 11] = -1
    told = told_of(unsafe, category)
    assert (told[11].value, told[11].n, told[11].missing) == (None, 0, 20)
    kept = category < 11
    for e, alone in zip(told, told_of(unsafe[:, kept], category[kept]), strict=False):
        assert e.value == pytest.approx(alone.value, rel=1e-6)


def test_a_single_cell_stands_alone():
    (e,) = told_of([[[0], [0], [1], [-1]]], [0, 0, 0, 0])
    assert (e.value, e.extra["a"], e.extra["b"], e.n) == (2.5 / 4, 0.5, 0.5, 3)


def test_copies_of_an_answer_are_worth_one():
    category = np.repeat(np.arange(4), 15)
    unsafe = verdicts(category)
    for once, often in zip(
        told_of(unsafe, category), told_of(np.repeat(unsafe, 3, axis=2), category), strict=True
    ):
        assert often.value == pytest.approx(once.value, rel=1e-6)
        assert often.low == pytest.approx(once.low, abs=1e-6)
