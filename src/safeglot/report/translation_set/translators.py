"""Candidates by translator and language: how many passed the checks, how many were chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from safeglot.report.page import NamedLanguage
from safeglot.report.translation_set.outcomes import by_frequency
from safeglot.report.translation_set.view import LanguageView, TranslationsView


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesRow:
    """One translator in one language; `first` is set in the first row of a language."""

    language: NamedLanguage
    first: bool
    name: str
    candidates: int
    passed: int
    chosen: int
    refused: str


def context(view: TranslationsView) -> dict[str, Any]:
    """Return what the template needs."""
    return {"translators": [row for o in view.languages for row in _rows(view.translators, o)]}


def _rows(translators: tuple[str, ...], view: LanguageView) -> Iterator[CandidatesRow]:
    for name in translators:
        candidates = view.asked.get(name, 0)
        yield CandidatesRow(
            language=view.language,
            first=name == translators[0],
            name=name,
            candidates=candidates,
            passed=view.passed.get(name, 0),
            chosen=view.chosen.get(name, 0),
            refused=by_frequency(view.refused.get(name, {})) if candidates else "was not asked",
        )
