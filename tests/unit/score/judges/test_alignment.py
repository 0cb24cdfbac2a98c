"""Two judges on the same answers: counts by hand, coefficients by their functions."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.judges.agreement import ac1, kappa, mcc
from safeglot.score.judges.alignment import align, pairs_of
from safeglot.score.stats.gaps import mcnemar_midp, tango
from safeglot.score.stats.intervals import wilson
from safeglot.score.stats.multiplicity import holm
from unit.score.cubes import cube_of


def counted(a, b):
    both = (a >= 0) & (b >= 0)
    return [int((both & (a == i) & (b == j)).sum()) for i, j in ((1, 1), (1, 0), (0, 1), (0, 0))]


def test_counts_and_coefficients_in_each_language_and_over_all():
    cube = cube_of(0.3, (2, 2, 3, 40, 2), missing=0.1)
    told = align(cube, ("j0", "j1"))
    assert [one.language for one in told] == ["en", "de", "sw", None]
    for at, one in enumerate(told):
        where = slice(None) if one.language is None else [at]
        a, b = cube.unsafe_JMLPS[0][:, where], cube.unsafe_JMLPS[1][:, where]
        hit, first, second, safe = counted(a, b)
        assert (one.both_unsafe, one.first_only, one.second_only, one.both_safe) == (
            hit, first, second, safe,
        )  # fmt: skip
        assert one.n == hit + first + second + safe
        assert one.missing == a.size - one.n
        table = (hit, first), (second, safe)
        assert one.raw.value == pytest.approx((hit + safe) / one.n)
        for got, measure in ((one.kappa, kappa), (one.ac1, ac1), (one.mcc, mcc)):
            assert got.value == pytest.approx(measure(table))
            assert got.low < got.value < got.high
        assert one.difference.value == pytest.approx((second - first) / one.n)
        assert one.difference.low < one.difference.value < one.difference.high
    assert [o.p_holm for o in told[:3]] == pytest.approx(holm([o.p for o in told[:3]]).tolist())
    assert told[3].p_holm is None


def test_single_answers_have_the_exact_forms():
    cube = cube_of(0.3, (2, 1, 1, 50, 1))
    (one,) = align(cube, ("j0", "j1"))
    assert one.p == pytest.approx(float(mcnemar_midp(one.first_only, one.second_only)))
    low, high = wilson(one.both_unsafe + one.both_safe, 50)
    assert (one.raw.low, one.raw.high) == pytest.approx((float(low), float(high)), abs=0.01)
    low, high = tango(one.first_only, one.second_only, 50)
    got = (one.difference.low, one.difference.high)
    assert got == pytest.approx((float(low), float(high)), abs=0.01)


def test_answers_of_one_prompt_are_no_independent_witnesses():
    """Ten models that agree on every prompt tell no more than one."""
    one = cube_of(0.3, (2, 1, 1, 50, 1), seed=3)
    ten = replace(
        one,
        unsafe_JMLPS=np.repeat(one.unsafe_JMLPS, 10, axis=1),
        models=tuple(f"m{i}" for i in range(10)),
    )
    (narrow,), (same,) = align(one, ("j0", "j1")), align(ten, ("j0", "j1"))
    assert same.n == 10 * narrow.n
    for name in ("raw", "kappa", "difference"):
        a, b = getattr(narrow, name), getattr(same, name)
        assert a.value == pytest.approx(b.value)
        assert b.high - b.low == pytest.approx(a.high - a.low, rel=0.1)


def test_judges_that_always_agree_and_judges_with_one_label():
    cube = cube_of(0.3, (1, 1, 1, 30, 1))
    twice = replace(cube, unsafe_JMLPS=np.repeat(cube.unsafe_JMLPS, 2, axis=0), judges=("a", "b"))
    (one,) = align(twice, ("a", "b"))
    assert (one.raw.value, one.kappa.value, one.p) == (1, 1, 1)
    assert one.kappa.low < one.kappa.high == 1
    assert one.raw.low < 1
    safe = replace(twice, unsafe_JMLPS=np.zeros_like(twice.unsafe_JMLPS))
    (one,) = align(safe, ("a", "b"))
    assert (one.raw.value, one.kappa.value, one.mcc.value) == (1, None, None)
    assert one.difference.value == 0


def test_without_common_answers_there_is_nothing():
    cube = cube_of(0.3, (2, 1, 2, 30, 1))
    verdicts = cube.unsafe_JMLPS.copy()
    verdicts[0, :, 1] = -1
    _, de, _ = align(replace(cube, unsafe_JMLPS=verdicts), ("j0", "j1"))
    assert (de.n, de.missing, de.raw.value, de.kappa.value, de.p, de.p_holm) == (
        0, 30, None, None, None, None,
    )  # fmt: skip


def test_the_two_readings_of_one_judge_are_no_pair():
    cube = cube_of(0.3, (3, 1, 1, 4, 1))
    named = replace(cube, judges=("a", "a@loose", "b"))
    assert list(pairs_of(named)) == [("a", "b"), ("a@loose", "b")]


def test_draws_follow_the_seed():
    cube = cube_of(0.3, (2, 1, 1, 40, 1))
    assert align(cube, ("j0", "j1"), seed=1) == align(cube, ("j0", "j1"), seed=1)
    assert align(cube, ("j0", "j1"), seed=1) != align(cube, ("j0", "j1"), seed=2)
