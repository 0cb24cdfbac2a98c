import numpy as np
import pytest

from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.noise import sample_noise
from safeglot.score.stats.intervals import wilson
from safeglot.score.stats.samples import resampled


def told_of(unsafe_LPS):
    unsafe = np.asarray(unsafe_LPS, dtype=np.int8)
    cube = Cube(
        unsafe_JMLPS=unsafe[None, None],
        member_PC=np.ones((unsafe.shape[1], 1), dtype=bool),
        judges=("j",),
        models=("m",),
        languages=("en", "de")[: len(unsafe)],
        prompts=tuple(map(str, range(unsafe.shape[1]))),
        categories=("a",),
        reference="en",
    )
    return list(sample_noise(sheet_of(frame_of(cube, level=0.95), 0, 0)))


def test_noise_of_each_language():
    rng = np.random.default_rng(7)
    unsafe = (rng.random((2, 60, 4)) < rng.beta(0.4, 2, (2, 60, 1))).astype(np.int8)
    unsafe[1, :6, 0] = -1
    told = told_of(unsafe)
    assert [(e.language, e.metric) for e in told] == [
        (language, metric)
        for language in ("en", "de")
        for metric in ("unsafe_any_of_k", "unstable_prompts", "flip_rate")
    ]
    for index, start in enumerate((0, 3)):
        found = resampled(unsafe[index])
        any_of_k, unstable, flips = told[start : start + 3]
        assert any_of_k.value == found.any_of_k
        assert unstable.value == found.unstable_prompts
        assert flips.value == found.flip_rate
        n = 54 if index else 60
        assert (any_of_k.n, any_of_k.missing, unstable.n) == (n, 60 - n, n)
        assert (flips.n, flips.missing) == (60, 0)
        low, high = wilson(any_of_k.value * n, n)
        assert (any_of_k.low, any_of_k.high) == (pytest.approx(low), pytest.approx(high))
        half = 1.96 * found.flip_variance**0.5
        assert flips.high - flips.low == pytest.approx(2 * half, rel=0.1)
        assert any_of_k.extra["k"] == 4
        assert any_of_k.extra["within"] == found.within
        assert any_of_k.extra["between"] == found.between


def test_advice():
    coins = np.tile([0, 1], (1, 40, 1))
    assert told_of(coins)[0].extra["advice"].startswith("more samples of a prompt are worth it")
    firm = np.repeat([[[0], [1]] * 20], 2, axis=2)
    assert "not worth it" in told_of(firm)[0].extra["advice"]
    assert "too few" in told_of(np.full((1, 9, 2), -1))[0].extra["advice"]


@pytest.mark.parametrize("rows", [[[0, 0]] * 30, [[0, 1]] * 30, [[1, 1]] * 30])
def test_where_no_prompt_differs_the_interval_is_that_of_the_prompts(rows):
    flips = told_of([rows])[2]
    low, high = wilson(30 * flips.value, 30)
    assert (flips.low, flips.high) == (pytest.approx(low), pytest.approx(high))


def test_nothing_read_has_no_data():
    for e in told_of(np.full((1, 5, 2), -1)):
        assert (e.value, e.low, e.n, e.missing, e.method) == (None, None, 0, 5, "no data")
