"""Laws that the estimates keep for every cube."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from reference.gaps import mcnemar_exact
from reference.intervals import clopper_pearson
from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.stats.gaps import mcnemar_chi2, mcnemar_midp, tango
from safeglot.score.stats.intervals import certified_low, jeffreys, wilson
from safeglot.score.stats.multiplicity import benjamini_hochberg, e_bh, holm

SLACK = 1e-9
LAW = settings(max_examples=80)
LANGUAGES = ("en", "de", "sw", "th")


@st.composite
def cubes(draw, *, languages=(1, 3), samples=(1, 2), least=-1, prompts=8):
    n_L, n_P = draw(st.integers(*languages)), draw(st.integers(1, prompts))
    n_S, n_C = draw(st.integers(*samples)), draw(st.integers(1, 4))
    count = n_L * n_P * n_S
    labels = draw(st.lists(st.integers(least, 1), min_size=count, max_size=count))
    member = draw(st.lists(st.booleans(), min_size=n_P * n_C, max_size=n_P * n_C))
    return Cube(
        unsafe_JMLPS=np.array(labels, dtype=np.int8).reshape(1, 1, n_L, n_P, n_S),
        member_PC=np.array(member, dtype=bool).reshape(n_P, n_C),
        judges=("j",),
        models=("m",),
        languages=LANGUAGES[:n_L],
        prompts=tuple(f"p{i}" for i in range(n_P)),
        categories=tuple("abcd"[:n_C]),
        macro_C=draw(st.sampled_from([None, tuple("AABB"[:n_C])])),
        reference="en",
    )


def told(cube):
    return {(e.metric, e.language, e.category): e for e in estimates(cube)}


def safety_of(cube):
    """Cells and averages; what is shrunk may rise with another cell's fall (see test_cube_laws)."""
    rows = told(cube).items()
    return {k: e for k, e in rows if k[0].startswith("safety") and k[0] != "safety_shrunk"}


def changed(cube, where, label):
    unsafe = cube.unsafe_JMLPS.copy()
    unsafe[0, 0][where] = label
    return replace(cube, unsafe_JMLPS=unsafe)


def places(cube, *labels):
    return [tuple(x) for x in np.argwhere(np.isin(cube.unsafe_JMLPS[0, 0], labels)).tolist()]


def same(got, expected):
    for field in ("value", "low", "high"):
        assert getattr(got, field) == pytest.approx(getattr(expected, field), abs=SLACK)
    assert (got.n, got.missing) == (expected.n, expected.missing)


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
        same(got, expected)
        assert got.method == expected.method


@LAW
@given(cubes())
def test_numbers_are_in_range_and_counts_add_up(cube):
    found = estimates(cube)
    json.dumps([asdict(e) for e in found], allow_nan=False)
    samples = cube.samples
    for e in found:
        assert (e.value is None) == (e.n == 0) == (e.method == "no data")
        least = -1 if e.metric in ("gap", "gap_of_macro") else 0
        if e.low is not None:
            assert least <= e.low <= e.value + SLACK
            assert e.value - SLACK <= e.high <= 1
        if e.metric == "safety":
            members = int(cube.member_PC[:, cube.categories.index(e.category)].sum())
            assert e.n + e.missing == members * samples
        if e.metric == "safety_micro" and e.language is None:
            assert e.n + e.missing == cube.unsafe_JMLPS.size
        if e.metric == "exact_match":
            assert e.n + e.missing == len(cube.prompts) * samples
        if {"n_eff", "prompts"} <= e.extra.keys():
            assert e.extra["n_eff"] <= e.n + SLACK
            alone = samples == 1 and e.language is not None
            assert not alone or e.extra["n_eff"] <= e.extra["prompts"] + SLACK


