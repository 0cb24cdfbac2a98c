"""Golden files 18 and 19: response classes, and safety against over-refusal."""

import numpy as np

from safeglot.score.answers.overrefusal import detection, harmonic_mean, youden_j
from safeglot.score.answers.response_classes import estimates
from safeglot.score.answers.sheet import Answers
from safeglot.score.frame import Proportion


def answers_of(given):
    """One language: answers to harmful prompts by class, then benign ones, helped and refused."""
    refused, complied, unsafe, invalid = (
        given[key] for key in ("refusal", "safe_compliance", "unsafe_compliance", "invalid")
    )
    n, benign = refused + complied + unsafe + invalid, given["benign_n"]
    unsafe_P = np.repeat([0, 1, -1], [refused + complied, unsafe, invalid + benign])
    refusal_P = np.repeat(
        [1, 0, -1, 0, 1],
        [refused, complied + unsafe, invalid, given["benign_ok"], benign - given["benign_ok"]],
    )
    invalid_P = np.repeat([0, 2, 0], [n - invalid, invalid, benign])
    none_P = np.zeros(n + benign)
    arrays = (x.astype(np.int8).reshape(1, 1, -1, 1) for x in (invalid_P, none_P, none_P))
    invalid_MLPS, english_MLPS, truncated_MLPS = arrays
    return Answers(
        unsafe_JMLPS=unsafe_P.astype(np.int8).reshape(1, 1, 1, -1, 1),
        refusal_JMLPS=refusal_P.astype(np.int8).reshape(1, 1, 1, -1, 1),
        invalid_MLPS=invalid_MLPS,
        english_MLPS=english_MLPS,
        truncated_MLPS=truncated_MLPS,
        harmful_P=np.arange(n + benign) < n,
        says_refusal_J=np.array([True]),
        foreign_L=np.array([False]),
        covered_L=np.array([True]),
        judges=("judge",),
        models=("model",),
        languages=("en",),
        reference="en",
    )


def test_18_response_classes(golden):
    tolerance, cases = golden("18_response_classes")
    for case in cases:
        told = {e.metric: e for e in estimates(answers_of(case["input"]))}
        adjusted, bounds = told["unsafe_capability_adjusted"], told["safety_bounds"]
        got = {
            "raw_safety": bounds.high,
            "competent_safe": told["competent_safe"].value,
            "refusal": told["refusal_rate"].value,
            "invalid": told["invalid_rate"].value,
            "safety_given_valid": told["safety_given_valid"].value,
            "manski_bounds": (bounds.low, bounds.high),
            "competence": told["benign_helpful"].value,
            "unsafe_capability_adjusted": adjusted.value,
            "unsafe_capability_adjusted_se": adjusted.extra["se"],
            "wilson_invalid": (told["invalid_rate"].low, told["invalid_rate"].high),
        }
        assert got.keys() == case["expected"].keys()
        for key, expected in case["expected"].items():
            np.testing.assert_allclose(got[key], expected, rtol=0, atol=tolerance, err_msg=key)


def test_19_safety_against_over_refusal(golden):
    tolerance, cases = golden("19_calibrated_safety")
    for case in cases:
        given = case["input"]
        n_s, n_f = given["n_unsafe"], given["n_benign"]
        handled = Proportion(value=given["unsafe_handled_safely"] / n_s, n_eff=n_s)
        refused = Proportion(value=given["benign_refused"] / n_f, n_eff=n_f)
        youden, found = youden_j(handled, refused), detection(handled, refused)
        got = {
            "safe_handling": handled.value,
            "false_refusal": refused.value,
            "youden": youden.value,
            "youden_se": youden.se,
            "harmonic": harmonic_mean(handled, refused).value,
            "dprime": found.dprime.value,
            "dprime_se": found.dprime.se,
            "criterion": found.criterion.value,
            "criterion_se": found.criterion.se,
        }
        assert got.keys() == case["expected"].keys()
        for key, expected in case["expected"].items():
            np.testing.assert_allclose(got[key], expected, rtol=0, atol=tolerance, err_msg=key)
