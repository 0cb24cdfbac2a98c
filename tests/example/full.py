"""Estimates beside the basic ones, with known numbers: classes, labels, benign prompts, arms."""

from __future__ import annotations

from dataclasses import replace

from example import small
from example.small import about
from safeglot.score.catalogue.metrics import ASSUMPTIONS


def told(metric, value, half=0.01, *, language="sw", n=600, model=small.MODEL, **extra):
    spread = {} if value is None else {"low": value - half, "high": value + half}
    return about(
        metric=metric, language=language, value=value, n=n, model=model, extra=extra, **spread
    )


def classes(language="sw", *, invalid=0.02, competent=0.85, unsafe=0.1, **flags):
    n = 600
    counts = {
        "n_refusal": n * competent - 60, "n_safe_compliance": 60, "n_safe_either": 0,
        "n_unsafe_compliance": n * unsafe, "n_invalid": n * invalid,
        "n_truncated": n * (1 - competent - unsafe - invalid),
    }  # fmt: skip
    kinds = {"n_empty": 3, "n_degenerate": 9, "n_lang": 0, "n_echo": 0}
    return [
        told("competent_safe", competent, language=language, **counts),
        told("invalid_rate", invalid, language=language, **kinds, **flags),
        told("refusal_rate", competent - 0.1, language=language),
        told("safety_given_valid", 0.8947, language=language),
        about(
            metric="safety_bounds", language=language, value=None, low=competent, high=1 - unsafe,
            level=None, method="Manski bounds", n=n,
        ),
        told("english_fallback", 0.0456, language=language),
        told("truncated", 0.0321, language=language),
    ]  # fmt: skip


def mute(one):
    """Give a gap that may not be interpreted, and any other estimate as it is."""
    if one.metric != "gap":
        return one
    shares = {"invalid_share": 0.12, "invalid_share_reference": 0.01}
    why = {"gap_not_interpretable": "invalid", "missing_share": 0.0, "missing_share_reference": 0.0}
    bounds = {"low_bound": -0.2, "high_bound": 0.04}
    return replace(one, extra={**one.extra, **shares, **why, **bounds})


def over_refusal(language="sw", *, refused=0.1234, handled=0.9):
    return [
        told(
            "over_refusal", refused, 0.04, language=language, n=250, refusal_by="wildguard",
            second_by="refusal-encoder", second_value=refused - 0.02, second_n=248,
        ),
        told("safe_handling", handled, language=language),
        told("youden_j", 0.7766, 0.05, language=language),
        told("harmonic_mean", 0.8881, 0.03, language=language),
        told("dprime", 2.44, 0.3, language=language),
        told("criterion", -0.06, 0.15, language=language),
    ]  # fmt: skip


def labels(language="sw", *, passed=False, model=None):
    gate = {
        "status": "passed" if passed else "screening only", "lcb_sensitivity": 0.69,
        "ucb_false_positive": 0.031, "reason": None if passed else "sensitivity may be low; few",
    }  # fmt: skip
    row = {"language": language, "model": model}
    return [
        told("safety_corrected", 0.8764, 0.0213, n=250, **row, theta=0.1236, q=0.11,
             n_labels_unsafe=100, human_unsafe_in_unsafe=81.5, n_labels_safe=150,
             human_unsafe_in_safe=2, n_unsure=4, n_judged=640, safety_judged=0.89),
        told("gap_corrected", -0.0777, 0.03, n=500, **row),
        told("judge_sensitivity", 0.7912, 0.09, n=96, **row),
        told("judge_specificity", 0.9812, 0.01, n=154, **row),
        told("judge_ppv", 0.815, 0.08, n=100, **row),
        told("judge_false_omission", 0.0133, 0.01, n=150, **row),
        told("judge_agreement", 0.9666, 0.02, n=250, **row),
        told("judge_kappa", 0.6123, 0.1, n=250, **row),
        told("judge_ac1", 0.9456, 0.02, n=250, **row),
        told("judge_mcc", -0.0123, 0.1, n=250, **row),
        told("annotator_alpha", 0.7789, 0.1, n=50, **row),
        replace(told("judge_gate", float(passed), n=250, **row, **gate), low=None, high=None),
    ]  # fmt: skip


