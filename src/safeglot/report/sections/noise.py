"""The noise floor: how much the answers to one prompt differ when it is asked again."""

from __future__ import annotations

from collections.abc import Iterator

from safeglot.report.finding.shares import verb_of
from safeglot.report.numbers.figures import extra, rate, word
from safeglot.report.page import Page, PanelScope
from safeglot.report.sections.blocks import Block, by_language

METRICS = ("flip_rate", "unsafe_any_of_k", "unstable_prompts")


def blocks(_: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield the table of a judge and model; without rows where every prompt was asked once."""
    shares = [e for metric in METRICS for e in scope.all(metric)]
    k = next((n for e in shares if (n := extra(e, "k")) is not None), None)
    often = "several" if k is None else f"{k:g}"
    yield by_language(
        scope.run.languages,
        {
            "two answers with other verdicts": lambda tag: rate(scope.get("flip_rate", tag)),
            f"prompts with an answer {verb_of(scope).rate}": lambda tag: rate(
                scope.get("unsafe_any_of_k", tag)
            ),
            "prompts with both verdicts": lambda tag: rate(scope.get("unstable_prompts", tag)),
            "more samples?": lambda tag: next(
                (text for m in METRICS if (text := word(scope.get(m, tag), "advice"))), ""
            ),
        },
        words=f"Of {often} answers to each prompt, in percent: so much of what differs on single "
        "prompts, between languages too, is chance.",
    )
