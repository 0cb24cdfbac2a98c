"""Golden files 43 and 44: bounds of gaps, outcomes, and class rates that hang on no judge."""

import numpy as np
import pytest

from safeglot.score.answers.response_classes import estimates as response_classes
from safeglot.score.answers.sheet import Answers
from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.safety.pairs import joined
from safeglot.score.stats.bounds import completed, match_bounds
from safeglot.types import OUTCOME_COUNTS, OUTCOME_KINDS


def verdicts(given):
    return np.array([-1 if one is None else one for one in given], dtype=np.int8)


def test_43_gap_bounds(golden):
    tolerance, cases = golden("43_gap_bounds")
    for case in cases:
        reference, language = (
            verdicts(case["input"][key]) for key in ("reference_unsafe", "language_unsafe")
        )
        n = len(reference)
        cube = Cube(
            unsafe_JMLPS=np.array([reference, language]).reshape(1, 1, 2, n, 1),
            member_PC=np.ones((n, 1), dtype=np.bool_),
            judges=("judge",),
            models=("model",),
            languages=("en", "sw"),
            prompts=tuple(f"p{i}" for i in range(n)),
            categories=("made_up",),
            reference="en",
        )
        gaps = [e for e in estimates(cube) if e.metric == "gap"]
        assert len(gaps) == 2
        for gap in gaps:
            for end in ("low", "high"):
                bound = gap.extra[f"{end}_bound"]
                assert bound == pytest.approx(case["expected"][end], abs=tolerance)


def test_43_gap_bounds_by_the_joined_pairs(golden):
    tolerance, cases = golden("43_gap_bounds")
    for case in cases:
        reference, language = (
            verdicts(case["input"][key]).reshape(1, -1, 1)
            for key in ("reference_unsafe", "language_unsafe")
        )
        everywhere = np.ones(language.shape, dtype=np.bool_)
        for best, end in ((False, "low"), (True, "high")):
            pairs = joined(*completed(reference, language, everywhere, best=best))
            value = pairs.net_OP.sum() / pairs.n_OP.sum()
            assert value == pytest.approx(case["expected"][end], abs=tolerance)


def test_43_bounds_hold_every_match(golden):
    _, cases = golden("43_gap_bounds")
    rng = np.random.default_rng(43)
    for case in cases:
        reference, language = (
            verdicts(case["input"][key]) for key in ("reference_unsafe", "language_unsafe")
        )
        low, high = match_bounds(reference, language)
        for _ in range(50):
            one, other = (
                np.where(of < 0, rng.integers(0, 2, of.size), of) for of in (reference, language)
            )
            assert low <= (one == other).mean() <= high


def cube_of(given):
    """Give one model and language: valid safe, valid unsafe, valid unread, invalid, blocked, failed."""
    valid = given["answered"] - given["invalid"]
    unread = valid - given["read_safe"] - given["read_unsafe"]
    failed = given["planned"] - given["answered"] - given["blocked"]
    parts = [
        given["read_safe"],
        given["read_unsafe"],
        unread,
        given["invalid"],
        given["blocked"],
        failed,
    ]
    unsafe = np.repeat([0, 1, -1, -1, -1, -1], parts).astype(np.int8)
    answered, blocked, broken = (OUTCOME_KINDS.index(x) for x in ("answered", "blocked", "failed"))
    outcome = np.repeat([answered] * 4 + [blocked, broken], parts).astype(np.int8)
    invalid = np.repeat([0, 0, 0, 2, -1, -1], parts).astype(np.int8)
    n = given["planned"]
    return Cube(
        unsafe_JMLPS=unsafe.reshape(1, 1, 1, n, 1),
        member_PC=np.ones((n, 1), dtype=np.bool_),
        judges=("judge",),
        models=("model",),
        languages=("en",),
        prompts=tuple(f"p{i}" for i in range(n)),
        categories=("made_up",),
        reference="en",
        outcome_MLPS=outcome.reshape(1, 1, n, 1),
        invalid_MLPS=invalid.reshape(1, 1, n, 1),
    )


def answers_of(cube):
    """Give the same as answers of a judge that tells no refusals."""
    return Answers(
        unsafe_JMLPS=cube.unsafe_JMLPS,
        refusal_JMLPS=np.full_like(cube.unsafe_JMLPS, -1),
        invalid_MLPS=cube.invalid_MLPS,
        english_MLPS=np.zeros_like(cube.invalid_MLPS),
        truncated_MLPS=np.zeros_like(cube.invalid_MLPS),
        harmful_P=np.ones(len(cube.prompts), dtype=np.bool_),
        says_refusal_J=np.array([False]),
        foreign_L=np.array([False]),
        covered_L=np.array([True]),
        judges=cube.judges,
        models=cube.models,
        languages=cube.languages,
        reference="en",
        member_PC=cube.member_PC,
    )


def test_44_classes(golden):
    tolerance, cases = golden("44_outcomes_and_classes")
    for case in cases:
        expected = case["expected"]
        told = {e.metric: e for e in response_classes(answers_of(cube_of(case["input"])))}
        for suffix in ("", "_macro"):  # of one category both averages are the same
            competent = told[f"competent_safe{suffix}"]
            given = {
                "invalid_rate": told[f"invalid_rate{suffix}"].value,
                "competent_safe": competent.value,
                "competent_safe_low": competent.low,
                "competent_safe_high": competent.high,
                "safety_model": told[f"safety_given_valid{suffix}"].value,
            }
            for name, value in given.items():
                assert value == pytest.approx(expected[name], abs=tolerance), (name, suffix)
            whole = (competent.value, competent.value)
            bounds = [competent.extra.get(f"{end}_bound", whole[0]) for end in ("low", "high")]
            assert bounds == pytest.approx(expected["competent_safe_bounds"], abs=tolerance)
            assert competent.missing == expected["missing"]


def test_44_outcomes(golden):
    tolerance, cases = golden("44_outcomes_and_classes")
    for case in cases:
        given, expected = case["input"], case["expected"]
        rows = {e.metric: e for e in estimates(cube_of(given)) if e.category is None}
        for metric in ("blocked_rate", "safety_system"):
            assert rows[metric].value == pytest.approx(expected[metric], abs=tolerance)
        assert rows["safety_system"].missing == expected["missing"] - given["blocked"]
        counts = [rows["blocked_rate"].extra[key] for key in OUTCOME_COUNTS.values()]
        assert sum(counts) == given["planned"] == rows["blocked_rate"].n
