"""Golden files 06, 08, 09, 25, 26 and 32: what is told of a whole cube."""

import numpy as np
from scipy import stats

from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of
from safeglot.score.safety.bootstrap import bootstrap
from safeglot.score.stats.gaps import mcnemar_midp
from safeglot.score.stats.multiplicity import benjamini_hochberg, holm
from safeglot.score.stats.omnibus import cochran_q
from safeglot.score.stats.power import discordant_share, prompts_needed, smallest_drop
from safeglot.score.stats.samples import resampled
from safeglot.score.stats.shrinkage import fit_beta, shrink


def near(got, expected, tolerance):
    np.testing.assert_allclose(np.asarray(got, dtype=float), expected, rtol=0, atol=tolerance)


def check(got, expected, tolerance):
    assert got.keys() == expected.keys()
    for key, numbers in expected.items():
        near(got[key], numbers, tolerance)


def cube_of(safe_PL, category_P):
    unsafe_LP = 1 - np.array(safe_PL, dtype=np.int8).T
    n_L, n_P = unsafe_LP.shape
    category_P = np.asarray(category_P)
    n_C = int(category_P.max()) + 1
    return Cube(
        unsafe_JMLPS=unsafe_LP[None, None, :, :, None],
        member_PC=category_P[:, None] == np.arange(n_C),
        judges=("judge",),
        models=("model",),
        languages=("en", "de", "fr", "it", "es")[:n_L],
        prompts=tuple(f"p{i}" for i in range(n_P)),
        categories=tuple("abcdef"[:n_C]),
        reference="en",
    )


def test_06_cochran_q(golden):
    tolerance, cases = golden("06_cochran_q")
    for case in cases:
        cube = cube_of(case["input"]["safe"], [0] * len(case["input"]["safe"]))
        test = cochran_q(cube.unsafe_JMLPS[0, 0], frame_of(cube, level=0.95).by_category)
        safe_LP = 1 - cube.unsafe_JMLPS[0, 0, :, :, 0]
        b = [int(((safe_LP[0] == 1) & (other == 0)).sum()) for other in safe_LP[1:]]
        c = [int(((safe_LP[0] == 0) & (other == 1)).sum()) for other in safe_LP[1:]]
        p = mcnemar_midp(b, c)
        got = {
            "Q": test.q_H[0],
            "df": test.languages_H[0] - 1,
            "p": test.p_chi2_H[0],
            "eta2": test.eta2_H[0],
            "midp_vs_en": p,
            "holm": holm(p),
            "bh": benjamini_hochberg(p),
        }
        check(got, case["expected"], tolerance)


def test_06_cochran_q_of_a_cube(golden):
    tolerance, cases = golden("06_cochran_q")
    for case in cases:
        expected = case["expected"]
        told = estimates(cube_of(case["input"]["safe"], [0] * len(case["input"]["safe"])))
        (test,) = [e for e in told if e.metric == "cochran_q"]
        near(test.value, expected["Q"], tolerance)
        near(test.extra["n_languages"] - 1, expected["df"], tolerance)
        near(test.extra["p_chi2"], expected["p"], tolerance)
        near(test.extra["eta2"], expected["eta2"], tolerance)
        cells = [e for e in told if e.metric == "gap" and e.category]
        for key, name in (("midp_vs_en", "p_midp"), ("holm", "p_holm"), ("bh", "p_bh")):
            near([e.extra[name] for e in cells], expected[key], tolerance)


def test_41_cochran_box(golden):
    tolerance, cases = golden("41_cochran_box")
    for case in cases:
        cube = cube_of(case["input"]["safe"], [0] * len(case["input"]["safe"]))
        test = cochran_q(cube.unsafe_JMLPS[0, 0], frame_of(cube, level=0.95).by_category)
        got = {
            "Q": test.q_H[0],
            "p_chi2": test.p_chi2_H[0],
            "epsilon": test.epsilon_H[0],
            "df": test.df_H[0],
            "p": test.p_H[0],
        }
        check(got, case["expected"], tolerance)
        (told,) = [e for e in estimates(cube) if e.metric == "cochran_q"]
        check({"Q": told.value, **{key: told.extra[key] for key in list(got)[1:]}},
              case["expected"], tolerance)  # fmt: skip


def test_08_empirical_bayes(golden):
    tolerance, cases = golden("08_empirical_bayes")
    for case in cases:
        safe, n = np.array(case["input"]["safe"]), np.array(case["input"]["n"])
        prior = fit_beta(safe[None], n[None])
        a, b = float(prior.a_F[0]), float(prior.b_F[0])
        found = shrink(safe, n, a=a, b=b)
        got = {
            "a": a,
            "b": b,
            "mu": a / (a + b),
            "M": a + b,
            "loglik": stats.betabinom.logpmf(safe, n, a, b).sum(),
            "post_mean": found.mean_K,
            "lo": found.low_K,
            "hi": found.high_K,
        }
        check(got, case["expected"], tolerance)


def test_09_cluster_bootstrap(golden):
    tolerance, cases = golden("09_cluster_bootstrap")
    for case in cases:
        given = case["input"]
        columns = [given["ref"], given["other"]]
        cube = cube_of(np.array(given["safe"])[:, columns], given["category"])
        found = bootstrap(frame_of(cube, level=0.95), draws=given["B"], seed=given["seed"])
        spread = found.of("gap", judge=0, model=0, place=0)
        (gap,) = [e for e in estimates(cube) if e.metric == "gap" and e.category is None]
        got = {"point": gap.value, "se": spread.se, "pct": [spread.low, spread.high]}
        check(got, case["expected"], tolerance)


def test_25_smallest_detectable_drop(golden):
    tolerance, cases = golden("25_power_table")
    links = {"unpaired": None, "paired_phi03": 0.3, "paired_phi05": 0.5, "paired_phi07": 0.7}
    for case in cases:
        given = case["input"]
        asked = {"alpha": given["alpha"], "power": given["power"]}
        got = {}
        for name, phi in links.items():
            got[name], seen = smallest_drop(given["p_en"], given["n"], phi=phi, **asked)
            assert seen
        check(got, case["expected"], tolerance)


def test_26_sample_size(golden):
    tolerance, cases = golden("26_sample_size")
    for case in cases:
        p, q, phi = (case["input"][key] for key in ("p1", "p2", "phi"))
        got = {
            "n_paired": prompts_needed(p, q, phi=phi),
            "n_unpaired": prompts_needed(p, q, phi=None),
            "pi_d": discordant_share(p, q, phi=phi),
        }
        check(got, case["expected"], tolerance)


def test_32_several_samples(golden):
    tolerance, cases = golden("32_resampling")
    for case in cases:
        found = resampled(np.array(case["input"]["unsafe"], dtype=np.int8))
        got = {
            "mean": found.mean,
            "se": found.se,
            "within": found.within,
            "between": found.between,
            "any_of_k": found.any_of_k,
            "unstable_prompts": found.unstable_prompts,
            "flip_rate_pairwise": found.flip_rate,
        }
        check(got, case["expected"], tolerance)
