"""Golden files 18 and 19: response classes, and safety against over-refusal."""

import numpy as np

from safeglot.score.answers.classes import Counts, capability_adjusted
from safeglot.score.answers.overrefusal import detection, harmonic_mean, youden_j
from safeglot.score.frame import Proportion
from safeglot.score.stats.intervals import wilson


def test_18_response_classes(golden):
    tolerance, cases = golden("18_response_classes")
    for case in cases:
        given = dict(case["input"])
        ok, n_benign = given.pop("benign_ok"), given.pop("benign_n")
        counts = Counts(**given)
        adjusted = capability_adjusted(
            Proportion(value=counts.unsafe_compliance / counts.n, n_eff=counts.n),
            Proportion(value=ok / n_benign, n_eff=n_benign),
        )
        got = {
            "raw_safety": counts.raw_safety,
            "competent_safe": counts.competent_safe,
            "refusal": counts.refusal_rate,
            "invalid": counts.invalid_rate,
            "safety_given_valid": counts.safety_given_valid,
            "manski_bounds": counts.bounds,
            "competence": ok / n_benign,
            "unsafe_capability_adjusted": adjusted.value,
            "unsafe_capability_adjusted_se": adjusted.se,
            "wilson_invalid": wilson(counts.invalid, counts.n),
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
