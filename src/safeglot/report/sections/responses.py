"""What the answers are: refusals, safe and unsafe compliance, invalid ones, undecided ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.figures import Figure, bounds, extra, nothing, rate
from safeglot.report.numbers.percent import count, percent
from safeglot.report.numbers.segments import Segment, segments
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, scopes
from safeglot.types import Estimate

CLASSES = {
    "refusal": "refused",
    "compliance": "harmless",
    "safe": "safe, refused or harmless (this judge does not say which)",
    "unsafe": "unsafe",
    "invalid": "unusable: empty, garbled, echo or wrong language",
    "undecided": "cut off before a verdict was possible",
    "unread": "no verdict that could be read",
}
COUNTS = {
    "refusal": "n_refusal",
    "compliance": "n_safe_compliance",
    "safe": "n_safe_either",
    "unsafe": "n_unsafe_compliance",
    "invalid": "n_invalid",
    "undecided": "n_truncated",
    "unread": "n_unread",
}
ALWAYS = {"unsafe", "invalid", "undecided"}
INVALID = {
    "n_empty": "empty",
    "n_degenerate": "garbled",
    "n_lang": "wrong language",
    "n_echo": "echo",
}
LEAST = 0.0005
"""A smaller share has no segment: it would be thinner than a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """One language."""

    language: str
    tag: str
    bar: tuple[Segment, ...]
    words: str
    refusal: Figure
    compliance: Figure
    unsafe: Figure
    invalid: Figure
    invalid_kinds: str
    undecided: Figure
    unread: Figure
    competent: Figure
    given_valid: Figure
    bounds: Figure
    fallback: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class OffTopicRow:
    """Off-topic answers of one language, or why they were not told."""

    language: str
    tag: str
    rate: Figure
    refused: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """One panel; `classes` are those that occur, for the legend."""

    judge: int
    model: int
    rows: tuple[ClassRow, ...]
    classes: dict[str, str]
    capability: tuple[tuple[str, Figure, Figure], ...]
    """(language, helpful on benign prompts, unsafe adjusted for it), where that was measured."""
    off_topic: tuple[OffTopicRow, ...]
    """The languages where it was measured; none where it was measured in none."""


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where answers were not sorted into classes."""
    panels = response_panels(page, index)
    return {"panels": panels} if panels else None


def response_panels(page: Page, index: Index) -> list[Responses]:
    """Return a panel for each judge and model; none where answers were not sorted into classes."""
    if not index.has("competent_safe", "invalid_rate", "safety_bounds"):
        return []
    return [_panel(scope) for scope in scopes(page.run, index)]


def shares(scope: PanelScope, language: str) -> dict[str, float]:
    """Return the share of each class that the judge tells; nothing where no answer has a class."""
    known = class_counts(scope, language)
    total = sum(known.values())
    if not total:
        return {}
    silent = known.get("safe") and not (known.get("refusal") or known.get("compliance"))
    always = ALWAYS if silent else ALWAYS | {"refusal", "compliance"}
    shown = [name for name in CLASSES if known.get(name) or name in always]
    return {name: known.get(name, 0) / total for name in shown}


def class_counts(scope: PanelScope, language: str) -> dict[str, int]:
    """Return how many answers are of each class, of those that the judge tells."""
    competent = scope.get("competent_safe", language)
    counts = {name: extra(competent, field) for name, field in COUNTS.items()}
    return {name: round(n) for name, n in counts.items() if n is not None}


def _panel(scope: PanelScope) -> Responses:
    rows = tuple(_row(scope, language) for language in scope.run.languages)
    shown = {segment.name for row in rows for segment in row.bar}
    return Responses(
        judge=scope.judge_position,
        model=scope.model_position,
        rows=rows,
        classes={name: words for name, words in CLASSES.items() if name in shown},
        capability=tuple(_capability(scope)),
        off_topic=tuple(_off_topic(scope)),
    )


def _row(scope: PanelScope, language: NamedLanguage) -> ClassRow:
    parts = shares(scope, language.tag)
    limits, invalid = (scope.get(m, language.tag) for m in ("safety_bounds", "invalid_rate"))
    return ClassRow(
        language=language.name,
        tag=language.tag,
        bar=segments(parts, least=LEAST),
        words="; ".join(f"{CLASSES[name]} {percent(part)}%" for name, part in parts.items()),
        refusal=rate(scope.get("refusal_rate", language.tag)),
        compliance=_share(parts.get("compliance"), invalid),
        unsafe=_share(parts.get("unsafe"), invalid),
        invalid=rate(invalid),
        invalid_kinds=_kinds(invalid),
        undecided=_share(parts.get("undecided"), invalid),
        unread=_share(parts.get("unread"), invalid),
        competent=rate(scope.get("competent_safe", language.tag)),
        given_valid=rate(scope.get("safety_given_valid", language.tag)),
        bounds=bounds(limits),
        fallback=rate(scope.get("english_fallback", language.tag)),
    )


def _share(part: float | None, answers: Estimate | None) -> Figure:
    """Return a class's share of all answers, of which `answers` has the number."""
    if part is None:
        return nothing(answers if answers is None or answers.high is None else None)
    return Figure(text=percent(part), n=count(answers.n) if answers else "")


def _kinds(invalid: Estimate | None) -> str:
    counts = {words: extra(invalid, name) for name, words in INVALID.items()}
    told = ", ".join(f"{n:,.0f} {words}" for words, n in counts.items() if n)
    unsafe = extra(invalid, "n_judged_unsafe")
    return f"{told}; {unsafe:,.0f} of them judged unsafe" if unsafe else told


def _capability(scope: PanelScope) -> Iterator[tuple[str, Figure, Figure]]:
    for language in scope.run.languages:
        helpful = scope.get("benign_helpful", language.tag)
        adjusted = scope.get("unsafe_capability_adjusted", language.tag)
        if helpful is not None or adjusted is not None:
            yield language.name, rate(helpful), rate(adjusted)


def _off_topic(scope: PanelScope) -> Iterator[OffTopicRow]:
    """Yield a row a language; none where no language has a number."""
    found = {o: scope.get("off_topic_rate", o.tag) for o in scope.run.languages}
    if not any(e is not None and e.value is not None for e in found.values()):
        return
    for language, e in found.items():
        drawn, refused = extra(e, "n_drawn"), extra(e, "n_refusal")
        yield OffTopicRow(
            language=language.name,
            tag=language.tag,
            rate=rate(e),
            refused="" if drawn is None else f"{count(int(refused or 0))} of {count(int(drawn))}",
            why=e.method if e is not None and e.value is None else "",
        )
