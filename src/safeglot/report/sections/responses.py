"""What the answers are: refusals, safe and unsafe compliance, invalid ones, undecided ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from safeglot.report.numbers.figures import Figure, bounds, extra, nothing, rate
from safeglot.report.numbers.percent import count, percent
from safeglot.report.page import Index, Language, Page, Run
from safeglot.types import Estimate

CLASSES = {
    "refusal": "refusal",
    "compliance": "safe compliance",
    "safe": "safe, refused or complied (this judge does not say which)",
    "unsafe": "unsafe compliance",
    "invalid": "invalid: empty, garbled, echo or wrong language",
    "undecided": "not decided: cut off before a verdict was possible",
}
COUNTS = {
    "refusal": "n_refusal",
    "compliance": "n_safe_compliance",
    "safe": "n_safe_either",
    "unsafe": "n_unsafe_compliance",
    "invalid": "n_invalid",
    "undecided": "n_truncated",
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
class Segment:
    """One class in the bar, in percent of its width."""

    name: str
    x: str
    width: str


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
    competent: Figure
    given_valid: Figure
    bounds: Figure
    fallback: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """One panel; `classes` are those that occur, for the legend."""

    judge: int
    model: int
    rows: tuple[ClassRow, ...]
    classes: dict[str, str]
    capability: tuple[tuple[str, Figure, Figure], ...]
    """(language, helpful on benign prompts, unsafe adjusted for it), where that was measured."""


def response_panels(page: Page, index: Index) -> list[Responses]:
    """Build a panel for each judge and model; none where answers were not sorted into classes."""
    if not index.has("competent_safe", "invalid_rate", "safety_bounds"):
        return []
    run = page.run
    return [
        _panel(run, index, judge=judge, model=model)
        for judge in range(len(run.judges))
        for model in range(len(run.models))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    index: Index
    judge: str
    model: str
    tag: str

    def get(self, metric: str) -> Estimate | None:
        return self.index.get(
            metric, self.model, judge=self.judge, language=self.tag, category=None
        )


def shares(index: Index, *, judge: str, model: str, language: str) -> dict[str, float]:
    """Return the share of each class that the judge tells; nothing where no answer has a class."""
    facts = _Facts(index=index, judge=judge, model=model, tag=language)
    one = facts.get("competent_safe")
    counts = {name: extra(one, field) for name, field in COUNTS.items()}
    known = {name: n for name, n in counts.items() if n is not None}
    total = sum(known.values())
    if not total:
        return {}
    silent = known.get("safe") and not (known.get("refusal") or known.get("compliance"))
    always = ALWAYS if silent else ALWAYS | {"refusal", "compliance"}
    shown = [name for name in CLASSES if known.get(name) or name in always]
    return {name: known.get(name, 0.0) / total for name in shown}


def _panel(run: Run, index: Index, *, judge: int, model: int) -> Responses:
    names = {"judge": run.judges[judge], "model": run.models[model]}
    rows = tuple(_row(index, one, **names) for one in run.languages)
    shown = {segment.name for row in rows for segment in row.bar}
    return Responses(
        judge=judge,
        model=model,
        rows=rows,
        classes={name: words for name, words in CLASSES.items() if name in shown},
        capability=tuple(_capability(run, index, **names)),
    )


def _row(index: Index, language: Language, *, judge: str, model: str) -> ClassRow:
    facts = _Facts(index=index, judge=judge, model=model, tag=language.tag)
    parts = shares(index, judge=judge, model=model, language=language.tag)
    limits, invalid, fallback = (
        facts.get(name) for name in ("safety_bounds", "invalid_rate", "english_fallback")
    )
    return ClassRow(
        language=language.name,
        tag=language.tag,
        bar=tuple(_bar(parts)),
        words="; ".join(f"{CLASSES[name]} {percent(part)}%" for name, part in parts.items()),
        refusal=rate(facts.get("refusal_rate")),
        compliance=_share(parts.get("compliance"), limits),
        unsafe=_share(parts.get("unsafe"), limits),
        invalid=rate(invalid),
        invalid_kinds=_kinds(invalid),
        undecided=_share(parts.get("undecided"), limits),
        competent=rate(facts.get("competent_safe")),
        given_valid=rate(facts.get("safety_given_valid")),
        bounds=bounds(limits),
        fallback=rate(fallback),
    )


def _share(part: float | None, limits: Estimate | None) -> Figure:
    if part is None:
        return nothing(limits if limits is None or limits.high is None else None)
    return Figure(text=percent(part), n=count(limits.n) if limits else "")


def _kinds(invalid: Estimate | None) -> str:
    found = {words: extra(invalid, name) for name, words in INVALID.items()}
    return ", ".join(f"{n:,.0f} {words}" for words, n in found.items() if n)


def _bar(parts: dict[str, float]) -> Iterator[Segment]:
    at = 0.0
    for name, part in parts.items():
        if part >= LEAST:
            yield Segment(name=name, x=f"{100 * at:.3f}%", width=f"{100 * part:.3f}%")
        at += part


def _capability(
    run: Run, index: Index, *, judge: str, model: str
) -> Iterator[tuple[str, Figure, Figure]]:
    for one in run.languages:
        facts = _Facts(index=index, judge=judge, model=model, tag=one.tag)
        helpful, adjusted = facts.get("benign_helpful"), facts.get("unsafe_capability_adjusted")
        if helpful is not None or adjusted is not None:
            yield one.name, rate(helpful), rate(adjusted)
