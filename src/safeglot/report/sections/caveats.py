"""What could move the numbers: the largest caveats open, the others a click away."""

from __future__ import annotations

from typing import Any

from safeglot.report.finding.caveats import caveats
from safeglot.report.finding.headline import finding_of
from safeglot.report.page import Index, Page, PanelScope, scopes

MOST = 3
"""Caveats that stand open."""


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {"panels": [_panel(page, scope) for scope in scopes(page.run, index)]}


def _panel(page: Page, scope: PanelScope) -> dict[str, Any]:
    told = caveats(page, scope, finding_of(scope), scope.run.place)
    first = [one for one in told if one.moves][:MOST]
    others = [one for one in told if one not in first]
    position = {"judge": scope.judge_position, "model": scope.model_position}
    return {**position, "first": first, "others": others}
