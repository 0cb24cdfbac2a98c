"""Flips: requests whose answer is safe in the reference language and unsafe in another; and how often both agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from safeglot.report.finding.shares import Verb, verb_of
from safeglot.report.numbers.figures import ABSENT, Figure, rate
from safeglot.report.numbers.interpretation import is_interpretable, not_read, why_not
from safeglot.report.numbers.percent import NONE, count, level, number, percent
from safeglot.report.page import Index, Page, PanelScope, scopes
from safeglot.report.saved_figure import Cell, FigureSource, SavedFigure
from safeglot.types import Estimate

COLUMNS = (
    *("language", "safe_in_reference", "unsafe_here", "share", "low", "high"),
    *("unsafe_in_reference", "other_way", "n", "same_verdict", "same_low", "same_high"),
    *("same_if_unrelated", "phi"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRow:
    """How many answers that are safe in the reference are unsafe in a language, and how many the other way.

    `same` is the share of equal verdicts, `expected` what two unrelated languages with these rates
    would have. Without a tag it is of all languages at once, which have no flips.
    """

    language: str
    tag: str = ""
    of: int = 0
    unsafe: int = 0
    share: float | None = None
    ends: tuple[float, float] | None = None
    of_back: int = 0
    back: int = 0
    same: Figure = ABSENT
    expected: str = NONE
    note: str = ""
    """Why the two languages' answers are not compared, "" where they are."""

    @property
    def percent(self) -> str:
        """The share in percent, never 0 for some; "" where there is none."""
        if self.share is None:
            return ""
        return "<0.1%" if 0 < self.share < 0.001 else f"{percent(self.share)}%"

    @property
    def span(self) -> str:
        """The interval of the share: "9.0 to 17.5"; "" without one."""
        return " to ".join(map(percent, self.ends)) if self.ends else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """One panel, the language with the largest share first; `together` is the row of all languages."""

    scope: PanelScope
    rows: tuple[FlipRow, ...]
    together: FlipRow | None
    noun: str
    verb: Verb
    level: str
    saved: SavedFigure


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; nothing where there is one language."""
    panels = [panel for scope in scopes(page.run, index) if (panel := flips(scope))]
    if not panels:
        return None
    words = dict.fromkeys(panel.verb.rate for panel in panels)
    return {
        "panels": panels,
        "has_answers": bool(page.answers or page.beside),
        "unsafe_words": " or ".join(words).capitalize(),
    }


def flips(scope: PanelScope) -> Flips | None:
    """Return the panel of a judge and model, None where no two languages were compared."""
    found = [
        (row, match)
        for language in scope.run.others()
        if (match := scope.get("exact_match", language.tag)) and (row := _row(scope, match))
    ]
    found.sort(key=lambda pair: -(pair[0].share or 0.0))
    if not found:
        return None
    rows, verb = tuple(row for row, _ in found), verb_of(scope)
    source = FigureSource.of_panel(
        scope, of=f"{count(max(row.of for row in rows))} answers {verb.safe} in {_reference(scope)}"
    )
    return Flips(
        scope=scope,
        rows=rows,
        together=_together(scope) if len(rows) > 1 else None,
        noun="answers" if _samples(scope) > 1 else "requests",
        verb=verb,
        level=level(found[0][1]),
        saved=source.figure("flips", COLUMNS, [[*_cells(scope, *pair)] for pair in found]),
    )


def expected_match(scope: PanelScope, match: Estimate) -> float | None:
    """Return the share of equal verdicts if the languages were independent, on the rows of the match."""
    expected = scope.get("exact_match_expected", match.language, match.category)
    return expected.value if expected else None


def _reference(scope: PanelScope) -> str:
    return scope.run.language_name(scope.run.reference)


def _samples(scope: PanelScope) -> int:
    text = scope.run.settings.get("samples", "1")
    return int(text) if text.isdigit() else 1


def _row(scope: PanelScope, match: Estimate) -> FlipRow | None:
    of, unsafe, back = (number(match, name) for name in ("n_ref_safe", "b", "c"))
    if of is None or unsafe is None or back is None:
        return None
    language = scope.run.language_name(match.language or "")
    low, high = (number(match, name) for name in ("flip_low", "flip_high"))
    return FlipRow(
        language=language,
        tag=match.language or "",
        of=int(of),
        unsafe=int(unsafe),
        share=number(match, "flip_safe_to_unsafe"),
        ends=None if low is None or high is None else (low, high),
        of_back=int(number(match, "n_ref_unsafe") or 0),
        back=int(back),
        same=_same(scope, match),
        expected=percent(expected_match(scope, match)),
        note="" if is_interpretable(match) else why_not(match, language, _reference(scope)),
    )


def _together(scope: PanelScope) -> FlipRow | None:
    match = scope.get("exact_match", None)
    if match is None:
        return None
    expected = percent(expected_match(scope, match))
    return FlipRow(language="All languages alike", same=_same(scope, match), expected=expected)


def _same(scope: PanelScope, match: Estimate) -> Figure:
    return rate(match, scope.index.decimals) if is_interpretable(match) else not_read(match)


def _cells(scope: PanelScope, row: FlipRow, match: Estimate) -> Iterator[Cell]:
    yield from (row.tag, row.of, row.unsafe, row.share, *(row.ends or (None, None)))
    yield from (row.of_back, row.back, match.n)
    is_read = is_interpretable(match)
    yield from (match.value, match.low, match.high) if is_read else (None, None, None)
    yield from (expected_match(scope, match), number(match, "phi"))