@LAW
@given(cubes(), st.data())
def test_a_verdict_that_goes_missing_stays_within_manski_bounds(cube, data):
    read = places(cube, 0, 1)
    assume(read)
    language, prompt, _ = where = data.draw(st.sampled_from(read))
    before, after = safety_of(cube), safety_of(changed(cube, where, -1))
    touched = {
        name for name, member in zip(cube.categories, cube.member_PC[prompt], strict=True) if member
    }
    for key, e in before.items():
        metric, tag, category = key
        if metric not in {"safety", "safety_micro"} or (metric == "safety_micro" and tag is None):
            continue
        if tag == cube.languages[language] and (category is None or category in touched):
            assert (after[key].n, after[key].missing) == (e.n - 1, e.missing + 1)
            if after[key].value is not None:
                safe = after[key].value * after[key].n
                assert safe / e.n - SLACK <= after[key].value <= (safe + 1) / e.n + SLACK
        else:
            same(after[key], e)


@LAW
@given(cubes(), st.data())
def test_an_unsafe_verdict_never_raises_safety(cube, data):
    spots = places(cube, -1, 0)
    assume(spots)
    where = data.draw(st.sampled_from(spots))
    before, after = safety_of(cube), safety_of(changed(cube, where, 1))
    for key, e in before.items():
        if e.value is not None:
            assert after[key].value <= e.value + SLACK


@LAW
@given(cubes(), st.data())
def test_a_safe_verdict_never_lowers_safety(cube, data):
    spots = places(cube, -1, 1)
    assume(spots)
    where = data.draw(st.sampled_from(spots))
    before, after = safety_of(cube), safety_of(changed(cube, where, 0))
    for key, e in before.items():
        if e.value is not None:
            assert after[key].value >= e.value - SLACK


@LAW
@given(cubes())
def test_repeating_every_category_changes_no_average(cube):
    double = replace(
        cube,
        member_PC=np.hstack([cube.member_PC, cube.member_PC]),
        categories=(*cube.categories, *(f"{name}2" for name in cube.categories)),
        macro_C=None if cube.macro_C is None else cube.macro_C * 2,
    )
    before, after = told(cube), told(double)
    for key, e in before.items():
        if key[2] is None:
            assert after[key].value == pytest.approx(e.value, abs=SLACK)
            assert (after[key].n, after[key].missing) == (e.n, e.missing)


@LAW
@given(cubes(languages=(2, 2)))
def test_swapping_the_languages_turns_the_gap_round(cube):
    swapped = replace(
        cube, unsafe_JMLPS=cube.unsafe_JMLPS[:, :, ::-1], languages=("de", "en"), reference="de"
    )
    before, after = told(cube), told(swapped)
    for (metric, language, category), e in before.items():
        if metric == "gap" and e.value is not None:
            other = after["gap", "en", category]
            assert other.value == pytest.approx(-e.value, abs=SLACK)
            assert (other.low, other.high) == (
                pytest.approx(-e.high, abs=SLACK),
                pytest.approx(-e.low, abs=SLACK),
            )
            for p in {"p", "p_midp", "p_holm"} & e.extra.keys():
                assert other.extra[p] == pytest.approx(e.extra[p], abs=SLACK)
        if metric.startswith("exact_match"):
            assert after[metric, language and "en", None].value == pytest.approx(e.value)


@LAW
@given(cubes(languages=(1, 1)))
def test_a_language_equal_to_the_reference_has_no_gap(cube):
    twin = replace(
        cube, unsafe_JMLPS=np.repeat(cube.unsafe_JMLPS, 2, axis=2), languages=("en", "de")
    )
    for e in estimates(twin):
        if e.value is None:
            continue
        if e.metric == "gap":
            assert (e.value, e.low) == (0.0, pytest.approx(-e.high))
            assert e.extra["p_holm"] == 1.0
        if e.metric == "exact_match":
            assert e.value == 1.0


DIFFERING = Cube(
    unsafe_JMLPS=np.array(
        [[1, -1, 0, 0, 1, -1, -1, -1], [0, 0, 1, 1, 0, 0, 0, 1]], dtype=np.int8
    ).reshape(1, 1, 2, 8, 1),
    member_PC=np.zeros((8, 1), dtype=bool),
    judges=("j",), models=("m",), languages=("en", "de"), categories=("a",), reference="en",
    prompts=tuple(f"p{i}" for i in range(8)),
)  # fmt: skip
"""Languages that contradict each other on the same prompts."""


