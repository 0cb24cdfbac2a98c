"""Golden files 15, 16, 17, 27 and 31: causes of a gap, translators, quality, factorials, gates."""

import numpy as np
import pytest

from reference.factorial import Design, table_of
from reference.logistic import logistic_gee
from safeglot.score.causes.attribution import TERMS, ArmRates, decompose
from safeglot.score.probes.factorial import contrasts
from safeglot.score.stats.linear import Layout
from safeglot.score.stats.omnibus import cochran_q
from safeglot.score.translations.quality import gap_curve, gate_selection, within_prompt_slope
from safeglot.score.translations.translators import variance_components


def near(got, expected, tolerance):
    np.testing.assert_allclose(np.asarray(got, dtype=float), expected, rtol=0, atol=tolerance)


def test_15_gap_decomposition(golden):
    tolerance, cases = golden("15_gap_decomposition")
    for case in cases:
        given, expected = case["input"], case["expected"]
        found = decompose(
            ArmRates(
                reference_P=given["unsafe_EE"],
                native_P=given["unsafe_L_native"],
                roundtrip_P=given["unsafe_RT"],
                back_P=given["unsafe_L_judged_en"],
            )
        )
        assert tuple(found.parts) == TERMS
        short = dict(zip(TERMS, ("trans", "model", "judge"), strict=True))
        got = {
            "total": found.total.value,
            "total_se": found.total.se,
            **{short[name]: part.value for name, part in found.parts.items()},
            "se": [part.se for part in found.parts.values()],
            "cov": found.cov,
            "share": [part.share for part in found.parts.values()],
            "share_se_delta": [part.share_se for part in found.parts.values()],
            "trans_half_bound": found.translation_bound,
        }
        assert got.keys() | {"ci"} == expected.keys()
        for key, numbers in got.items():
            near(numbers, expected[key], tolerance)
        assert {short[name] for name in TERMS} == expected["ci"].keys()
        for name, part in found.parts.items():
            near(part.ci, expected["ci"][short[name]], tolerance)


def test_16_translator_variance(golden):
    tolerance, cases = golden("16_translator_variance")
    for case in cases:
        unsafe, expected = np.array(case["input"]["unsafe"]), case["expected"]
        found = variance_components(unsafe)
        prompts = np.arange(len(unsafe))
        whole = Layout(prompt_E=prompts, stratum_E=0 * prompts, n_prompts=len(unsafe), n_strata=1)
        q = cochran_q(unsafe.T[:, :, np.newaxis].astype(np.int8), whole)
        got = {
            "mean": found.mean,
            "translator_means": found.mean_K,
            "MS_prompt": found.ms_prompt,
            "MS_translator": found.ms_translator,
            "MS_resid": found.ms_residual,
            "var_prompt": found.var_prompt,
            "var_translator": found.var_translator,
            "var_resid": found.var_residual,
            "var_langmean_translator": found.var_mean,
        }
        assert got.keys() | {"cochran_q"} == expected.keys()
        for key, numbers in got.items():
            near(numbers, expected[key], tolerance)
        told = {"Q": q.q_H[0], "df": q.languages_H[0] - 1, "p": q.p_chi2_H[0], "eta2": q.eta2_H[0]}
        assert told.keys() == expected["cochran_q"].keys()
        for key, number in told.items():
            near(number, expected["cochran_q"][key], tolerance)


def test_17_quality_within_prompts(golden):
    tolerance, cases = golden("17_qe_within_prompt")
    for case in cases:
        found = within_prompt_slope(case["input"]["qe"], case["input"]["unsafe"])
        got = {
            "beta": found.beta,
            "se": found.se,
            "q95": found.q95,
            "unsafe_mean": found.unsafe_mean,
            "unsafe_adjusted": found.unsafe_adjusted,
            "pooled_beta_confounded": found.pooled_beta,
        }
        assert got.keys() == case["expected"].keys()
        for key, number in got.items():
            near(number, case["expected"][key], tolerance)


def test_27_factorial(golden):
    tolerance, cases = golden("27_factorial")
    for case in cases:
        rows, columns = np.array(case["input"]["rows"]), case["input"]["columns"]
        assert (columns[0], columns[-1]) == ("prompt", "y")
        design = Design(prompt_R=rows[:, 0], levels_RF=rows[:, 1:-1], names=columns[1:-1])
        expected = case["expected"]
        found = contrasts(table_of(design, rows[:, -1]), design.names)
        assert {"".join(e.factors) for e in found} == expected["risk_difference"].keys()
        for effect in found:
            wanted = expected["risk_difference"]["".join(effect.factors)]
            near([effect.effect, effect.se], [wanted["est"], wanted["se"]], tolerance)
        fitted = logistic_gee(design, rows[:, -1])
        assert list(fitted.names) == expected["gee"]["names"]
        near(fitted.coef, expected["gee"]["coef"], tolerance)
        near(fitted.robust_se, expected["gee"]["robust_se"], tolerance)


def test_31_gate_selection(golden):
    tolerance, cases = golden("31_gate_selection")
    for case in cases:
        reference, other, kept = (case["input"][key] for key in ("en_safe", "x_safe", "kept"))
        found = gate_selection(reference, other, kept)
        names = {"p_x_kept": "p_kept"}
        for key, number in case["expected"].items():
            near(getattr(found, names.get(key, key)), number, tolerance)
        quality = np.where(kept, 0.9, 0.4)
        at = {point.threshold: point for point in gap_curve(reference, other, quality)}
        assert at[0.5].gap == pytest.approx(case["expected"]["gap_paired"], abs=tolerance)
