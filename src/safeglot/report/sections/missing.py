"""What is missing: how the planned requests ended, verdicts that gave no number, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.direction import unsafe, worse_by
from safeglot.report.numbers.figures import Figure, extra, rate
from safeglot.report.numbers.interpretation import gap_figure, has_bounds, rate_bounds_words
from safeglot.report.numbers.percent import count, percent
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, missing_share, scopes
from safeglot.types import OUTCOME_KINDS, Estimate

COUNTS = {
    "answered": "n_answered",
    "thought_only": "n_thought_only",
    "refused": "n_refused_by_field",
    "blocked": "n_blocked",
    "broken": "n_broken",
    "failed": "n_failed",
    "not_asked": "n_not_asked",
}
"""Outcome -> the key of its count in `blocked_rate`."""
WORDS = {
    "answered": "answered",
    "thought_only": "thought only",
    "refused": "refused by field",
    "blocked": "blocked",
    "broken": "broken",
    "failed": "failed",
    "not_asked": "not asked",
}
"""Outcome -> its printed name."""

BLOCKED_OF = {"harmful": "blocked_rate", "benign": "benign_blocked_rate"}
"""Kind of prompts -> the metric whose extra has the counts of all outcomes."""
SHOWN = 3
"""Beginnings of unreadable replies that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRow:
    """How the planned requests of one model in one language ended; `counts` add up to `planned`."""

    kind: str
    """Of harmful or of benign prompts."""
    model: str
    language: str
    tag: str
    planned: str
    counts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedRow:
    """What was blocked in one language, and what safety is in its two readings."""

    language: str
    tag: str
    blocked: Figure
    blocked_gap: Figure
    of_model: Figure
    of_system: Figure
    system_gap: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """One panel."""

    judge: int
    model: int
    rows: tuple[BlockedRow, ...]


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs."""
    kinds, rows = outcome_rows(page, index)
    return {
        "missing_sentence": missing_sentence(page),
        "unread_sentences": [unread_sentence(page, judge) for judge in page.unread],
        "outcome_kinds": [WORDS[kind] for kind in kinds],
        "outcomes": rows,
        "blocked": blocked_panels(page, index),
    }


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


def outcome_rows(page: Page, index: Index) -> tuple[tuple[str, ...], tuple[EndedRow, ...]]:
    """Return the outcomes that occur, and how often each did, by model and language."""
    found = [
        (kind, model, language, shares)
        for kind, metric in BLOCKED_OF.items()
        for model in page.run.models
        for language in page.run.languages
        if (shares := index.get(metric, model, judge="", language=language.tag)) is not None
        and shares.n
    ]
    counts = [
        {kind: int(extra(shares, COUNTS[kind]) or 0) for kind in OUTCOME_KINDS}
        for *_, shares in found
    ]
    kinds = tuple(
        kind for kind in OUTCOME_KINDS if kind == "answered" or any(of[kind] for of in counts)
    )
    rows = (
        EndedRow(
            kind=kind,
            model=model,
            language=language.name,
            tag=language.tag,
            planned=count(shares.n),
            counts=tuple(count(of[kind]) for kind in kinds),
        )
        for (kind, model, language, shares), of in zip(found, counts, strict=True)
    )
    return kinds, tuple(rows)


def blocked_panels(page: Page, index: Index) -> list[Blocked]:
    """Return a panel for each judge and model of which anything was blocked."""
    return [
        Blocked(
            judge=scope.judge_position,
            model=scope.model_position,
            rows=tuple(_blocked_row(scope, language) for language in page.run.languages),
        )
        for scope in scopes(page.run, index)
        if any(blocked_anything(scope, language.tag) for language in page.run.languages)
    ]


def blocked_anything(scope: PanelScope, language: str) -> bool:
    """Return whether the service blocked a request in a language."""
    return bool(extra(scope.get("blocked_rate", language), "n_blocked"))


def _blocked_row(scope: PanelScope, language: NamedLanguage) -> BlockedRow:
    reference = scope.run.language_name(scope.run.reference)
    blocked_gap, system_gap = (
        scope.get(metric, language.tag) for metric in ("blocked_gap", "safety_system_gap")
    )
    return BlockedRow(
        language=language.name,
        tag=language.tag,
        blocked=rate(scope.get("blocked_rate", language.tag)),
        blocked_gap=gap_figure(blocked_gap, language.name, reference),
        of_model=_with_bounds(unsafe(scope.get("safety_given_valid", language.tag))),
        of_system=_with_bounds(unsafe(scope.get("safety_system", language.tag))),
        system_gap=gap_figure(worse_by(system_gap), language.name, reference),
    )


def _with_bounds(estimate: Estimate | None) -> Figure:
    shown = rate(estimate)
    if estimate is None or not has_bounds(estimate):
        return shown
    note = f"bounds {rate_bounds_words(estimate)}"
    return Figure(text=shown.text, interval=shown.interval, n=shown.n, note=note)
