"""Rows as SQLite takes them: one that it refuses would take its whole batch along."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from safeglot.keys import json_encoder, translation_key
from safeglot.text.surrogates import has_half, whole
from safeglot.types import Translation

_INT = 2**63

_json = json_encoder(ensure_ascii=False, separators=(",", ":"))


def fit(table: str, row: tuple[Any, ...], required: Collection[int]) -> tuple[Any, ...]:
    """Return a row with halves of surrogate pairs replaced, which JSON can bring and no file holds.

    `required` are the places of the columns that may not be empty. Raises: ValueError.
    """
    changed: list[Any] | None = None
    for i, cell in enumerate(row):
        if isinstance(cell, str):
            if has_half(cell):
                changed = changed or list(row)
                changed[i] = whole(cell)
        elif cell is None:
            if i in required:
                raise ValueError(f"{table}: column {i + 1} is empty")
        elif not isinstance(cell, (int, float)) or not _in_range(cell):
            raise ValueError(f"{table}: column {i + 1} cannot hold {_shown(cell)}")
    return row if changed is None else tuple(changed)


def text_row(t: Translation) -> tuple[Any, ...]:
    """Return a text as a row of the table `translations`."""
    return (
        translation_key(t),
        t.prompt,
        t.language,
        t.text,
        t.translator,
        _json(dict(t.quality)),
        _json(t.checks),
        int(t.kept),
        t.reason,
        t.arm,
        t.variant,
    )


def _in_range(number: float) -> bool:
    return isinstance(number, float) or -_INT <= number < _INT


def _shown(cell: object) -> str:
    kind = type(cell).__name__
    return f"the {kind} {cell!r:.40}" if not isinstance(cell, int) else f"an {kind} beyond 64 bits"
