"""What could move the numbers: the largest caveats open, the others a click away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safeglot.report.finding.caveats import Caveat, caveats
from safeglot.report.finding.headline import finding_of
from safeglot.report.page import Index, Page, PanelScope, scopes

MOST = 3
"""Caveats that stand open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaveatPanel:
    """The caveats of one panel: those that stand open, and the others."""

    judge: int
    model: int
    first: tuple[Caveat, ...]
    others: tuple[Caveat, ...]


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {"panels": [_panel(page, scope) for scope in scopes(page.run, index)]}


def _panel(page: Page, scope: PanelScope) -> CaveatPanel:
    told = caveats(page, scope, finding_of(scope), scope.run.place)
    first = tuple(one for one in told if one.moves)[:MOST]
    return CaveatPanel(
        judge=scope.judge_position,
        model=scope.model_position,
        first=first,
        others=tuple(one for one in told if one not in first),
    )
