"""Golden files 01 to 05, 07 and 42: intervals, averages, clusters, matching, pairs, many tests."""

import math

import numpy as np

from reference.averages import macro, macro_of_macros, macro_se, micro
from reference.gaps import agresti_min, difference_se, mcnemar_exact, wald
from reference.intervals import clopper_pearson, normal_interval
from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.stats.consistency import all_languages, complete_cases, pairs
from safeglot.score.stats.gaps import mcnemar_chi2, mcnemar_midp, tango
from safeglot.score.stats.intervals import clustered_mean, jeffreys, wilson
from safeglot.score.stats.multiplicity import benjamini_hochberg, e_bh, holm


def near(got, expected, tolerance):
    np.testing.assert_allclose(np.asarray(got, dtype=float), expected, rtol=0, atol=tolerance)


def test_01_proportion_intervals(golden):
    tolerance, cases = golden("01_proportion_intervals")
    for case in cases:
        safe, n, level = (case["input"][key] for key in ("safe", "n", "conf"))
        got = {
            "p": safe / n,
            "wilson": wilson(safe, n, level=level),
            "clopper_pearson": clopper_pearson(safe, n, level=level),
            "jeffreys": jeffreys(safe, n, level=level),
        }
        assert got.keys() == case["expected"].keys()
        for key, expected in case["expected"].items():
            near(got[key], expected, tolerance)


def test_02_averages(golden):
    tolerance, cases = golden("02_scores_micro_macro")
    for case in cases:
        safe, n, macros = (case["input"][key] for key in ("safe", "n", "macro"))
        mean, se = macro(safe, n), macro_se(safe, n)
        per_macro = {
            name: macro(
                *zip(
                    *(r[:2] for r in zip(safe, n, macros, strict=True) if r[2] == name), strict=True
                )
            )
            for name in macros
        }
        got = {
            "micro": micro(safe, n),
            "macro_cat": mean,
            "macro_cat_se": se,
            "macro_cat_ci": normal_interval(mean, se),
            "macro_six": macro_of_macros(safe, n, macros),
        }
        assert per_macro.keys() == case["expected"]["per_macro"].keys()
        for name, expected in case["expected"].pop("per_macro").items():
            near(per_macro[name], expected, tolerance)
        assert got.keys() == case["expected"].keys()
        for key, expected in case["expected"].items():
            near(got[key], expected, tolerance)


def test_02_averages_of_a_cube(golden):
    """The routine behind the product's averages gives the same numbers, from single verdicts."""
    tolerance, cases = golden("02_scores_micro_macro")
    for case in cases:
        table, expected = case["input"], case["expected"]
        told = {e.metric: e for e in estimates(cube_of_counts(table)) if e.category is None}
        near(told["safety_micro"].value, expected["micro"], tolerance)
        near(told["safety_macro"].value, expected["macro_cat"], tolerance)
        near(told["safety_macro"].extra["se"], expected["macro_cat_se"], tolerance)
        near(told["safety_macro_of_macros"].value, expected["macro_six"], tolerance)


def cube_of_counts(table):
    verdicts = np.concatenate(
        [np.arange(n) >= safe for safe, n in zip(table["safe"], table["n"], strict=True)]
    ).astype(np.int8)
    category = np.repeat(np.arange(len(table["n"])), table["n"])
    return Cube(
        unsafe_JMLPS=verdicts.reshape(1, 1, 1, -1, 1),
        member_PC=category[:, None] == np.arange(len(table["n"])),
        judges=("judge",),
        models=("model",),
        languages=("en",),
        prompts=tuple(f"p{i}" for i in range(len(verdicts))),
        categories=tuple(table["categories"]),
        macro_C=tuple(table["macro"]),
        reference="en",
    )


def test_03_clustered_mean(golden):
    tolerance, cases = golden("03_clustered_mean")
    for case in cases:
        mean = clustered_mean(case["input"]["y"], case["input"]["cluster"])
        got = {
            "mean": mean.mean,
            "se_iid": mean.se_iid,
            "se_clustered_cr0": mean.se,
            "se_clustered_cr1": mean.se_small,
            "se_statsmodels_cr1": mean.se_small,
            "deff": mean.deff,
            "G": mean.clusters,
            "n": mean.n,
        }
        assert got.keys() == case["expected"].keys()
        for key, expected in case["expected"].items():
            near(got[key], expected, tolerance)


def test_04_consistency(golden):
    tolerance, cases = golden("04_consistency")
    for case in cases:
        safe = np.array(
            [[math.nan if v is None else v for v in row] for row in case["input"]["safe"]]
        )
        unsafe_LP = np.where(np.isnan(safe), -1, 1 - safe).astype(np.int8).T
        complete_LN, whole = complete_cases(unsafe_LP), all_languages(unsafe_LP)
        table = [pairs(complete_LN[0], other_N) for other_N in complete_LN]
        got = {
            "match_ref": [pairs(unsafe_LP[0], other_P).match for other_P in unsafe_LP],
            "match_ref_expected_indep": [t.expected for t in table],
            "flip_safe_to_unsafe": [t.flip_safe_to_unsafe for t in table],
            "flip_unsafe_to_safe": [t.flip_unsafe_to_safe for t in table],
            "n_complete": whole.n,
            "match_all": whole.match,
            "match_all_expected_indep": whole.expected,
            "all_safe": whole.all_safe / whole.n,
            "all_unsafe": whole.all_unsafe / whole.n,
            "any_unsafe": 1 - whole.all_safe / whole.n,
        }
        assert got.keys() == case["expected"].keys()
        for key, expected in case["expected"].items():
            near(got[key], expected, tolerance)


