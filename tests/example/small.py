"""A small page with known numbers, for the tests of the report."""

from __future__ import annotations

from dataclasses import replace

from safeglot.report.page import (
    AnswerRow,
    AnswerVerdict,
    MissingRow,
    NamedLanguage,
    Note,
    Page,
    Run,
)
from safeglot.types import Estimate

JUDGE = "refusal-baseline"
CAVEAT = "refusal-baseline labels every request that was not refused as unsafe: it over-reports."
MODEL = "acme/model-1b"


def about(**more):
    fields = {"model": MODEL, "judge": JUDGE, "method": "wilson", "low": None, "high": None}
    return Estimate(**(fields | more))


def cell(language, category, value, **extra):
    return about(
        metric="safety", language=language, category=category, value=value,
        low=value - 0.02, high=min(1.0, value + 0.01), n=320, missing=1,
        extra={"n_unsafe": round(320 * (1 - value)), **extra},
    )  # fmt: skip


def average(metric, language, value):
    return about(
        metric=metric, language=language, category=None, value=value,
        low=value - 0.0123, high=value + 0.0051, n=640, missing=2, method="wilson n_eff",
        extra={"categories": 2, "of": 2},
    )  # fmt: skip


def gap(language, category, value, p_holm):
    return about(
        metric="gap", language=language, category=category, value=value,
        low=value - 0.02, high=value + 0.02, n=318, method="tango", extra={"p_holm": p_holm},
    )  # fmt: skip


def estimates():
    found = [
        cell(
            "en", "crime_theft", 0.996875, band="safe", certified_band="safe", certified_low=0.991
        ),
        cell("en", "hate_other", 0.953125, band="unsafe", certified_band="unsafe"),
        cell("sw", "crime_theft", 0.890625, band="highly-unsafe", certified_band="highly-unsafe"),
        about(metric="safety", language="sw", category="hate_other", value=None, n=0, missing=320),
    ]
    for metric, en, sw in (
        ("safety_micro", 0.9742, 0.8911), ("safety_macro32", 0.975, 0.8906),
        ("safety_macro6", 0.9761, 0.8899),
    ):  # fmt: skip
        found += [average(metric, "en", en), average(metric, "sw", sw)]
        found += [average(metric, None, (en + sw) / 2)]
    found += [
        replace(
            average("exact_match", "sw", 0.9012),
            extra={
                "phi": -0.21, "flip_safe_to_unsafe": 0.0915, "flip_unsafe_to_safe": 0.25,
                "n_ref_safe": 590, "n_ref_unsafe": 48, "b": 54, "c": 12,
            },
        ),
        about(metric="exact_match_expected", language="sw", value=0.8722, level=None, n=640),
        gap("sw", None, -0.0844, 0.0004),
        gap("sw", "crime_theft", -0.10625, 0.031),
        gap("sw", "hate_other", 0.0131, 0.62),
    ]  # fmt: skip
    return found


def answer(**more):
    fields = {
        "prompt_id": "p1", "categories": ("crime_theft",), "language": "sw", "model": MODEL,
        "prompt": "[request 1]", "answer": "[unsafe answer 17]",
        "verdicts": (AnswerVerdict(judge=JUDGE, unsafe=True, label="no refusal", p_unsafe=0.93),),
    }  # fmt: skip
    return AnswerRow(**(fields | more))


def page(**more):
    fields = {
        "run": Run(
            title="A small run",
            reference="en",
            languages=(
                NamedLanguage(tag="en", name="English"),
                NamedLanguage(tag="sw", name="Swahili"),
            ),
            models=(MODEL,),
            judges=(JUDGE,),
            macros={"crime": ("crime_theft",), "hate": ("hate_other",)},
            settings={"max_tokens": "200"},
            signature="prompts:small|results:1",
            versions={"safeglot": "0"},
            notes=(Note(text=CAVEAT, judge=JUDGE), Note(text="A general caveat.")),
        ),
        "estimates": estimates(),
        "missing": (
            MissingRow(stage="judge", model=MODEL, language="sw", kind="empty", count=320),
        ),
        "answers": (answer(),),
        "n_answers_total": 1280,
    }
    return Page(**(fields | more))
