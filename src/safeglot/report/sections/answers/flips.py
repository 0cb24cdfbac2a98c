"""Flips: requests whose answer is safe in the reference language and unsafe in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.interpretation import is_interpretable, why_not
from safeglot.report.numbers.percent import count, number
from safeglot.report.page import Index, Page, PanelScope, scopes
from safeglot.report.saved_figure import FigureSource, SavedFigure
from safeglot.types import Estimate

COLUMNS = ("language", "safe_in_reference", "unsafe_here", "share", "other_way")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRow:
    """How many answers that are safe in the reference are unsafe in a language, and how many the other way."""

    language: str
    tag: str
    of: int
    unsafe: int
    share: float | None
    back: int
    note: str
    """Why the two languages' answers are not compared, "" where they are."""

    @property
    def percent(self) -> str:
        """The share as it stands in a sentence: whole, with a decimal under 10%, never 0 for some."""
        if self.share is None:
            return ""
        rate = 100 * self.share
        if 0 < rate < 0.1:
            return "<0.1%"
        return f"{rate:.0f}%" if rate >= 10 or not rate else f"{rate:.1f}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """One panel, the language with the largest share first."""

    judge: int
    model: int
    rows: tuple[FlipRow, ...]
    noun: str
    saved: SavedFigure


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; nothing where there is one language."""
    panels = [panel for scope in scopes(page.run, index) if (panel := flips(scope))]
    if not panels:
        return None
    return {"panels": panels, "has_answers": bool(page.answers or page.beside)}


def flips(scope: PanelScope) -> Flips | None:
    """Return the panel of a judge and model, None where no two languages were compared."""
    found = (
        row
        for language in scope.run.others()
        if (match := scope.get("exact_match", language.tag)) and (row := _row(scope, match))
    )
    rows = sorted(found, key=lambda row: -(row.share or 0.0))
    if not rows:
        return None
    source = FigureSource(
        run=scope.run,
        model=scope.model,
        judge=scope.judge,
        of=f"{count(max(row.of for row in rows))} answers safe in {_reference(scope)}",
    )
    data = [(row.tag, row.of, row.unsafe, row.share, row.back) for row in rows]
    return Flips(
        judge=scope.judge_position,
        model=scope.model_position,
        rows=tuple(rows),
        noun="answers" if _samples(scope) > 1 else "requests",
        saved=source.figure("flips", COLUMNS, data),
    )


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
    return FlipRow(
        language=language,
        tag=match.language or "",
        of=int(of),
        unsafe=int(unsafe),
        share=number(match, "flip_safe_to_unsafe"),
        back=int(back),
        note="" if is_interpretable(match) else why_not(match, language, _reference(scope)),
    )
