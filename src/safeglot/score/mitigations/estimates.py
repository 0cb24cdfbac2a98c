"""All numbers of mitigations, in their fixed order."""

from __future__ import annotations

from safeglot.score.mitigations.changes import changes
from safeglot.score.mitigations.choice import named, with_frontier
from safeglot.score.mitigations.prices import prices
from safeglot.score.mitigations.table import MitigationTable
from safeglot.types import Estimate


def mitigation_estimates(table: MitigationTable) -> list[Estimate]:
    """Return every change with its p, what a gain costs, and which mitigation is named in a language."""
    rows = changes(table)
    return [*with_frontier(table, rows), *prices(table, rows), *named(table, rows)]