@LAW
@example(DIFFERING, 2)
@given(cubes(samples=(1, 1)), st.integers(2, 4))
def test_copies_of_an_answer_are_worth_no_more_than_one(cube, copies):
    many = replace(cube, unsafe_JMLPS=np.repeat(cube.unsafe_JMLPS, copies, axis=4))
    noise = {"unsafe_any_of_k", "unstable_prompts", "flip_rate"}
    repeated = [e for e in estimates(many) if e.metric not in noise]
    for once, often in zip(estimates(cube), repeated, strict=True):
        assert often.value == pytest.approx(once.value, abs=SLACK)
        assert often.low == pytest.approx(once.low, abs=SLACK)
        assert often.high == pytest.approx(once.high, abs=SLACK)


@LAW
@given(cubes(prompts=1, languages=(2, 2), samples=(1, 1), least=0))
def test_one_prompt_leaves_the_gap_wide_open(cube):
    for e in estimates(cube):
        if e.metric == "gap" and e.value is not None:
            assert e.high - e.low > 1


@LAW
@given(cubes(samples=(1, 1)))
def test_gap_and_safety_agree_on_complete_cells(cube):
    found = told(cube)
    for (metric, language, category), e in found.items():
        if metric == "gap" and category and e.value is not None:
            here, there = found["safety", language, category], found["safety", "en", category]
            if here.missing == there.missing == 0:
                assert e.value == pytest.approx(here.value - there.value, abs=SLACK)


counts = st.integers(0, 400)


@LAW
@given(counts, counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_of_a_proportion(safe, unsafe, level):
    n = safe + unsafe
    assume(n)
    for interval in (wilson, clopper_pearson, jeffreys):
        low, high = map(float, interval(safe, n, level=level))
        assert 0 <= low <= safe / n <= high <= 1
        assert low < high
        mirrored = interval(unsafe, n, level=level)
        assert (low, high) == (pytest.approx(1 - mirrored[1]), pytest.approx(1 - mirrored[0]))
    exact, sure = clopper_pearson(safe, n, level=level)[0], certified_low(safe, n, level=level)
    assert exact <= sure <= safe / n


@LAW
@given(counts, counts, counts, st.floats(0.05, 1))
def test_tango_is_the_inversion_of_mcnemar(b, c, same_verdict, worth):
    n = b + c + same_verdict
    assume(n)
    low, high = map(float, tango(b * worth, c * worth, n * worth))
    assert -1 <= low <= (c - b) / n + SLACK
    assert (c - b) / n - SLACK <= high <= 1
    p = float(mcnemar_chi2(b * worth, c * worth)[1])
    assume(abs(p - 0.05) > 1e-6)
    assert (low > 0 or high < 0) == (p < 0.05)


@LAW
@given(counts, counts)
def test_midp_is_below_exact_and_symmetric(b, c):
    assert 0 <= mcnemar_midp(b, c) <= mcnemar_exact(b, c) <= 1
    assert mcnemar_midp(b, c) == mcnemar_midp(c, b)


@LAW
@given(st.lists(st.floats(0, 1), max_size=30))
def test_corrections_never_lower_a_p_value_and_keep_the_order(p):
    strict, loose = holm(p), benjamini_hochberg(p)
    assert np.all(loose >= np.array(p) - SLACK)
    assert np.all(strict >= loose - SLACK)
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(strict[order]) >= 0)
    assert np.all(np.diff(loose[order]) >= 0)


@LAW
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=20), st.sampled_from([0.05, 0.1]))
def test_e_bh_of_calibrated_values_rejects_as_bh_of_their_inverse(p, alpha):
    adjusted = benjamini_hochberg(p)
    assume(np.all(np.abs(adjusted - alpha) > 1e-9))
    assert e_bh(1 / np.array(p), alpha=alpha).tolist() == (adjusted <= alpha).tolist()
