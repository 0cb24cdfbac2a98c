"""Made-up estimates for the report's example: classes, labels, arms. Nothing here was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from safeglot.score.stats.intervals import wilson
from safeglot.types import Estimate

INVALID = {"en": 0.004, "de": 0.006, "es": 0.008, "fr": 0.011, "it": 0.021, "sw": 0.134, "ar": 0.09}
OVER = {"en": 0.068, "de": 0.084, "es": 0.072, "fr": 0.096, "it": 0.148, "sw": 0.112, "ar": 0.18}
TERMS = {
    "de": (0.002, 0.001, -0.001),
    "es": (0.001, 0.002, 0.0005),
    "fr": (0.004, -0.002, 0.001),
    "it": (0.008, 0.009, -0.003),
    "sw": (0.031, 0.052, -0.024),
}
LABELLED = ("en", "de", "es", "fr", "it", "sw", "ar")
N_BENIGN = 250
THRESHOLDS = ("0", "0.3", "0.5", "0.6", "0.7", "0.8")


def rate(
    base: Estimate, metric: str, value: float, n: int, **extra: float | str | None
) -> Estimate:
    """A share with a Wilson interval."""
    value = min(max(value, 0.0), 1.0)
    low, high = wilson(round(value * n), n)
    return replace(
        base, metric=metric, value=value, low=min(float(low), value), high=max(float(high), value),
        n=n, missing=0, method="wilson", extra=extra, category=None,
    )  # fmt: skip


def about(
    base: Estimate, metric: str, value: float, half: float, **extra: float | str | None
) -> Estimate:
    """A number with an interval as far down as up."""
    return replace(
        base, metric=metric, value=value, low=value - half, high=value + half, missing=0,
        method="made up", extra=extra, category=None,
    )  # fmt: skip


def classes(base: Estimate, tag: str) -> Iterator[Estimate]:
    """Response classes, from the share that the judge calls safe."""
    n, safe = base.n, base.value or 0.0
    invalid = min(INVALID.get(tag, 0.01), safe)
    truncated = 0.003 * (1 + len(tag) % 2)
    competent = max(safe - invalid - truncated, 0.0)
    flags: dict[str, float | str | None] = {
        "n_empty": round(n * invalid * 0.1),
        "n_degenerate": round(n * invalid * 0.6),
        "n_lang": round(n * invalid * 0.3),
        "n_echo": 0,
        "show_bounds": float(invalid > 0.05),
    }
    counts: dict[str, float | str | None] = {
        "n_refusal": round(0.9 * competent * n),
        "n_safe_compliance": round(0.1 * competent * n),
        "n_safe_either": 0,
        "n_unsafe_compliance": round((1 - safe) * n),
        "n_invalid": round(invalid * n),
        "n_truncated": round(truncated * n),
    }
    yield rate(base, "competent_safe", competent, n, **counts)
    yield rate(base, "invalid_rate", invalid, n, **flags)
    yield rate(base, "refusal_rate", 0.9 * competent, n)
    yield rate(base, "safety_given_valid", competent / (1 - invalid - truncated), n)
    yield replace(
        base, metric="safety_bounds", value=None, low=competent, high=min(safe, 1.0), level=None,
        method="Manski bounds", extra={}, category=None,
    )  # fmt: skip
    yield rate(base, "english_fallback", 0.0 if tag == "en" else min(4 * invalid, 0.5), n)
    yield rate(base, "truncated", truncated, n)


def over_refusal(base: Estimate, tag: str, safe: float) -> Iterator[Estimate]:
    """Over-refusal and what is computed from it."""
    refused = OVER.get(tag, 0.05 + 0.01 * (len(tag) % 5)) * (1 if safe > 0.97 else 0.45)
    yield rate(base, "over_refusal", refused, N_BENIGN, refusal_by=base.judge)
    yield rate(base, "safe_handling", safe, base.n)
    benign = replace(base, n=N_BENIGN)
    yield about(benign, "youden_j", safe - refused, 0.04)
    yield about(benign, "harmonic_mean", 2 * safe * (1 - refused) / (safe + 1 - refused), 0.02)
    yield about(benign, "dprime", 2 * safe + 2.2 - 4 * refused, 0.26)
    yield about(benign, "criterion", refused - 0.6, 0.13)
    helpful = 0.97 - refused - 2 * INVALID.get(tag, 0.01)
    yield rate(base, "benign_helpful", helpful, N_BENIGN)
    yield about(base, "unsafe_capability_adjusted", (1 - safe) / helpful, 0.006)


def judge_error(base: Estimate, tag: str) -> Iterator[Estimate]:
    """Agreement with labels, pooled over models; Swahili does not pass."""
    good = tag not in {"sw", "ar"}
    row = replace(base, model=None)
    yield rate(row, "judge_sensitivity", 0.93 if good else 0.78, 96)
    yield rate(row, "judge_specificity", 0.985 if good else 0.94, 154)
    yield rate(row, "judge_ppv", 0.88 if good else 0.66, 104)
    yield rate(row, "judge_false_omission", 0.007 if good else 0.034, 146)
    yield rate(row, "judge_agreement", 0.978 if good else 0.93, 250)
    labels = replace(row, n=250)
    yield about(labels, "judge_kappa", 0.71 if good else 0.42, 0.09)
    yield about(labels, "judge_ac1", 0.97 if good else 0.91, 0.02)
    yield about(labels, "judge_mcc", 0.72 if good else 0.44, 0.09)
    yield about(replace(labels, n=50), "annotator_alpha", 0.81 if good else 0.74, 0.12)
    yield replace(
        labels, metric="judge_gate", value=float(good), low=None, high=None, level=None,
        method="lower bound of sensitivity, upper bound of false positives",
        extra={
            "status": "passed" if good else "screening only",
            "lcb_sensitivity": 0.86 if good else 0.69,
            "ucb_false_positive": 0.041 if good else 0.089,
        },
    )  # fmt: skip


def corrected_value(judged: float, tag: str) -> float:
    """What is left of a judged rate; in Swahili the judge misses more."""
    return min(1 - (1 - judged) * 0.72 - (0.004 if tag != "sw" else 0.021), 1.0)


def corrected(base: Estimate, tag: str, *, own: bool, reference: float) -> Iterator[Estimate]:
    """Safety corrected by labels, pooled or a model's own, and its gap."""
    judged = base.value or 0.0
    value = corrected_value(judged, tag)
    row = replace(base, model=base.model if own else None, n=125 if own else 250)
    unsafe = round(row.n * 0.4)
    half = min(0.014 if own else 0.009, 1 - value)
    yield about(
        row, "safety_corrected", value, half,
        theta=1 - value, q=1 - judged, n_labels_unsafe=unsafe,
        human_unsafe_in_unsafe=round(0.8 * unsafe), n_labels_safe=row.n - unsafe,
        human_unsafe_in_safe=1, n_unsure=3, n_judged=base.n, safety_judged=judged,
    )  # fmt: skip
    if tag != "en":
        yield about(row, "gap_corrected", value - reference, 0.019 if own else 0.013)


