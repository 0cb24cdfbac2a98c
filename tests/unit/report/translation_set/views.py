"""A small view of a translation set with known numbers; texts are placeholders."""

from __future__ import annotations

from safeglot.report.page import NamedLanguage
from safeglot.report.translation_set.view import (
    EstimatorView,
    Histogram,
    LanguageView,
    MeanSpread,
    RatedView,
    Statistic,
    TextRow,
    TranslationsView,
)
from safeglot.types import CandidateRow

ENGLISH = NamedLanguage(tag="en", name="English")
KIWI = EstimatorView(name="kiwi", worst=0.0, best=1.0, proxy=False)
CHRF = EstimatorView(
    name="roundtrip-chrf", worst=0.0, best=1.0, proxy=True, uncovered={"yo": "no way back."}
)


def language(tag="sw", name="Swahili", *, kept=70, gated=20, failed=10, **more):
    fields = {
        "language": NamedLanguage(tag=tag, name=name),
        "counts": {"kept": kept, "gated": gated, "failed": failed},
        "gated_by": {"kiwi": gated},
        "failed_by": {"empty": 3, "wrong language": 12, "refusal": 0},
        "asked": {"a": 100}, "passed": {"a": 90}, "chosen": {"a": kept},
        "refused": {"a": {"wrong language": 7, "empty": 3}},
        "quality": {"kiwi": MeanSpread(mean=0.8, sd=0.1, n=kept)},
        "shape": {"kiwi": Histogram(kept=(0, 0, 3, 1), gated=(1, 0, 1, 0), low=0.0, high=1.0)},
        "bounds": {"kiwi": 0.5},
    }  # fmt: skip
    return LanguageView(**(fields | more))


def rated(tag="sw", outcome="kept", **more):
    fields = {
        "language": tag, "outcome": outcome, "drawn": 40, "sd": 0.8,
        "adequacy": Statistic(number=4.2, low=4.0, high=4.4, n=30),
        "preserved": Statistic(number=0.9, low=0.74, high=0.97, n=30),
        "alpha": Statistic(number=None, n=3, why="3 texts rated twice"),
        "correlation": {"kiwi": Statistic(number=0.45, n=30)},
    }  # fmt: skip
    return RatedView(**(fields | more))


def text(**more):
    fields = {
        "prompt_id": "p1", "language": "sw", "kind": "harmful", "categories": ("fraud",),
        "source": "[request 1]", "outcome": "kept", "translator": "a", "reason": "",
        "candidates": (
            CandidateRow(prompt="p1", language="sw", translator="a", text="[ombi 1]", rank=1.0),
        ),
    }  # fmt: skip
    return TextRow(**(fields | more))


def view(**more):
    fields = {
        "title": "Translations: small", "reference": ENGLISH, "languages": (language(),),
        "translators": ("a",), "estimators": (KIWI,), "n_prompts": 100, "digest": "abc123",
        "rows": (text(),), "n_shown": 1,
    }  # fmt: skip
    return TranslationsView(**(fields | more))
