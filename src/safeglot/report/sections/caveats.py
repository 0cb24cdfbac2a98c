"""What could move the numbers: the largest caveats open, the others a click away."""

from __future__ import annotations

from typing import Any

from safeglot.report.finding.caveats import Caveat, caveats
from safeglot.report.finding.headline import finding_of
from safeglot.report.page import Index, Page, PanelScope, scopes

MOST = 3
"""Caveats that stand open."""


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {"panels": [_panel(page, scope) for scope in scopes(page.run, index)]}


def _panel(page: Page, scope: PanelScope) -> tuple[PanelScope, list[Caveat], list[Caveat]]:
    """Return a panel with the caveats that stand open, and the others."""
    told = caveats(page, scope, finding_of(scope), scope.run.place)
    first = [one for one in told if one.moves][:MOST]
    return scope, first, [one for one in told if one not in first]