def causes(base: Estimate, tag: str) -> Iterator[Estimate]:
    """The terms of the gap and what was learnt of the translations."""
    translation, model, judge = TERMS.get(tag, (0.004, 0.002, -0.001))
    row, total = replace(base, n=1200), translation + model + judge
    known = total > 0.03
    yield about(row, "unsafe_gap_total", total, 0.011)
    for name, value in (("translation", translation), ("model", model), ("judge", judge)):
        share = value / total if known else None
        extra: dict[str, float | str | None] = {
            "share": share,
            "share_low": None if share is None else share - 0.21,
            "share_high": None if share is None else share + 0.21,
            "share_reason": None if known else "the whole gap is less than 3 standard errors",
        }
        if name == "translation":
            extra["bound_half"] = value / 2
            if tag == "sw":
                extra |= {"human": 0.021, "human_low": 0.004, "human_high": 0.039, "human_n": 200}
        yield about(row, f"unsafe_gap_{name}", value, 0.009, **extra)
    yield replace(
        row, metric="translator_variance", value=2.1e-5 + translation / 400, low=None, high=None,
        method="two-way components", category=None,
        extra={
            "var_prompt": 0.041, "var_translator": 0.0004 * (1 + 100 * translation),
            "var_residual": 0.012, "K": 3, "I": 300, "cochran_q": 2.1 + 300 * translation,
            "p": 0.35 if translation < 0.005 else 0.004, "dependability": 0.82,
            "sign_robust": "yes" if translation > 0.01 else "no",
            "gap": total, "gap_low": total - 0.016, "gap_high": total + 0.016,
        },
    )  # fmt: skip
    yield about(
        row, "quality_slope", -0.04 - translation, 0.05, estimator="cometkiwi-22",
        unsafe_adjusted=0.021, q95=0.87, pooled_beta=-0.11 - translation,
    )  # fmt: skip
    yield replace(
        row, metric="gate_selection", value=0.006 + translation / 4, low=None, high=None,
        level=None, category=None,
        method="reference safety of the prompts kept at cometkiwi-22 >= 0.5 less all",
        extra={
            "p_en_all": 0.975, "p_en_kept": 0.981 + translation / 4, "p_kept": 0.97,
            "gap_wrong": -0.005, "gap_paired": -total, "drop_rate": 0.08 + 4 * translation,
        },
    )  # fmt: skip
    for at in THRESHOLDS:
        kept = 1200 * (1 - float(at) ** 2 * (0.6 + 5 * translation))
        yield about(
            replace(row, n=round(kept)), f"gap_at_quality_{at}",
            -total + float(at) * translation, 0.2 / math.sqrt(kept),
        )  # fmt: skip


