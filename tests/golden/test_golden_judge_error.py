"""Golden files 10 to 14 and 30: correction for the judge's errors, labels, agreement."""

import numpy as np
import pytest

from reference.ppi import ppi, stratified_ppi
from safeglot.score.judges.agreement import ac1, kappa, krippendorff, mcc, raw
from safeglot.score.judges.allocation import budget, neyman
from safeglot.score.judges.ppi import ppi_plus
from safeglot.score.judges.rogan_gladen import apparent_rate, rogan_gladen
from safeglot.score.judges.two_phase import two_phase

AUTO = 3.3e-4
"""How far ppi-python's own choice of lambda moves the ends, as the file's crosscheck says: 3.21e-04."""


def near(got, expected, tolerance):
    np.testing.assert_allclose(np.asarray(got, dtype=float), expected, rtol=0, atol=tolerance)


def test_10_rogan_gladen(golden):
    tolerance, cases = golden("10_rogan_gladen")
    for case in cases:
        i = case["input"]
        found = rogan_gladen(
            (i["judged_unsafe"], i["N"]), (i["tp"], i["human_unsafe"]), (i["tn"], i["human_safe"])
        )
        got = {
            "p": found.p,
            "se_delta": found.se,
            "wald": found.wald,
            "lang_reiczigel": (found.low, found.high),
            "p_trunc": found.truncated,
        }
        assert got.keys() == case["expected"].keys()
        for key, expected in case["expected"].items():
            near(got[key], expected, tolerance)
        assert found.transport_failure is (case["expected"]["p"] < 0)


def test_11_ppi(golden):
    tolerance, cases = golden("11_ppi")
    for case in cases:
        y, f, fu = (np.array(case["input"][key]) for key in ("y", "f", "fu"))
        expected = case["expected"]
        split = expected["stratified_split"]
        at, beyond = split["y_split"], split["fu_split"]
        strata = [(y[:at], f[:at], fu[:beyond]), (y[at:], f[at:], fu[beyond:])]
        found = {
            "ppi": ppi(y, f, fu),
            "ppi_pp": ppi_plus(y, f, fu),
            "stratified": stratified_ppi(strata, split["weights"]),
        }
        for key, got in found.items():
            near(got.theta, expected[key]["theta"], tolerance)
            near(got.se, expected[key]["se"], tolerance)
            near((got.low, got.high), expected[key]["ci"], tolerance)
            if "lam" in expected[key]:
                near(got.lam, expected[key]["lam"], tolerance)
        near((found["ppi"].low, found["ppi"].high), expected["ppi_py_lam1_ci"], tolerance)
        near((found["ppi_pp"].low, found["ppi_pp"].high), expected["ppi_py_auto_ci"], AUTO)


def test_12_two_phase(golden):
    tolerance, cases = golden("12_two_phase")
    for case in cases:
        i, expected = case["input"], case["expected"]
        q = i["judged_unsafe"] / i["N"]
        found = two_phase(
            [q, 1 - q],
            [i["human_unsafe_in_unsafe"], i["human_unsafe_in_safe"]],
            [i["n_lab_unsafe"], i["n_lab_safe"]],
            judged=i["N"],
        )
        near(found.theta, expected["theta"], tolerance)
        near(found.se, expected["se"], tolerance)
        near(found.wald, expected["ci"], tolerance)
        near((found.low, found.high), expected["mover_jeffreys"], tolerance)


def test_13_allocation(golden):
    tolerance, cases = golden("13_label_allocation")
    for case in cases:
        i, expected = case["input"], case["expected"]
        if "alloc" in expected:
            near(
                neyman(i["w"], i["sd"], i["n"], cost_H=i.get("cost", 1.0)),
                expected["alloc"],
                tolerance,
            )
            continue
        found = budget(
            i["q"], ppv=i["ppv"], false_omission=i["fomr"], half_width=i["half"], judged=i["N"]
        )
        assert (found.n, found.judged_unsafe, found.judged_safe) == (
            expected["n"],
            expected["n_judged_unsafe"],
            expected["n_judged_safe"],
        )


def test_14_agreement(golden):
    tolerance, cases = golden("14_agreement")
    for case in cases:
        i, expected = case["input"], case["expected"]
        if "table" in i:
            table = tuple(map(tuple, i["table"]))
            for measure in (raw, kappa, ac1, mcc):
                near(measure(table), expected[measure.__name__], tolerance)
        else:
            ratings = [[-1 if r is None else int(r) for r in row] for row in i["raters_x_units"]]
            near(krippendorff(ratings).value, expected["alpha_nominal"], tolerance)


def test_30_bias_of_published_rates(golden):
    tolerance, cases = golden("30_judge_bias_published")
    for case in cases:
        true, expected = case["input"]["true_unsafe"], case["expected"]
        rates = {
            language: apparent_rate(true, sensitivity=se, false_positive=fpr)
            for language in ("en", "multi")
            for se, fpr in [case["input"][language]]
        }
        near(rates["en"], expected["en"], tolerance)
        near(rates["multi"], expected["multi"], tolerance)
        assert rates["multi"] - rates["en"] == pytest.approx(
            expected["spurious_gap"], abs=tolerance
        )
