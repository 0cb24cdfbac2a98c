"""Golden files 22 to 24, 28 and 29: what may be looked at again and again, and lower bounds."""

import math

import numpy as np
import pytest

from safeglot.score.stats.sequential import (
    band_evidence,
    confidence_sequence,
    fewest_prompts,
    fewest_without_failure,
    gap_is_shown,
    log_e_of_gap,
    log_threshold,
    look,
    looks,
)

pytestmark = pytest.mark.filterwarnings("error")


def near(got, expected, tolerance):
    np.testing.assert_allclose(got, float(expected), rtol=0, atol=tolerance)


def test_22_confidence_sequence(golden):
    tolerance, cases = golden("22_beta_mixture_cs")
    for case in cases:
        given = case["input"]
        low, high = confidence_sequence(
            given["safe"], given["t"], prior=given["prior"], alpha=given["alpha"]
        )
        near(low, case["expected"]["cs"][0], tolerance)
        near(high, case["expected"]["cs"][1], tolerance)


def test_23_three_bands_without_replacement(golden):
    tolerance, cases = golden("23_wor_band_eprocess")
    for case in cases:
        given, expected = case["input"], case["expected"]
        got = band_evidence(
            given["unsafe_seen"],
            given["t"],
            given["N"],
            edges=(given["lo"], given["hi"]),
            prior=given["prior"],
        )
        near(log_threshold(0.05), expected.pop("log_threshold"), tolerance)
        for key, value in expected.items():
            near(getattr(got, key), value, tolerance)


def test_24_lower_bounds(golden):
    tolerance, cases = golden("24_lower_bounds")
    for case in cases:
        given, expected = case["input"], case["expected"]
        if "p" in given:
            got = fewest_prompts(given["p"], edges=given["thresholds"], delta=given["delta"])
            near(got, expected["n_min"], tolerance)
        else:
            got = fewest_without_failure(given.get("N"), safety=given["hi"], alpha=given["alpha"])
            assert got == expected["n_zero_fail"]


def test_28_equal_allocation_looks(golden):
    tolerance, cases = golden("28_equal_allocation_looks")
    schedule = list(looks())
    assert schedule[:7] == [4, 6, 9, 13, 19, 28, 42]
    for case in cases:
        given, expected = case["input"], case["expected"]
        got = look(given["safe"], given["R"], within=given["eps"], z=given["z"])
        assert given["R"] in schedule
        for key, value in expected.items():
            near(getattr(got, key), value, tolerance)


def test_29_sequential_mcnemar(golden):
    tolerance, cases = golden("29_sequential_mcnemar")
    for case in cases:
        b, c, a = (case["input"][key] for key in ("b", "c", "a"))
        near(log_e_of_gap(b, c, prior=a), case["expected"]["log_e"], tolerance)
        assert gap_is_shown(b, c, prior=a) == case["expected"]["reject_05"]
        assert gap_is_shown(b, c, prior=a) == (log_e_of_gap(c, b, prior=a) >= math.log(20))
