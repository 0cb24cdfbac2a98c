"""Rows as SQLite takes them: one that it refuses would take its whole batch along."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from safeglot.text.surrogates import has_half, whole

_INT = 2**63


def fit(table: str, row: tuple[Any, ...], required: Collection[int]) -> tuple[Any, ...]:
    """Return a row with halves of surrogate pairs replaced, which JSON can bring and no file holds.

    `required` are the places of the columns that may not be empty. Raises: ValueError.
    """
    if _is_plain(row):
        for i in required:
            if row[i] is None:
                raise ValueError(f"{table}: column {i + 1} is empty")
        return row
    changed: list[Any] | None = None
    for i, cell in enumerate(row):
        if isinstance(cell, str):
            if has_half(cell):
                changed = changed or list(row)
                changed[i] = whole(cell)
        elif cell is None:
            if i in required:
                raise ValueError(f"{table}: column {i + 1} is empty")
        elif not isinstance(cell, float) and not (isinstance(cell, int) and -_INT <= cell < _INT):
            raise ValueError(f"{table}: column {i + 1} cannot hold {_shown(cell)}")
    return row if changed is None else tuple(changed)


def _is_plain(row: tuple[Any, ...]) -> bool:
    """Return whether a row surely fits but for empty cells: most do, and each reply brings several."""
    for cell in row:
        kind = type(cell)
        if kind is str:
            if not cell.isascii():
                return False
        elif kind is int:
            if not -_INT <= cell < _INT:
                return False
        elif cell is not None and kind is not float and kind is not bool:
            return False
    return True


def _shown(cell: object) -> str:
    kind = type(cell).__name__
    return f"the {kind} {cell!r:.40}" if not isinstance(cell, int) else f"an {kind} beyond 64 bits"