def test_42_pairwise(golden):
    tolerance, cases = golden("42_pairwise")
    for case in cases:
        verdicts = [[-1 if v is None else 1 - v for v in row] for row in case["input"]["safe"]]
        unsafe_LP = np.array(verdicts, dtype=np.int8).T
        counts = [pairs(unsafe_LP[0], other_P) for other_P in unsafe_LP]
        assert len(counts) == len(case["expected"])
        for got, expected in zip(counts, case["expected"], strict=True):
            for key, value in expected.items():
                near(getattr(got, key), value, tolerance)


def test_42_pairwise_of_a_cube(golden):
    tolerance, cases = golden("42_pairwise")
    for case in cases:
        n_L = len(case["expected"])
        languages = ("en", "de", "fr", "it", "es")[:n_L]
        told = estimates(cube_of_languages({"safe": case["input"]["safe"], "languages": languages}))
        match, chance = (
            {e.language: e for e in told if e.metric == metric}
            for metric in ("exact_match", "exact_match_expected")
        )
        for language, expected in zip(languages[1:], case["expected"][1:], strict=True):
            row, independent = match[language], chance[language]
            got = {"n": row.n, "match": row.value, "expected": independent.value} | {
                key: row.extra[key] for key in ("flip_safe_to_unsafe", "flip_unsafe_to_safe", "phi")
            }
            assert got.keys() == expected.keys()
            assert independent.n == row.n
            for key, value in expected.items():
                near(got[key], value, tolerance)


def test_04_consistency_of_a_cube(golden):
    tolerance, cases = golden("04_consistency")
    for case in cases:
        expected = case["expected"]
        told = estimates(cube_of_languages(case["input"]))
        match = [e for e in told if e.metric == "exact_match"]
        chance = [e for e in told if e.metric == "exact_match_expected"]
        near(
            [e.value for e in match], [*expected["match_ref"][1:], expected["match_all"]], tolerance
        )
        near(chance[-1].value, expected["match_all_expected_indep"], tolerance)
        assert match[-1].n == expected["n_complete"]


def cube_of_languages(table):
    verdicts = [[-1 if v is None else 1 - int(v) for v in row] for row in table["safe"]]
    unsafe_LP = np.array(verdicts, dtype=np.int8).T
    return Cube(
        unsafe_JMLPS=unsafe_LP[None, None, :, :, None],
        member_PC=np.ones((unsafe_LP.shape[1], 1), dtype=bool),
        judges=("judge",),
        models=("model",),
        languages=tuple(table["languages"]),
        prompts=tuple(f"p{i}" for i in range(unsafe_LP.shape[1])),
        categories=("all",),
        reference="en",
    )


def test_05_mcnemar_and_paired_difference(golden):
    tolerance, cases = golden("05_mcnemar_paired_diff")
    for case in cases:
        b, c, n = (
            case["input"][k] for k in ("b_ref_safe_other_unsafe", "c_ref_unsafe_other_safe", "n")
        )
        chi2, chi2_p = mcnemar_chi2(b, c)
        got = {
            "mcnemar": {
                "exact": mcnemar_exact(b, c),
                "midp": mcnemar_midp(b, c),
                "chi2": chi2,
                "chi2_p": chi2_p,
            },
            "diff": {
                "delta": (c - b) / n,
                "se": difference_se(b, c, n),
                "wald": wald(b, c, n),
                "agresti_min": agresti_min(b, c, n),
                "tango": tango(b, c, n),
            },
        }
        for part, expected in case["expected"].items():
            assert got[part].keys() == expected.keys()
            for key, numbers in expected.items():
                near(got[part][key], numbers, tolerance)


def test_05_example_of_the_source():
    """Fagerland, Lydersen and Laake: n12 = 1, n21 = 7, N = 21 gives (-0.517, -0.026)."""
    near(tango(7, 1, 21), [-0.517, -0.026], 5e-4)


def test_07_multiplicity(golden):
    tolerance, cases = golden("07_multiplicity")
    seen = set()
    for case in cases:
        given = case["input"]
        got = (
            {"holm": holm(given["p"]), "bh": benjamini_hochberg(given["p"])}
            if "p" in given
            else {"ebh_reject": e_bh(given["e"], alpha=given["alpha"])}
        )
        assert got.keys() == case["expected"].keys()
        seen |= got.keys()
        for key, expected in case["expected"].items():
            near(got[key], expected, tolerance)
    assert seen == {"holm", "bh", "ebh_reject"}
