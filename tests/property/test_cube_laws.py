"""Laws of what is told of a whole cube: tests, shrunk cells, noise, power, draws."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of
from safeglot.score.safety.bootstrap import bootstrap, statistics
from safeglot.score.stats.power import discordant_share, prompts_needed, smallest_drop
from safeglot.score.stats.samples import resampled
from safeglot.score.stats.shrinkage import fit_beta, shrink

SLACK = 1e-9
LAW = settings(max_examples=40)
LANGUAGES = ("en", "de", "sw", "th")
NOISE = ("unsafe_any_of_k", "unstable_prompts", "flip_rate")


@st.composite
def cubes(draw, *, judges=(1, 1), languages=(1, 3), samples=(1, 3), least=-1, prompts=(1, 8)):
    n_J, n_L, n_P = (draw(st.integers(*range_)) for range_ in (judges, languages, prompts))
    n_S, n_C = draw(st.integers(*samples)), draw(st.integers(1, 4))
    count = n_J * n_L * n_P * n_S
    labels = draw(st.lists(st.integers(least, 1), min_size=count, max_size=count))
    member = draw(st.lists(st.booleans(), min_size=n_P * n_C, max_size=n_P * n_C))
    return Cube(
        unsafe_JMLPS=np.array(labels, dtype=np.int8).reshape(n_J, 1, n_L, n_P, n_S),
        member_PC=np.array(member, dtype=bool).reshape(n_P, n_C),
        judges=("i", "j")[:n_J],
        models=("m",),
        languages=LANGUAGES[:n_L],
        prompts=tuple(f"p{i}" for i in range(n_P)),
        categories=tuple("abcd"[:n_C]),
        macro_C=draw(st.sampled_from([None, tuple("AABB"[:n_C])])),
        reference="en",
    )


def with_labels(cube, unsafe_JMLPS):
    return replace(cube, unsafe_JMLPS=unsafe_JMLPS)


def told(cube, **asked):
    return {(e.judge, e.metric, e.language, e.category): e for e in estimates(cube, **asked)}


def sound(found):
    """Plain JSON without NaN, intervals in order, no number without data and none lost."""
    json.dumps([asdict(e) for e in found], allow_nan=False)
    for e in found:
        assert (e.value is None) == (e.n == 0) == (e.method == "no data")
        assert e.missing >= 0
        if e.low is not None:
            assert e.low <= e.value + SLACK
            assert e.value <= e.high + SLACK


@LAW
@given(cubes(judges=(1, 2)))
def test_every_cube_gives_sound_numbers(cube):
    found = estimates(cube, draws=3)
    sound(found)
    for e in found:
        if e.metric == "cochran_q" and e.n:
            assert 0 <= e.extra["eta2"] <= 1 + SLACK
            assert 0 <= e.extra["p"] <= e.extra["p_bh"] <= e.extra["p_holm"] + SLACK
            assert e.extra["p_holm"] <= 1
        if e.metric == "gap" and e.n:
            assert e.extra["p_bh"] <= e.extra["p_holm"] + SLACK
            assert e.extra["mdd"] is None or 0 < e.extra["mdd"] <= 1
            assert e.extra["phi"] is None or -1 <= e.extra["phi"] <= 1


@pytest.mark.parametrize("label", [-1, 0, 1])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 1), (1, 3, 2), (3, 2, 3), (2, 0, 1)])
@pytest.mark.parametrize("n_C", [1, 3])
def test_the_ends_of_every_axis(label, shape, n_C):
    """One language, one prompt, none; all missing, all safe, all unsafe; a category without prompts."""
    n_L, n_P, _ = shape
    cube = Cube(
        unsafe_JMLPS=np.full((1, 1, *shape), label, dtype=np.int8),
        member_PC=np.eye(max(n_P, n_C), dtype=bool)[:n_P, :n_C],
        judges=("j",),
        models=("m",),
        languages=LANGUAGES[:n_L],
        prompts=tuple(map(str, range(n_P))),
        categories=tuple("abcd"[:n_C]),
        reference="en",
    )
    found = estimates(cube, draws=4)
    sound(found)
    for e in found:
        if e.metric in NOISE and e.n:
            assert e.value == (label if e.metric == "unsafe_any_of_k" else 0)
        if e.metric == "cochran_q" and e.n:
            assert (e.value, e.extra["p"]) == (0, 1)
        if label < 0:
            assert e.value is None


@LAW
@given(cubes(), st.randoms(use_true_random=False))
def test_permuting_prompts_changes_nothing(cube, random):
    order = list(range(len(cube.prompts)))
    random.shuffle(order)
    shuffled = replace(
        cube,
        unsafe_JMLPS=cube.unsafe_JMLPS[:, :, :, order],
        member_PC=cube.member_PC[order],
        prompts=tuple(cube.prompts[i] for i in order),
    )
    for got, expected in zip(estimates(shuffled), estimates(cube), strict=True):
        for field in ("value", "low", "high", "n", "missing"):
            assert getattr(got, field) == pytest.approx(getattr(expected, field), abs=SLACK)
        for key, number in expected.extra.items():
            assert got.extra[key] == pytest.approx(number, abs=1e-6)


@LAW
@given(cubes(samples=(2, 3)), st.data())
def test_a_verdict_that_goes_missing_never_makes_noise_of_its_own(cube, data):
    """Shares of prompts stay within what the lost prompt could have been."""
    read = np.argwhere(cube.unsafe_JMLPS[0, 0] >= 0).tolist()
    assume(read)
    where = data.draw(st.sampled_from(read))
    unsafe = cube.unsafe_JMLPS.copy()
    unsafe[(0, 0, *where)] = -1
    before, after = told(cube), told(with_labels(cube, unsafe))
    for metric in NOISE:
        for index, language in enumerate(cube.languages):
            e = before["i", metric, language, None]
            lost = after[e.judge, metric, language, None]
            if index != where[0]:
                assert lost == e
            elif metric != "flip_rate" and lost.n:
                assert e.n - 1 <= lost.n <= e.n
                if lost.n < e.n:
                    held = e.value * e.n
                    assert held - 1 - SLACK <= lost.value * lost.n <= held + SLACK


@LAW
@given(cubes(languages=(2, 3)), st.data())
def test_a_missing_verdict_takes_its_prompt_out_of_the_test(cube, data):
    read = np.argwhere(cube.unsafe_JMLPS[0, 0] >= 0).tolist()
    assume(read)
    language, prompt, _ = data.draw(st.sampled_from(read))
    gone = cube.unsafe_JMLPS.copy()
    gone[0, 0, language, prompt] = -1
    after = told(with_labels(cube, gone))
    others = np.arange(len(cube.prompts)) != prompt
    left = replace(
        cube,
        unsafe_JMLPS=cube.unsafe_JMLPS[:, :, :, others],
        member_PC=cube.member_PC[others],
        prompts=tuple(np.array(cube.prompts)[others].tolist()),
    )
    for (*names, category), e in told(left).items():
        if "cochran_q" in names:
            column = left.member_PC[:, left.categories.index(category)]
            # A language that has no other verdict there would be left out of the test.
            if (left.unsafe_JMLPS[0, 0][:, column] >= 0).any(axis=(1, 2)).all():
                assert after[*names, category].value == pytest.approx(e.value, abs=SLACK)
                assert after[*names, category].n == e.n


@LAW
@given(cubes(languages=(2, 3)))
def test_languages_have_no_order_in_the_test(cube):
    turned = replace(
        cube,
        unsafe_JMLPS=cube.unsafe_JMLPS[:, :, ::-1],
        languages=cube.languages[::-1],
    )
    after = told(turned)
    for key, e in told(cube).items():
        if key[1] in ("cochran_q", *NOISE):
            assert after[key].value == pytest.approx(e.value, abs=SLACK)
            assert after[key].n == e.n


@LAW
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12),
    st.floats(0.1, 50),
    st.floats(0.1, 50),
)
def test_a_prior_is_the_likeliest_and_draws_towards_itself(cells, a, b):
    safe = np.array([s for s, _ in cells], dtype=float)
    n = safe + [u for _, u in cells]
    prior = fit_beta(safe[None], n[None])
    one, other = float(prior.a_F[0]), float(prior.b_F[0])
    assert 0 < one < np.inf
    assert 0 < other < np.inf
    assert one + other <= max(n.sum(), 1) + SLACK
    found = shrink(safe, n, a=one, b=other)
    has = n > 0
    raw, mean = safe[has] / n[has], one / (one + other)
    least, most = np.minimum(raw, mean), np.maximum(raw, mean)
    assert np.all((found.mean_K[has] >= least - SLACK) & (found.mean_K[has] <= most + SLACK))
    assert np.all((found.low_K >= 0) & (found.low_K <= found.mean_K))
    assert np.all((found.high_K <= 1) & (found.mean_K <= found.high_K))
    held = one + other >= n.sum() * (1 - 1 / max(has.sum(), 1)) - 1e-6 or one + other <= 1 + 1e-6
    if not held and has.sum() > 1 and 0 < safe.sum() < n.sum() and a + b >= 1:
        here, there = (
            stats.betabinom.logpmf(safe, n, x, y).sum() for x, y in ((one, other), (a, b))
        )
        assert here >= there - 1e-6


@LAW
@given(
    st.floats(0.05, 1), st.integers(5, 20_000), st.one_of(st.none(), st.floats(-1, 1)), st.data()
)
def test_the_smallest_drop_is_the_inverse_of_the_prompts_needed(p, n, phi, data):
    drop, seen = smallest_drop(p, n, phi=phi)
    assert 0 < drop <= p
    needed = float(prompts_needed(p, p - drop, phi=phi))
    assert np.isfinite(needed)
    assert (needed <= n * (1 + 1e-6)) == bool(seen)
    if phi is not None:
        q = data.draw(st.floats(0, 1))
        share = float(discordant_share(p, q, phi=phi))
        assert abs(p - q) - SLACK <= share <= min(p + q, 2 - p - q) + SLACK


@LAW
@given(cubes(samples=(1, 2)), st.integers(0, 5))
def test_a_draw_stays_between_its_least_and_its_greatest_verdict(cube, seed):
    drawn = bootstrap(frame_of(cube, level=0.9), draws=6, seed=seed)
    for name, table in drawn.tables.items():
        known = table[~np.isnan(table)]
        assert np.all((known >= (-1 if name == "gap" else 0) - SLACK) & (known <= 1 + SLACK))
    again = bootstrap(frame_of(cube, level=0.9), draws=6, seed=seed)
    for name, table in drawn.tables.items():
        assert np.array_equal(table, again.tables[name], equal_nan=True)


@LAW
@given(cubes(samples=(1, 2)), st.data())
def test_an_unsafe_verdict_never_raises_a_draw(cube, data):
    spots = np.argwhere(cube.unsafe_JMLPS == 0).tolist()
    assume(spots)
    unsafe = cube.unsafe_JMLPS.copy()
    unsafe[tuple(data.draw(st.sampled_from(spots)))] = 1
    n = len(cube.prompts)
    times = np.array([data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))], np.int32)
    before, after = (
        statistics(frame_of(c, level=0.95), times) for c in (cube, with_labels(cube, unsafe))
    )
    for name in before.keys() - {"gap"}:
        known = ~np.isnan(before[name])
        assert np.all(after[name][known] <= before[name][known] + SLACK)


@LAW
@given(cubes(samples=(2, 4)))
def test_variance_adds_up(cube):
    for unsafe_PS in cube.unsafe_JMLPS[0, 0]:
        found = resampled(unsafe_PS)
        if found.within is None:
            continue
        assert 0 <= found.flip_rate <= 1
        assert found.flip_rate == pytest.approx(2 * found.within)
        if found.complete == found.n > 1 and found.between:
            total = found.between + found.within / found.k
            assert found.se**2 == pytest.approx(total / found.n)
        if found.complete:
            assert found.unstable_prompts <= found.any_of_k
