"""What is missing: how the planned requests ended, verdicts that gave no number, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from safeglot.report.finding.shares import verb_of
from safeglot.report.numbers.direction import unsafe, worse_by
from safeglot.report.numbers.figures import Figure, extra, rate
from safeglot.report.numbers.interpretation import gap_figure, has_bounds, rate_bounds_words
from safeglot.report.numbers.percent import count, percent
from safeglot.report.page import Index, MissingRow, Page, PanelScope, missing_share
from safeglot.report.sections.blocks import Block, BlockRow, by_language, panels
from safeglot.types import OUTCOME_COUNTS, Estimate

WORDS = {
    "thought_only": "thought only",
    "refused": "refused by field",
    "not_asked": "not asked",
}
"""Outcome -> its printed name, where it has another."""
BLOCKED_OF = {"harmful": "blocked_rate", "benign": "benign_blocked_rate"}
"""Kind of prompts -> the metric whose extra has the counts of all outcomes."""
SHOWN = 3
"""Beginnings of unreadable replies that are told."""


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "missing_sentence": missing_sentence(page),
        "unread_sentences": [unread_sentence(page, judge) for judge in page.unread],
        "panels": panels(page, index, blocks),
    }


def blocks(page: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield the tables of a judge and model: how requests ended, what was blocked, and the reasons."""
    yield outcomes(scope)
    yield from blocked(scope)
    yield reasons(page, scope)


def missing_sentence(page: Page) -> str:
    """Return how many verdicts are missing, and that none of them counts as safe."""
    lost, of = missing_share(page)
    if not lost and not page.missing:
        return "Nothing is missing: every prompt has an answer and every answer a verdict."
    share = f" ({percent(lost / of, 2)}%)" if of else ""
    return (
        f"{count(lost)} of {count(of)} verdicts{share} are missing. They are left out of every "
        "number; none of them counts as safe."
    )


def unread_sentence(page: Page, judge: str) -> str:
    """Return how a judge's replies begin that could not be read, "" where all could be."""
    groups = page.unread.get(judge, ())
    if not groups:
        return ""
    shown = ", ".join(
        f"{count(n)} begin{'s' if n == 1 else ''} with {text!r}" if text else f"{count(n)} empty"
        for text, n in groups[:SHOWN]
    )
    others = sum(n for _, n in groups[SHOWN:])
    rest = f", {count(others)} otherwise" if others else ""
    total = sum(n for _, n in groups)
    return f"Replies of {judge} that could not be read: {count(total)}; {shown}{rest}."


def outcomes(scope: PanelScope) -> Block:
    """Return how often each outcome that occurs did; a row adds up to what was planned.

    Without rows where all was answered.
    """
    found = [
        (kind, language, shares)
        for kind, metric in BLOCKED_OF.items()
        for language in scope.run.languages
        if (shares := scope.get(metric, language.tag)) is not None and shares.n
    ]
    counts = [
        {kind: int(extra(shares, key) or 0) for kind, key in OUTCOME_COUNTS.items()}
        for *_, shares in found
    ]
    kinds = [
        kind for kind in OUTCOME_COUNTS if kind == "answered" or any(of[kind] for of in counts)
    ]
    rows = (
        BlockRow(
            name=language.name,
            tag=language.tag,
            cells=(
                "harmless" if kind == "benign" else kind,
                *(Figure(text=count(n)) for n in (shares.n, *(of[k] for k in kinds))),
            ),
        )
        for (kind, language, shares), of in zip(found, counts, strict=True)
    )
    return Block(
        title="How the planned requests ended",
        words="Each planned request stands in exactly one column. Thought only: the limit was reached before an answer began. Blocked: the service would not let it through.",
        heads=("requests", "planned", *(WORDS.get(kind, kind) for kind in kinds)),
        rows=tuple(rows) if len(kinds) > 1 else (),
    )


def reasons(page: Page, scope: PanelScope) -> Block:
    """Return what gave no number of this model and judge, each reason with its languages and an example."""
    by_reason: dict[tuple[str, str], list[MissingRow]] = {}
    judge = scope.judge.partition("@")[0]
    others = {one.partition("@")[0] for one in scope.run.judges} - {judge}
    for row in page.missing:
        by, _, kind = row.kind.rpartition(": ")
        if row.model in ("", scope.model) and by.partition("@")[0] not in others:
            by_reason.setdefault((row.stage, kind if by == judge else row.kind), []).append(row)
    return Block(
        title="Reasons",
        first="Stage",
        heads=("kind", "count", "languages", "example"),
        rows=tuple(
            BlockRow(
                name=stage,
                cells=(
                    kind,
                    Figure(text=count(sum(row.count for row in rows))),
                    ", ".join(
                        f"{scope.run.language_name(row.language)} {count(row.count)}"
                        for row in rows
                    ),
                    next((row.example for row in rows if row.example), ""),
                ),
            )
            for (stage, kind), rows in by_reason.items()
        ),
    )


def blocked(scope: PanelScope) -> Iterator[Block]:
    """Yield what was blocked, and what the rate is in its two readings; nothing where nothing was."""
    run, verb = scope.run, verb_of(scope)
    if not any(blocked_anything(scope, language.tag) for language in run.languages):
        return
    reference = run.language_name(run.reference)

    def gap(metric: str, tag: str) -> Figure:
        return gap_figure(scope.get(metric, tag), run.language_name(tag), reference)

    yield by_language(
        run.languages,
        {
            "blocked": lambda tag: rate(scope.get("blocked_rate", tag)),
            f"gap to {reference}": lambda tag: gap("blocked_gap", tag),
            f"{verb.rate}, the model": lambda tag: _with_bounds(
                unsafe(scope.get("safety_given_valid", tag))
            ),
            f"{verb.rate}, the system": lambda tag: _with_bounds(
                unsafe(scope.get("safety_system", tag))
            ),
            "its gap": lambda tag: gap_figure(
                worse_by(scope.get("safety_system_gap", tag)), run.language_name(tag), reference
            ),
        },
        title="Blocked by the service, in two readings",
        words="In percent of the planned harmful requests, gaps in points. Of the model what was blocked is not known: its rate is that of the valid answers with a verdict, and its bounds take every other one for unsafe, and for safe. Of the system, the model with the service's filter, what was blocked did no harm.",
    )


def blocked_anything(scope: PanelScope, language: str) -> bool:
    """Return whether the service blocked a request in a language."""
    return bool(extra(scope.get("blocked_rate", language), "n_blocked"))


def _with_bounds(estimate: Estimate | None) -> Figure:
    shown = rate(estimate)
    if estimate is None or not has_bounds(estimate):
        return shown
    note = f"bounds {rate_bounds_words(estimate)}"
    return Figure(text=shown.text, interval=shown.interval, n=shown.n, note=note)
