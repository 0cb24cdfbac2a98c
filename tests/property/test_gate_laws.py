"""Laws of the gate and of the probes."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from safeglot.flow.measure.cube import missing_share
from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.probes.contrasts import Probed, VariantVerdicts, of_factors, of_variants
from safeglot.score.translations.gate import TranslatorTexts, by_translator, ungated
from safeglot.types import Estimate

NAMES = ("codeswitch=word", "framing=story", "codeswitch=word+framing=story")
ROW = Estimate(
    metric="", judge="j", model="m", language="ru", value=None, level=0.95, method="no data", n=0
)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def finite(one):
    """No number is NaN or infinite: results.json has no place for them."""
    json.dumps([one.value, one.low, one.high, dict(one.extra)], allow_nan=False)


def verdicts(*shape):
    return hnp.arrays(np.int8, shape, elements=st.sampled_from([-1, 0, 0, 1]))


def cubes():
    return st.tuples(st.integers(1, 12), st.integers(1, 2)).flatmap(
        lambda s: verdicts(1, 1, 3, *s).map(cube_of)
    )


def cube_of(unsafe):
    n = unsafe.shape[3]
    return Cube(
        unsafe_JMLPS=unsafe, member_PC=np.arange(n)[:, None] % 2 == np.arange(2),
        judges=("j",), models=("m",), languages=("en", "ru", "sw"),
        prompts=tuple(f"p{i}" for i in range(n)), categories=("a", "b"), reference="en",
    )  # fmt: skip


def probeds(samples=1):
    return st.integers(1, 12).flatmap(
        lambda n: st.builds(probed_of, verdicts(5, n, samples), hnp.arrays(np.bool_, (2, 3, n)))
    )


def probed_of(unsafe, flags):
    there, sound = flags
    variants = {
        name: VariantVerdicts(
            unsafe_PS=np.where(there[k, :, None], unsafe[k], -1).astype(np.int8),
            there_P=there[k], sound_P=there[k] & sound[k],
        )
        for k, name in enumerate(NAMES)
    }  # fmt: skip
    return Probed(row=ROW, native_PS=unsafe[3], reference_PS=unsafe[4], variants=variants)


def ordered(probed, order):
    variants = {
        name: VariantVerdicts(unsafe_PS=v.unsafe_PS[order], there_P=v.there_P[order], sound_P=v.sound_P[order])
        for name, v in probed.variants.items()
    }  # fmt: skip
    return replace(
        probed, native_PS=probed.native_PS[order], reference_PS=probed.reference_PS[order],
        variants=variants,
    )  # fmt: skip


def numbers(rows):
    return [(e.metric, e.language, e.n, e.missing, e.method) for e in rows], np.array(
        [(e.value, e.low, e.high) for e in rows], dtype=float
    )


def alike(one, other):
    (names, values), (others, theirs) = numbers(one), numbers(other)
    assert names == others
    assert np.allclose(values, theirs, equal_nan=True)


@settings(max_examples=40)
@given(cubes())
def test_without_a_gate_both_numbers_are_the_same(cube):
    told = {
        (e.metric, e.language): e
        for e in estimates(cube)
        if e.category is None and e.language in ("ru", "sw")
    }
    found = list(ungated(cube, np.full_like(cube.unsafe_JMLPS, -1)))
    assert len(found) == 4
    for one in found:
        finite(one)
        same = told[one.metric.removesuffix("_ungated"), one.language]
        assert replace(one, metric=same.metric, extra=same.extra) == same
        assert one.extra == {**same.extra, "gated_answers": 0}


def without_missing(extra):
    """Leave out what an extra says of missing verdicts."""
    about = ("bound", "interpretable", "missing_share", "invalid_share")
    return {key: value for key, value in extra.items() if not any(part in key for part in about)}


@settings(max_examples=40)
@given(cubes(), st.data())
def test_what_is_gated_changes_what_is_missing_alone(cube, data):
    gated_LP = data.draw(hnp.arrays(np.bool_, cube.unsafe_JMLPS.shape[2:4]))
    gated_LP[0] = False
    unsafe = np.where(gated_LP[..., None], -1, cube.unsafe_JMLPS).astype(np.int8)
    plain = replace(cube, unsafe_JMLPS=unsafe)
    gated = replace(plain, gated_LP=gated_LP)
    for one, other in zip(estimates(plain), estimates(gated), strict=True):
        assert replace(one, missing=0, extra={}) == replace(other, missing=0, extra={})
        assert without_missing(one.extra) == without_missing(other.extra)
        assert 0 <= other.missing <= one.missing
    assert missing_share(gated) <= missing_share(plain) + 1e-12
    for e in estimates(gated):
        if e.metric == "safety_micro" and e.language is not None:
            at = cube.languages.index(e.language)
            assert e.n + e.missing == (~gated_LP[at]).sum() * cube.samples


@settings(max_examples=40)
@given(cubes(), st.data(), st.randoms(use_true_random=False))
def test_the_order_of_prompts_does_not_matter_to_the_gate(cube, data, random):
    order = list(range(len(cube.prompts)))
    random.shuffle(order)
    gated = np.where(cube.unsafe_JMLPS < 0, data.draw(verdicts(*cube.unsafe_JMLPS.shape)), -1)
    moved = replace(
        cube, unsafe_JMLPS=cube.unsafe_JMLPS[:, :, :, order], member_PC=cube.member_PC[order]
    )
    alike(ungated(cube, gated), ungated(moved, gated[:, :, :, order]))


@given(probeds(), st.randoms(use_true_random=False))
def test_the_order_of_prompts_does_not_matter_to_probes(probed, random):
    order = list(range(len(probed.native_PS)))
    random.shuffle(order)
    moved = ordered(probed, order)
    alike(list(of_variants(probed)), list(of_variants(moved)))
    alike(of_factors([probed]), of_factors([moved]))


@given(probeds(samples=2))
def test_probes_are_in_bounds_and_count_everything(probed):
    for e in [*of_variants(probed), *of_factors([probed])]:
        assert e.missing >= 0
        finite(e)
        if e.value is None:
            assert (e.low, e.high, e.n) == (None, None, 0)
            continue
        assert -2 <= e.value <= 2
        if e.low is not None:
            assert e.low - 1e-9 <= e.value <= e.high + 1e-9
        if e.metric == "probe_effect":
            sound = probed.variants[e.extra["variant"]].sound_P.sum()
            assert e.n + e.missing == sound


@given(probeds(), st.integers(0, 11))
def test_missing_never_raises_how_many_are_unsafe(probed, at):
    variant = probed.variants[NAMES[0]]
    at %= len(variant.unsafe_PS)
    lost = variant.unsafe_PS.copy()
    lost[at] = -1
    before, after = (
        next(e for e in of_variants(p) if e.metric == "probe_unsafe")
        for p in (
            probed,
            replace(probed, variants={**probed.variants, NAMES[0]: replace(variant, unsafe_PS=lost)}),
        )
    )  # fmt: skip
    n_unsafe = [(e.value or 0) * e.n for e in (before, after)]
    assert n_unsafe[1] <= n_unsafe[0] + 1e-9
    assert after.n + after.missing == before.n + before.missing


@given(hnp.arrays(np.bool_, (3, 9)), verdicts(9, 2))
def test_missing_never_raises_a_translators_rate(flags, unsafe):
    there, kept, gated = flags
    known = TranslatorTexts(name="a", unsafe_PS=unsafe, there_P=there, kept_P=kept, gated_P=gated)
    (row,) = by_translator(ROW, [known])
    assert row.n + row.missing == there.sum() * 2
    counted = unsafe[there]
    assert (row.value or 0) * row.n == (counted == 1).sum()
