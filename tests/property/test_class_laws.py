"""Laws of response classes that hold for every run."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from safeglot.score.answers.response_classes import estimates
from safeglot.score.answers.sheet import Answers
from safeglot.text.chrf import chrf
from safeglot.text.loops import is_degenerate, is_empty, repeated_share, repeats

TEXT = st.text(st.characters(exclude_categories=()), max_size=80)


def codes(shape, low, high):
    return arrays.arrays(np.int8, shape, elements=st.integers(low, high))


@st.composite
def runs(draw):
    n_J, n_M, n_L = (draw(st.integers(1, 2)) for _ in range(3))
    n_P, n_S = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    shape = (n_M, n_L, n_P, n_S)
    invalid, refusal = draw(codes(shape, -1, 4)), draw(codes((n_J, *shape), -1, 1))
    unsafe = np.where(invalid < 0, -1, draw(codes((n_J, *shape), -1, 1))).astype(np.int8)
    refusal = np.where(unsafe < 0, -1, refusal).astype(np.int8)
    return Answers(
        unsafe_JMLPS=unsafe,
        refusal_JMLPS=refusal,
        invalid_MLPS=invalid,
        english_MLPS=draw(codes(shape, -1, 1)),
        truncated_MLPS=draw(codes(shape, 0, 1)),
        harmful_P=draw(arrays.arrays(np.bool_, n_P)),
        says_refusal_J=(refusal >= 0).any(axis=(1, 2, 3, 4)),
        foreign_L=draw(arrays.arrays(np.bool_, n_L)),
        covered_L=draw(arrays.arrays(np.bool_, n_L)),
        judges=tuple(f"j{i}" for i in range(n_J)),
        models=tuple(f"m{i}" for i in range(n_M)),
        languages=tuple(("en", "de")[:n_L]),
        reference="en",
    )


def told(run):
    return {(e.metric, e.judge, e.model, e.language): e for e in estimates(run)}


@given(runs())
@settings(max_examples=150)
def test_every_row_is_whole_and_said_once(run):
    rows = list(estimates(run))
    assert len(told(run)) == len(rows)
    for row in rows:
        numbers = [x for x in (row.value, row.low, row.high) if x is not None]
        assert np.isfinite(numbers).all()
        assert row.n >= 0
        assert row.missing >= 0
        if row.value is not None:
            assert row.low <= row.value <= row.high
            assert row.n > 0
        elif row.metric != "safety_bounds":
            assert row.method != "wilson"


@given(runs())
@settings(max_examples=150)
def test_bounds_hold_the_field_s_safety_and_the_competent_one(run):
    """`safety` is the safe share of all verdicts, as the label cube counts them."""
    rows = told(run)
    for (metric, judge, model, language), row in rows.items():
        if metric != "safety_bounds" or row.low is None:
            continue
        competent = rows["competent_safe", judge, model, language].value
        j, m, tag = run.judges.index(judge), run.models.index(model), run.languages.index(language)
        verdicts = run.unsafe_JMLPS[j, m, tag][run.harmful_P]
        judged = verdicts[verdicts >= 0]
        assert row.low <= row.high
        if competent is not None:
            assert row.low - 1e-12 <= competent <= row.high + 1e-12
        if judged.size:
            safety = float((judged == 0).mean())
            assert row.low - 1e-12 <= safety <= row.high + 1e-12


@given(runs(), st.integers(0, 2**32 - 1))
@settings(max_examples=100)
def test_no_judge_moves_what_is_a_fact_of_the_answers(run, seed):
    """Invalid, empty, echo and wrong language stay what they are, whatever verdicts are lost."""
    kept = np.random.default_rng(seed).random(run.unsafe_JMLPS.shape) < 0.5
    fewer = replace(run, unsafe_JMLPS=np.where(kept, run.unsafe_JMLPS, -1).astype(np.int8))
    before, after = told(run), told(fewer)
    for key, row in before.items():
        if key[0] in ("invalid_rate", "truncated", "english_fallback"):
            kinds = [
                {k: v for k, v in e.extra.items() if "unsafe" not in k and "undecided" not in k}
                for e in (row, after[key])
            ]
            assert replace(row, extra=kinds[0]) == replace(after[key], extra=kinds[1])


@given(runs())
@settings(max_examples=100)
def test_classes_and_what_was_not_read_add_up_to_the_answers(run):
    for (metric, _, model, language), row in told(run).items():
        if metric == "competent_safe":
            m, tag = run.models.index(model), run.languages.index(language)
            answers = run.invalid_MLPS[m, tag][run.harmful_P] >= 0
            assert (
                sum(n for key, n in row.extra.items() if key.startswith("n_") and key != "n_eff")
                == answers.sum()
            )


@given(runs())
@settings(max_examples=100)
def test_a_missing_verdict_never_makes_a_model_more_competent(run):
    """Taking away the verdict of a safe answer cannot raise the count of safe answers."""
    safe = (run.unsafe_JMLPS == 0) & (np.cumsum((run.unsafe_JMLPS == 0).ravel()) == 1).reshape(
        run.unsafe_JMLPS.shape
    )
    fewer = replace(
        run,
        unsafe_JMLPS=np.where(safe, -1, run.unsafe_JMLPS).astype(np.int8),
        refusal_JMLPS=np.where(safe, -1, run.refusal_JMLPS).astype(np.int8),
    )
    before, after = told(run), told(fewer)
    for key, row in after.items():
        if key[0] == "safety_bounds":
            assert row.extra.get("low_planned", 0) <= before[key].extra.get("low_planned", 1)
            high = before[key].extra.get("high_planned", 1)
            assert row.extra.get("high_planned", 1) == pytest.approx(high, abs=1e-12)


@given(runs(), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_the_order_of_prompts_decides_nothing(run, random):
    order = list(range(len(run.harmful_P)))
    random.shuffle(order)
    moved = replace(
        run,
        harmful_P=run.harmful_P[order],
        **{
            name: getattr(run, name)[..., order, :]
            for name in (
                "unsafe_JMLPS",
                "refusal_JMLPS",
                "invalid_MLPS",
                "english_MLPS",
                "truncated_MLPS",
            )
        },
    )
    for one, other in zip(estimates(run), estimates(moved), strict=True):
        assert replace(one, value=None, low=None, high=None, extra={}) == replace(
            other, value=None, low=None, high=None, extra={}
        )
        for end in ("value", "low", "high"):  # sums hang on their order in the last digit
            np.testing.assert_allclose(
                *(np.array(getattr(x, end), dtype=float) for x in (one, other)), atol=1e-9
            )


@given(TEXT, TEXT)
@settings(max_examples=200)
def test_texts_of_all_kinds_are_read(text, other):
    assert 0 <= repeated_share(text) < 1
    assert 0 <= chrf(text, other) <= 1 + 1e-12
    assert is_empty(text) == is_empty(f" {text}…\n")


@given(
    st.text("abc ", max_size=90) | TEXT, st.integers(1, 4), st.sampled_from([0.0, 0.2, 0.4, 0.5])
)
@settings(max_examples=500)
def test_a_text_repeats_beyond_a_bound_where_its_share_says_so(text, times, beyond):
    whole = text * times
    assert repeats(whole, beyond=beyond) == (repeated_share(whole) > beyond)


@given(st.text(min_size=1, max_size=60), st.integers(3, 9))
@settings(max_examples=200)
def test_what_is_said_three_times_is_a_loop_unless_short(text, times):
    whole = text * max(times, -(-160 // len(text)))
    if len(whole.strip()) >= 40 and len(whole) - len(whole.strip()) < len(text):
        assert is_degenerate(whole)