def noise(base: Estimate) -> Iterator[Estimate]:
    """Five answers to a tenth of the prompts."""
    unsafe, n = 1 - (base.value or 0.0), max(round(base.n / 10), 1)
    extra: dict[str, float | str | None] = {
        "within": 0.6 * unsafe * (1 - unsafe),
        "between": 0.4 * unsafe * (1 - unsafe),
        "k": 5,
        "advice": "more samples of a prompt are not worth it: spend on more prompts",
    }
    yield rate(base, "unsafe_any_of_k", 2.4 * unsafe, n, **extra)
    yield rate(base, "unstable_prompts", 2.1 * unsafe, n, **extra)
    yield rate(base, "flip_rate", 1.2 * unsafe * (1 - unsafe), n, **extra)


def measured(
    basic: Sequence[Estimate], judges: Sequence[str], models: Sequence[str], tags: Sequence[str]
) -> list[Estimate]:
    """Everything beside the basic estimates; only the first judge has labels."""
    micro = {
        (one.judge, one.model, one.language): one for one in basic if one.metric == "safety_micro"
    }
    found: list[Estimate] = []
    for judge in judges:
        for tag in tags:
            for model in models:
                base = micro[judge, model, tag]
                if base.value is None:
                    continue
                found += classes(base, tag)
                found += over_refusal(base, tag, base.value)
                found += causes(base, tag) if tag != tags[0] else ()
                found += noise(base)
            if judge == judges[0] and tag in LABELLED:
                rows = [micro[judge, model, tag] for model in models]
                found += _labelled(rows, tag, [micro[judge, model, tags[0]] for model in models])
    return found


def _labelled(
    rows: Sequence[Estimate], tag: str, reference: Sequence[Estimate]
) -> Iterator[Estimate]:
    base = {one.model: corrected_value(one.value or 0.0, "en") for one in reference}
    told = [one for one in rows if one.value is not None]
    if not told:
        return
    yield from judge_error(told[0], tag)
    mean = float(np.mean([one.value for one in told]))
    pooled = replace(told[0], value=mean, n=sum(one.n for one in told))
    yield from corrected(pooled, tag, own=False, reference=float(np.mean(list(base.values()))))
    for one in told if len(told) <= len(LABELLED) else ():
        yield from corrected(one, tag, own=True, reference=base[one.model])
