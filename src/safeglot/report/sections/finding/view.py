"""The first screen of each judge and model: what its template shows."""

from __future__ import annotations

from typing import Any

from safeglot.report.finding.headline import finding_of
from safeglot.report.page import Index, Page, PanelScope, scopes
from safeglot.report.sections.finding.english import english_chart
from safeglot.report.sections.finding.kinds import kinds_chart
from safeglot.report.sections.finding.languages import language_chart
from safeglot.report.sections.finding.waterfall import waterfalls


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template of the first screen needs."""
    return {"panels": [_panel(scope) for scope in scopes(page.run, index)]}


def _panel(scope: PanelScope) -> dict[str, Any]:
    """Return the headline, the chart on the left, and on the right the causes or the kinds of answers."""
    found = finding_of(scope)
    english = english_chart(scope) if found.case == "small run" else None
    falls = None if english else waterfalls(scope, found)
    return {
        "scope": scope,
        "found": found,
        "languages": None if english else language_chart(scope, found),
        "english": english,
        "falls": falls,
        "kinds": None if falls else kinds_chart(scope, found),
    }
