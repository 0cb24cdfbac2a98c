"""Laws of comparisons: order does not matter, sides are mirrored, scales carry over."""

from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.judges.alignment import align
from safeglot.score.models.covariates import size_terms
from safeglot.score.models.ranking import Entrant, average_of, difference, standings
from safeglot.score.models.regression import meta_regression
from safeglot.score.models.trend import isotonic, stratified_kendall, wilcoxon
from safeglot.score.safety.exclusion import changes
from safeglot.score.stats.association import NoFit, kendall, permutation, spearman
from safeglot.score.stats.sequential import (
    band_evidence,
    confidence_sequence,
    log_e_of_gap,
    most_unsafe,
)

LAW = settings(max_examples=60)
SLACK = 1e-9
whole = st.integers(-20, 20)


@st.composite
def cubes(draw, judges=2, models=3):
    n_L, n_P, n_C = draw(st.integers(1, 3)), draw(st.integers(1, 8)), draw(st.integers(1, 3))
    shape = (judges, models, n_L, n_P, draw(st.integers(1, 2)))
    size = int(np.prod(shape))
    labels = draw(st.lists(st.integers(-1, 1), min_size=size, max_size=size))
    member = draw(st.lists(st.booleans(), min_size=n_P * n_C, max_size=n_P * n_C))
    return Cube(
        unsafe_JMLPS=np.array(labels, dtype=np.int8).reshape(shape),
        member_PC=np.array(member, dtype=bool).reshape(n_P, n_C),
        judges=tuple(f"j{i}" for i in range(judges)),
        models=tuple(f"m{i}" for i in range(models)),
        languages=("en", "de", "sw")[:n_L],
        prompts=tuple(f"p{i}" for i in range(n_P)),
        categories=tuple("abc"[:n_C]),
        reference="en",
    )


def shuffled(cube, seed):
    order = np.random.default_rng(seed).permutation(len(cube.prompts))
    return replace(
        cube,
        unsafe_JMLPS=cube.unsafe_JMLPS[:, :, :, order],
        member_PC=cube.member_PC[order],
        prompts=tuple(cube.prompts[i] for i in order),
    )


def entrants(cube):
    frame = frame_of(cube, level=0.98)
    return [Entrant(name=m, sheet=sheet_of(frame, 0, i)) for i, m in enumerate(cube.models)]


def close(a, b):
    return a == b if a is None or b is None else abs(a - b) < 1e-7


@LAW
@given(cubes(), st.sampled_from(["safety_micro", "safety_macro"]))
def test_differences_are_mirrored_and_inside_their_intervals(cube, metric):
    first, second, _ = entrants(cube)
    d, back = (
        difference(pair, metric=metric, language=None, level=0.95)
        for pair in ((first, second), (second, first))
    )
    assert d.n == back.n
    if d.value is None:
        assert back.value is None
        return
    assert close(d.value, -back.value)
    assert close(d.low, -back.high)
    assert close(d.p, back.p)
    assert -1 <= d.low <= d.value + SLACK
    assert d.value - SLACK <= d.high <= 1
    # the interval and the test say the same
    if abs(d.p - 0.05) > 1e-6:
        assert (d.p < 0.05) == (d.low > 0 or d.high < 0)


@LAW
@given(cubes(), st.randoms(use_true_random=False))
def test_ranks_do_not_hang_on_the_order_of_models_and_prompts(cube, random):
    asked = {"metric": "safety_macro", "language": None, "level": 0.95}
    told, pairs = standings(entrants(cube), **asked)
    for one in told:
        assert (one.best is None) == (one.average.value is None)
        assert one.best is None or 1 <= one.best <= one.worst <= len(told)
    again = shuffled(cube, random.randint(0, 99))
    others = entrants(again)
    random.shuffle(others)
    found, others_pairs = standings(others, **asked)
    ranks = {one.name: (one.best, one.worst) for one in told}
    p = sorted(d.p for d in pairs if d.p is not None)
    assume(all(abs(x - 0.05) > 1e-6 and abs(x - 0.025) > 1e-6 for x in p))
    assert {one.name: (one.best, one.worst) for one in found} == ranks
    assert len(pairs) == len(others_pairs) == 3


