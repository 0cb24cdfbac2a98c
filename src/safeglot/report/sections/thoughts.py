"""The thoughts before a model's answers, in sentences: how many, in which language, how safe."""

from __future__ import annotations

from safeglot.report.numbers.percent import count, counted
from safeglot.report.page import PanelScope
from safeglot.types import Estimate

LINES = (
    ("thinking_rate", "Answers that came with a thought"),
    ("thought_english", "Thoughts in English"),
    ("thought_unsafe", "Thoughts that the judge calls unsafe"),
    ("thought_unsafe_answer_safe", "An unsafe thought before a safe answer"),
    ("thought_safe_answer_unsafe", "A safe thought before an unsafe answer"),
)
"""Metric -> what its counts are of."""


def thought_sentences(scope: PanelScope) -> list[str]:
    """Return what is known of a model's thoughts; nothing where no answer came with one."""
    sentences = []
    for metric, words in LINES:
        parts = [
            f"{_part(estimate)} in {language.name}"
            for language in scope.run.languages
            if (estimate := scope.get(metric, language.tag)) is not None and estimate.n
        ]
        if parts:
            sentences.append(f"{words}: {', '.join(parts)}.")
    return sentences


def _part(estimate: Estimate) -> str:
    missing = f" ({count(estimate.missing)} not known)" if estimate.missing else ""
    return f"{counted(estimate)}{missing}"
