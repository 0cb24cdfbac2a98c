"""A test of guards on a few lines: the conclusion first, a row a language, what was not evaluated."""

from __future__ import annotations

from collections.abc import Sequence

from safeglot.report.guards.finding import GuardCell, GuardFinding, GuardRow, finding_of, is_open
from safeglot.report.numbers.percent import NONE, count, percent
from safeglot.report.page import Index, Page
from safeglot.report.terminal.rows import MARGIN
from safeglot.report.width import cut, cut_within, display_width, padded, wrapped
from safeglot.types import Estimate

LINES, LEAST_ROWS = 14, 3
LEAST_GUARD = 15
"""Columns that a guard's numbers take: recall with its interval, or both rates."""


def guards_brief(page: Page, width: int) -> list[str]:
    """Return the lines above the page and the next command, none wider than the terminal."""
    found = finding_of(page, Index(page.estimates))
    above = [*wrapped(found.headline, width)]
    if found.figures:
        above += wrapped(found.figures, width, MARGIN)
    if found.probes:
        above += wrapped(found.probes, width, MARGIN)
    below = wrapped(found.audit, width, MARGIN)
    if found.unread:
        below += wrapped(found.unread, width, MARGIN)
    most = max(LINES - len(above) - len(below) - 4, LEAST_ROWS)
    table = _table(found, most, width)
    gap = [""] if len(above) + len(table) + len(below) + 3 < LINES else []
    return [*above, "", *table, *gap, *below]


def _table(found: GuardFinding, most: int, width: int) -> list[str]:
    """Return a row a language; as many guards as fit, each with what it finds and its false alarms."""
    rows = sorted(found.rows, key=lambda row: _least(row, found))
    kept = rows if len(rows) <= most else rows[: most - 1]
    names = [row.name for row in kept]
    left = max(display_width(name) for name in names)
    sizes = [count(row.n) for row in kept]
    size = max(1, *map(len, sizes))
    room = width - len(MARGIN) - left - size - 2
    for spans in (True, False):
        columns = [_column(found, kept, g, spans=spans) for g in range(len(found.guards))]
        wide = [max(map(display_width, column)) for column in columns]
        if sum(wide) + 3 * len(wide) <= room:
            break
    fit = [g for g in range(len(wide)) if sum(wide[: g + 1]) + 3 * (g + 1) <= room] or [0]
    heads = [padded(cut_within(found.guards[g], max(wide[g], LEAST_GUARD)), wide[g]) for g in fit]
    lines = [f"{' ' * left}  {padded('n', size, right=True)}   {'   '.join(heads)}"]
    for i in range(len(kept) + 1):
        first = (padded("", left), "") if not i else (padded(names[i - 1], left), sizes[i - 1])
        cells = "   ".join(padded(columns[g][i], wide[g]) for g in fit)
        lines.append(f"{first[0]}  {padded(first[1], size, right=True)}   {cells}".rstrip())
    more = [f"{len(rows) - len(kept)} more languages"] if len(rows) > len(kept) else []
    more += [f"{len(wide) - len(fit)} more guards"] if len(fit) < len(wide) else []
    if more:
        lines.append(", ".join(more))
    return [cut(f"{MARGIN}{line}".rstrip(), width) for line in lines]


def _column(found: GuardFinding, rows: Sequence[GuardRow], g: int, *, spans: bool) -> list[str]:
    """Return the head of a guard's numbers and the numbers, one a row."""
    if not found.is_labelled:
        return ["same, % (chance)", *(_matching(row.cells[g]) for row in rows)]
    found_in = [
        _number(row.cells[g].recall, spans=spans) + (" less" if row.cells[g].finds_less else "")
        for row in rows
    ]
    wide = max(len("found, %"), *map(len, found_in))
    alarms = [padded(_alarms(row.cells[g]), len("alarms"), right=True) for row in rows]
    cells = zip(found_in, alarms, strict=True)
    head = f"{padded('found, %', wide)}  alarms"
    return [head, *(f"{padded(recall, wide)}  {fpr}" for recall, fpr in cells)]


def _number(estimate: Estimate | None, *, spans: bool) -> str:
    if estimate is None or (estimate.value is None and not is_open(estimate)):
        return NONE
    text = "?" if estimate.value is None else percent(estimate.value)
    if not (spans or text == "?") or estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{percent(estimate.low)}, {percent(estimate.high)}]"


def _alarms(cell: GuardCell) -> str:
    return NONE if cell.fpr is None else "?" if is_open(cell.fpr) else percent(cell.fpr.value)


def _matching(cell: GuardCell) -> str:
    match = cell.match
    if match is None or match.value is None:
        return NONE
    expected = match.extra.get("expected")
    chance = percent(expected) if isinstance(expected, float) else NONE
    return f"{percent(match.value)} ({chance})"


def _least(row: GuardRow, found: GuardFinding) -> float:
    """Return by what rows are sorted: the least that any guard finds, of few languages nothing."""
    values = [
        e.value
        for cell in row.cells
        if (e := cell.recall if found.is_labelled else cell.match) and e.value is not None
    ]
    return min(values, default=2.0)