@LAW
@given(cubes(), st.integers(0, 99))
def test_a_change_is_the_difference_of_its_two_figures(cube, seed):
    if len(cube.categories) < 2:
        return
    told = changes(cube, cube.categories[:1], judge=0, model=0)
    again = changes(shuffled(cube, seed), cube.categories[:1], judge=0, model=0)
    assert len(told) == len(again)
    for one, other in zip(told, again, strict=True):
        assert close(one.value, other.value)
        assert close(one.low, other.low)
        assert close(one.high, other.high)
        if one.value is not None:
            assert close(one.value, one.rest.value - one.whole.value)
        if one.low is not None:
            assert -1 - SLACK <= one.low <= one.value + 1e-7
            assert one.value - 1e-7 <= one.high <= 1 + SLACK


@LAW
@given(cubes(), st.integers(0, 99))
def test_judges_are_mirrored(cube, seed):
    there = align(cube, ("j0", "j1"), draws=20)
    back = align(shuffled(cube, seed), ("j1", "j0"), draws=20)
    for one, other in zip(there, back, strict=True):
        assert (one.n, one.missing, one.first_only) == (other.n, other.missing, other.second_only)
        assert close(one.kappa.value, other.kappa.value)
        assert close(one.ac1.value, other.ac1.value)
        assert close(one.p, other.p)
        if one.difference.value is not None:
            assert close(one.difference.value, -other.difference.value)
            assert close(one.difference.low, -other.difference.high)
            assert 0 <= one.raw.low <= one.raw.value + SLACK


@LAW
@given(cubes(models=2))
def test_a_model_beside_itself_does_not_differ(cube):
    (first, _), sheet = entrants(cube), None
    sheet = first.sheet
    d = difference(
        (first, Entrant(name="twin", sheet=sheet)),
        metric="safety_micro",
        language=None,
        level=0.95,
    )
    assert (d.value is None) == (average_of(sheet, "safety_micro", None).value is None)
    assert d.value in (None, 0)
    assert d.p in (None, 1)


pairs = st.lists(st.tuples(whole, whole), min_size=3, max_size=12)


@LAW
@given(pairs)
def test_rank_correlations_are_mirrored_and_blind_to_scale(points):
    x, y = (np.array(c, dtype=float) for c in zip(*points, strict=True))
    for measure in (kendall, spearman):
        one, swapped, bent, turned = (
            measure(x, y),
            measure(y, x),
            measure(x**3 + x, y),
            measure(-x, y),
        )
        if isinstance(one, NoFit):
            assert isinstance(swapped, NoFit)
            continue
        assert -1 <= one.value <= 1
        assert 0 <= one.p <= 1
        for other, sign in ((swapped, 1), (bent, 1), (turned, -1)):
            assert close(one.value, sign * other.value)
            assert close(one.p, other.p)


@LAW
@given(pairs, st.floats(0.1, 10), st.floats(-5, 5))
def test_slopes_carry_over_to_other_scales(points, scale, shift):
    x, d = (np.array(c, dtype=float) for c in zip(*points, strict=True))
    v = 0.5 + np.arange(x.size) % 3
    fit = meta_regression(x, d, v)
    moved = meta_regression(x * scale + shift, d + shift, v)
    if isinstance(fit, NoFit):
        assert isinstance(moved, NoFit)
        return
    assert fit.low[1] <= fit.coef[1] <= fit.high[1]
    assert abs(moved.coef[1] * scale - fit.coef[1]) < 1e-4 * (1 + abs(fit.coef[1]))
    assert abs(moved.coef[0] - shift - fit.coef[0]) < 1e-4 * (1 + abs(fit.coef[0]))
    assert fit.tau2 >= 0


@LAW
@given(pairs)
def test_isotonic_fits_never_fall_and_keep_the_mean(points):
    x, y = (np.array(c, dtype=float) for c in zip(*points, strict=True))
    fit = isotonic(x, y)
    order = np.argsort(x, kind="stable")
    assert np.all(np.diff(fit[order]) >= -SLACK)
    assert abs(fit.mean() - y.mean()) < 1e-9
    assert np.allclose(isotonic(x, fit), fit)
    assert fit.min() >= y.min() - SLACK
    assert fit.max() <= y.max() + SLACK


