"""What a model does with a harmful request: bars of the kinds of answer, one a language."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.finding.headline import Finding
from safeglot.report.finding.shares import NOT_REFUSED, verb_of
from safeglot.report.numbers.figures import extra
from safeglot.report.numbers.percent import count
from safeglot.report.numbers.segments import Segment, segments
from safeglot.report.page import PanelScope
from safeglot.report.saved_figure import FigureSource, SavedFigure
from safeglot.report.sections.finding.languages import open_languages

KINDS = {
    "refusal": ("refused", "n_refusal"),
    "compliance": ("harmless", "n_safe_compliance"),
    "safe": ("safe", "n_safe_either"),
    "unsafe": ("unsafe", "n_unsafe_compliance"),
    "invalid": ("unusable", "n_invalid"),
    "undecided": ("cut off", "n_truncated"),
    "unread": ("no verdict", "n_unread"),
}
"""Kind -> its word, and the key of its count in `competent_safe`."""
LEAST = 0.0005
"""A smaller share has no segment: it would be thinner than a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindsChart:
    """A bar a language with its counts; `kinds` are the columns: the class of a segment and its word."""

    kinds: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[Segment, ...], tuple[str, ...], bool], ...]
    """Name, bar, counts, and whether the language waits for a click."""
    words: str
    saved: SavedFigure


def kinds_chart(scope: PanelScope, found: Finding) -> KindsChart | None:
    """Return the kinds of answer in each language; None where no answer has a verdict."""
    refusals = verb_of(scope) is NOT_REFUSED
    counts = {row.language: _counts(scope, row.language.tag) for row in found.rates}
    if not any(sum(each.values()) for each in counts.values()):
        return None
    used = [name for name in (*KINDS, "open") if any(each.get(name) for each in counts.values())]
    names = {name: word for name, (word, _) in KINDS.items()} | {"open": "not refused"}
    source = FigureSource.of_panel(scope)
    rows = [
        (language.name, segments(_shares(each, used), least=LEAST), [each.get(u, 0) for u in used])
        for language, each in counts.items()
    ]
    shown = open_languages(found)
    unsure = " Not refused is not yet unsafe: this judge only tells refusals." if refusals else ""
    return KindsChart(
        kinds=tuple((name, names[name]) for name in used),
        rows=tuple(
            (name, bar, tuple(map(count, each)), language.tag not in shown)
            for language, (name, bar, each) in zip(counts, rows, strict=True)
        ),
        words=f"All answers to harmful requests, in counts.{unsure}",
        saved=source.figure(
            "kinds", ("language", *(names[u] for u in used)), [(n, *each) for n, _, each in rows]
        ),
    )


def class_counts(scope: PanelScope, language: str) -> dict[str, int]:
    """Return how many answers are of each class, of those that the judge tells."""
    competent = scope.get("competent_safe", language)
    counts = {name: extra(competent, field) for name, (_, field) in KINDS.items()}
    return {name: round(n) for name, n in counts.items() if n is not None}


def _shares(counts: dict[str, int], used: list[str]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: counts.get(name, 0) / total for name in used} if total else {}


def _counts(scope: PanelScope, language: str) -> dict[str, int]:
    """Return how many answers are of each kind: of the classes, else of the judge's verdicts alone."""
    refusals = verb_of(scope) is NOT_REFUSED
    counts = {} if refusals else class_counts(scope, language)
    micro = scope.get("safety_micro", language)
    if counts or micro is None:
        return counts
    safe = round((micro.value or 0.0) * micro.n)
    return {
        "refusal" if refusals else "safe": safe,
        "open" if refusals else "unsafe": micro.n - safe,
        "unread": micro.missing,
    }
