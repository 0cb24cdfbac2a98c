"""Laws that corrections keep for every run and every set of labels, however odd."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from safeglot.score.judges.agreement import krippendorff
from safeglot.score.judges.agreement_table import judge_estimates
from safeglot.score.judges.allocation import allocate
from safeglot.score.judges.corrected_rates import CORRECTIONS, Sample, correct, gap_of, safeties
from safeglot.score.judges.two_phase import two_phase
from safeglot.types import Estimate

LAW = settings(max_examples=120)
BLANK = Estimate(metric="", judge="j", language="de", value=None, method="", n=0)
SLACK = 1e-9

METRICS = {
    "judge_sensitivity", "judge_specificity", "judge_ppv", "judge_false_omission", "judge_agreement",
    "judge_kappa", "judge_ac1", "judge_mcc", "annotator_alpha", "judge_gate",
}  # fmt: skip


@st.composite
def samples(draw, *, design="two-phase", least=-1):
    n_M, n_P, n_S = draw(st.integers(1, 2)), draw(st.integers(1, 8)), draw(st.integers(1, 2))
    size = n_M * n_P * n_S
    unsafe = draw(st.lists(st.integers(least, 1), min_size=size, max_size=size))
    places = [(m, p, s) for m in range(n_M) for p in range(n_P) for s in range(n_S)]
    drawn = draw(st.lists(st.sampled_from(places), unique=True, max_size=size))
    human = draw(
        st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0]), min_size=len(drawn), max_size=len(drawn))
    )
    at = np.array(drawn, dtype=np.int64).reshape(-1, 3)
    return Sample(
        unsafe_MPS=np.array(unsafe, dtype=np.int8).reshape(n_M, n_P, n_S),
        model_I=at[:, 0],
        prompt_I=at[:, 1],
        sample_I=at[:, 2],
        human_I=np.array(human),
        unsure_I=(np.array(human) < 0).astype(np.int64),
        design=design,
    )


def changed(sample, **fields):
    return Sample(**(asdict(sample) | fields))


def told(sample, correction="two-phase"):
    models = ("a", "b")[: sample.unsafe_MPS.shape[0]]
    return [row for row, _ in safeties(BLANK, sample, models, correction=correction)]


def sound(rows):
    for e in rows:
        assert (e.low is None) == (e.high is None)
        ends = [x for x in (e.low, e.value, e.high) if x is not None]
        assert all(-1 <= x <= 1 for x in ends), e
        assert ends == sorted(ends), e
        assert e.method, e
        assert e.n >= 0 <= e.missing
    json.dumps([asdict(e) for e in rows], allow_nan=False)


@LAW
@given(samples(), samples())
def test_whatever_is_labelled_the_numbers_are_sound(sample, other):
    rows = told(sample)
    sound(rows)
    found, found_en = correct(sample, None), correct(other, None)
    if found is not None:
        rating = np.vstack([sample.human_I, sample.human_I[::-1]]).round().astype(int)
        rows = list(judge_estimates(BLANK, found[0], krippendorff(rating)))
        sound(rows)
        assert {e.metric for e in rows} == METRICS
    if (
        found is not None
        and found_en is not None
        and sample.unsafe_MPS.shape[1] == other.unsafe_MPS.shape[1]
    ):
        sound([gap_of(BLANK, found, found_en)])


@LAW
@given(samples(design="simple"), st.sampled_from(CORRECTIONS))
def test_every_correction_of_a_simple_sample_is_sound(sample, correction):
    sound(told(sample, correction))


@LAW
@given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_the_labels_does_not_matter(sample, random):
    order = list(range(sample.human_I.size))
    random.shuffle(order)
    names = ("model_I", "prompt_I", "sample_I", "human_I", "unsure_I")
    mixed = changed(sample, **{name: getattr(sample, name)[order] for name in names})
    for now, before in zip(map(asdict, told(mixed)), map(asdict, told(sample)), strict=True):
        told_now, told_before = (row | row.pop("extra") for row in (now, before))
        assert told_now.keys() == told_before.keys()
        for key, value in told_now.items():  # the last digit of a sum hangs on its order
            exact = not isinstance(value, float)
            expected = told_before[key]
            assert value == (expected if exact else pytest.approx(expected, rel=1e-12)), key


@LAW
@given(samples())
def test_no_label_is_no_knowledge_and_never_safe(sample):
    """Leaving the unlabelled answers out of the draw changes nothing but what is missing."""
    has = sample.human_I >= 0
    names = ("model_I", "prompt_I", "sample_I", "human_I")
    only = changed(
        sample,
        unsure_I=np.zeros(int(has.sum()), dtype=np.int64),
        **{name: getattr(sample, name)[has] for name in names},
    )
    for got, expected in zip(told(only), told(sample), strict=True):
        assert (got.value, got.low, got.high, got.n) == (
            expected.value, expected.low, expected.high, expected.n,
        )  # fmt: skip
        assert got.missing <= expected.missing


@LAW
@given(samples(), st.integers(0, 15))
def test_an_unsafe_label_never_raises_safety(sample, position):
    labelled = np.flatnonzero((sample.human_I >= 0) & (sample.human_I < 1))
    assume(labelled.size)
    human = sample.human_I.copy()
    human[labelled[position % labelled.size]] = 1.0
    for worse, row in zip(told(changed(sample, human_I=human)), told(sample), strict=True):
        if row.value is not None:
            assert worse.value <= row.value + SLACK


@LAW
@given(samples(least=0))
def test_labels_that_repeat_the_verdicts_leave_the_judges_rate(sample):
    verdict = sample.verdict_I.astype(float)
    assume(set(verdict.tolist()) == set(np.unique(sample.unsafe_MPS).tolist()))
    row = told(changed(sample, human_I=verdict, unsure_I=np.zeros(verdict.size, int)))[0]
    assert abs(row.value - row.extra["safety_judged"]) < SLACK


@LAW
@given(samples())
def test_all_verdicts_missing_gives_nothing(sample):
    rows = told(changed(sample, unsafe_MPS=np.full_like(sample.unsafe_MPS, -1)))
    assert {(row.value, row.low, row.n, row.method) for row in rows} == {(None, None, 0, "no labels")}  # fmt: skip


@LAW
@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.integers(0, 30), st.integers(0, 30)),
        min_size=1,
        max_size=5,
    ),
    st.integers(1, 10_000),
)
def test_any_number_of_strata(strata, judged):
    size = np.array([s for s, _, _ in strata], dtype=float)
    labelled = np.array([n for _, n, _ in strata])
    unsafe = np.minimum([u for _, _, u in strata], labelled)
    found = two_phase(size / size.sum(), unsafe, labelled, judged=judged)
    assert 0 <= found.low <= found.high <= 1
    assert (found.theta is None) == bool((labelled == 0).any())
    if found.theta is not None:
        assert found.low - SLACK <= found.theta <= found.high + SLACK


@LAW
@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=6),
    st.integers(0, 3000),
    st.data(),
)
def test_labels_are_shared_out_whole(sizes, n, data):
    spread = data.draw(
        st.lists(st.floats(0, 0.5), min_size=len(sizes), max_size=len(sizes)), label="sd"
    )
    found = allocate(sizes, spread, n)
    assert found.sum() == min(n, sum(sizes))
    assert all(0 <= got <= size for got, size in zip(found, sizes, strict=True))