def judge_slopes():
    few = "not enough: 12 prompts with labelled answers in two languages (30 are needed), 4 errors (10)"
    extra = {"estimator": "kiwi", "quality_sd": 0.1, "prompts": 140, "errors": 41, "share": 0.08}
    own = told("judge_error_slope", None, n=31, model=None, **extra)
    return [
        told("judge_error_slope", -0.0312, 0.02, n=420, language=None, model=None, **extra),
        told("false_unsafe_slope", -0.0281, 0.02, n=420, language=None, model=None, **extra),
        told("false_safe_slope", -0.0031, 0.01, n=420, language=None, model=None, **extra),
        replace(own, level=None, method=few),
    ]


def arms(language="sw", *, share=0.5):
    def term(name, value, **extra):
        parts = {"share": share, "share_low": 0.31, "share_high": 0.69, "share_reason": None}
        if share is None:
            parts = {"share": None, "share_reason": "total within 3 standard errors of zero"}
        return told(f"unsafe_gap_{name}", value, 0.02, language=language, **parts, **extra)

    curve = [
        told(f"gap_at_quality_{at}", -0.08 + 0.01 * k, 0.02, language=language, n=600 - 50 * k)
        for k, at in enumerate(("0", "0.3", "0.5", "0.6", "0.7", "0.8"))
    ]
    return [
        term("total", 0.0844), term("translation", 0.0422, bound_half=0.0211, human=0.0301,
                                    human_low=0.01, human_high=0.05, human_n=200),
        term("model", 0.0633), term("judge", -0.0211),
        replace(
            told("translator_variance", 0.0004, language=language, var_prompt=0.04,
                 var_translator=0.001, var_residual=0.0123, K=3, I=300, cochran_q=7.5, epsilon=0.82, p=0.0235,
                 dependability=0.83, sign_robust="yes", gap=0.0811, gap_low=0.05, gap_high=0.112),
            low=None, high=None,
        ),
        told("quality_slope", -0.0512, 0.04, language=language, estimator="kiwi",
             unsafe_adjusted=0.0912, q95=0.87, pooled_beta=-0.1234, log_odds=-1.234,
             log_odds_low=-2.5, log_odds_high=0.032, log_odds_n=87),
        replace(
            told("gate_selection", 0.0065, language=language, p_en_all=0.975, p_en_kept=0.9821,
                 p_kept=0.93, gap_wrong=-0.045, gap_paired=-0.0523, drop_rate=0.2222),
            low=None, high=None, method="kept at kiwi >= 0.5",
        ),
        *curve,
    ]  # fmt: skip


def noise(language="sw"):
    extra = {"within": 0.0321, "between": 0.0654, "k": 5, "advice": "more are not worth it"}
    return [
        told("flip_rate", 0.0642, language=language, **extra),
        told("unsafe_any_of_k", 0.1842, language=language, **extra),
        told("unstable_prompts", 0.1432, language=language, **extra),
    ]


def cochran(category, value, p, p_holm, p_bh):
    return about(
        metric="cochran_q", language=None, category=category, value=value, level=None, n=318,
        extra={
            "df": 1, "epsilon": 1.0, "p": p, "p_holm": p_holm, "p_bh": p_bh, "eta2": 0.0432, "n_languages": 2,
        },
    )  # fmt: skip


def shrunk(language, category, value, raw):
    return replace(
        told("safety_shrunk", value, 0.02, language=language, n=320, a=9.1, b=0.4, raw=raw,
             macro="crime"), category=category,
    )  # fmt: skip


def page(*more, change=lambda one: one):
    basic = [change(one) for one in small.estimates()]
    return small.page(estimates=[*basic, *more], assumptions=ASSUMPTIONS)
