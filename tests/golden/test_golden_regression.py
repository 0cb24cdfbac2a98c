"""Golden files 20 and 21: languages on a property, models on their size."""

import numpy as np

from reference.dispersion import beta_binomial, quasi_binomial
from safeglot.score.models.regression import leave_one_out, meta_regression, permuted_slope
from safeglot.score.models.trend import isotonic, paired_models, stratified_kendall, wilcoxon
from safeglot.score.stats.association import kendall, spearman

MONTE_CARLO = 0.01


def near(got, expected, tolerance):
    np.testing.assert_allclose(np.asarray(got, dtype=float), expected, rtol=0, atol=tolerance)


def near_fields(got, expected, tolerance):
    for key, value in expected.items():
        near(getattr(got, key), value, tolerance)


def test_20_language_regression(golden):
    tolerance, cases = golden("20_language_regression")
    for case in cases:
        given, expected = case["input"], case["expected"]
        x = given["x"]
        d, v = np.array(expected["d"]), np.array(expected["v"])
        p, p_en = np.divide(given["unsafe"], given["n"]), given["en_unsafe"] / given["en_n"]
        near(p - p_en, d, tolerance)
        near(p * (1 - p) / given["n"] + p_en * (1 - p_en) / given["en_n"], v, tolerance)

        fit, reml = meta_regression(x, d, v), expected["reml_kh"]
        near_fields(fit, {key: reml[key] for key in ("tau2", "coef", "t", "df", "p")}, tolerance)
        near(fit.se, reml["se_kh"], tolerance)
        near(list(zip(fit.low, fit.high, strict=True)), reml["ci"], tolerance)
        assert reml.keys() == {"tau2", "coef", "se_kh", "t", "df", "p", "ci"}

        near([spearman(x, d).value, spearman(x, d).p], expected["spearman"], tolerance)
        near([kendall(x, d).value, kendall(x, d).p], expected["kendall"], tolerance)
        near(permuted_slope(x, d).p, expected["perm_p"], MONTE_CARLO)
        slopes = leave_one_out(x, d, v, given["lang"])
        assert [name for name, _ in slopes] == given["lang"]
        near([slope for _, slope in slopes], expected["loo_slopes"], tolerance)

        near_fields(
            quasi_binomial(x, given["unsafe"], given["n"]), expected["quasibinomial"], tolerance
        )
        beta, told = beta_binomial(x, given["unsafe"], given["n"]), expected["betabinomial"]
        near(beta.coef, told["coef"], tolerance)
        near(beta.log_m, told["log_M"], tolerance)
        near(beta.loglik, told["loglik"], tolerance)


def test_21_size_trend(golden):
    tolerance, cases = golden("21_size_trend")
    for case in cases:
        given, expected = case["input"], case["expected"]
        size, family = given["size"], given["family"]
        kinds = {"base": given["base"], "inst": given["instruct"]}
        for name, safety in kinds.items():
            got = kendall(size, safety)
            near([got.value, got.p], expected[f"kendall_{name}"], tolerance)
            within = stratified_kendall(size, safety, family)
            stratified = expected[f"strat_{name}"]
            near(
                [within.s, within.variance, within.z, within.p],
                [stratified[key] for key in ("S", "var", "z", "p")],
                tolerance,
            )
        got = spearman(size, given["base"])
        near([got.value, got.p], expected["spearman_base"], tolerance)
        order = np.argsort(size, kind="stable")
        near(isotonic(size, given["base"])[order], expected["isotonic_base_sorted"], tolerance)
        difference = np.subtract(given["instruct"], given["base"])
        pairs = paired_models(difference, family)
        near(wilcoxon(difference), expected["wilcoxon_p"], tolerance)
        near(pairs.wilcoxon_p, expected["wilcoxon_p"], tolerance)
        near(pairs.sign_p, expected["sign_p"], tolerance)
        near(pairs.mean, expected["mean_diff"], tolerance)
