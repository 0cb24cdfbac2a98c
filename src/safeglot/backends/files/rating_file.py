"""ratings.jsonl of a translation set: what was drawn for raters, and what they said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safeglot.backends.files.rundir import read_text, write_text
from safeglot.errors import UsageError

_DO = "Put back the file that was there, or delete it and draw anew with `safeglot ratings sample`"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows, none where there is no file. Raises: UsageError where it is damaged."""
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(read_text(path, _DO).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}:{number}: is damaged ({error}). {_DO}.") from None
        if not isinstance(row, dict):
            raise UsageError(f"{path}:{number}: is damaged (no JSON object). {_DO}.")
        rows.append(row)
    return rows


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows whole or not at all."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