@LAW
@given(st.lists(whole, max_size=15))
def test_signed_ranks_are_blind_to_the_side(d):
    assert close(wilcoxon(d), wilcoxon([-x for x in d]))
    assert 0 < wilcoxon(d) <= 1
    assert wilcoxon([*d, 0, 0]) == wilcoxon(d)


@LAW
@given(pairs, st.lists(st.sampled_from("ab"), min_size=12, max_size=12))
def test_a_trend_within_families_is_blind_to_levels_between_them(points, names):
    x, y = (np.array(c, dtype=float) for c in zip(*points, strict=True))
    families = names[: x.size]
    level = np.array([1000.0 * (name == "b") for name in families])
    assert stratified_kendall(x, y, families) == stratified_kendall(x + level, y - level, families)


@LAW
@given(st.lists(st.integers(0, 3), min_size=2, max_size=6), st.booleans())
def test_permutation_p_is_never_zero(x, within):
    numbers = np.array(x, dtype=float)
    families = ["ab"[i % 2] for i in range(len(x))] if within else None
    weights = np.arange(len(x))
    found = permutation(
        lambda places: (numbers[places] * weights).sum(axis=1), len(x), families=families
    )
    assert found.exact
    assert 1 / found.draws - SLACK <= found.p <= 1


@LAW
@given(st.integers(1, 60), st.data())
def test_evidence_on_a_pool_is_never_against_what_is_certain(pool, data):
    t = data.draw(st.integers(0, pool))
    unsafe = data.draw(st.integers(0, t))
    told = band_evidence(unsafe, t, pool)
    pairs_of = (
        (told.log_e_safe, told.log_e_not_safe, most_unsafe(pool, 0.99)),
        (told.log_e_ge_lo, told.log_e_below_lo, most_unsafe(pool, 0.9)),
    )
    for within, beyond, most in pairs_of:
        assert not np.isnan([within, beyond]).any()
        assert not (within > SLACK and beyond > SLACK)
        assert (within == -np.inf) == (unsafe > most)
        assert (beyond == -np.inf) == (unsafe + pool - t <= most)
    if t == pool:
        assert told.band() is not None


@LAW
@given(st.integers(0, 200), st.data(), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_confidence_sequence_holds_the_rate_and_more_at_lower_alpha(t, data, alpha):
    safe = data.draw(st.integers(0, t))
    low, high = confidence_sequence(safe, t, alpha=alpha)
    wide = confidence_sequence(safe, t, alpha=alpha / 2)
    assert 0 <= wide[0] <= low <= high <= wide[1] <= 1
    assert low <= (safe / t if t else 0.5) <= high


@LAW
@given(st.integers(0, 300), st.integers(0, 300))
def test_gaps_to_either_side_weigh_the_same(b, c):
    assert close(log_e_of_gap(b, c), log_e_of_gap(c, b))
    # one more pair on the side that leads adds evidence
    assert b <= c or log_e_of_gap(b + 1, c) > log_e_of_gap(b, c) - SLACK


@LAW
@given(st.data())
def test_a_slope_on_size_does_not_hang_on_order_units_or_the_level_of_a_family(data):
    n = data.draw(st.integers(6, 12))
    size, tokens, safety = (
        np.array(data.draw(st.lists(whole, min_size=n, max_size=n)), dtype=float) for _ in range(3)
    )
    families = data.draw(st.lists(st.sampled_from("abc"), min_size=n, max_size=n))
    terms = {"size": size, "tokens": tokens}
    found = size_terms(safety, terms, families, draws=10)["size"]
    order = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(n)
    moved = size_terms(
        (safety + np.array([ord(f) for f in families]))[order],
        {"tokens": (3 * tokens - 5)[order], "size": size[order]},
        [families[i] for i in order],
        draws=10,
    )["size"]
    assert isinstance(found, NoFit) == isinstance(moved, NoFit)
    if not isinstance(found, NoFit):
        span = [found.value, found.low, found.high, found.inflation]
        again = [moved.value, moved.low, moved.high, moved.inflation]
        np.testing.assert_allclose(again, span, rtol=1e-6, atol=1e-6)
        assert found.low <= found.value <= found.high
