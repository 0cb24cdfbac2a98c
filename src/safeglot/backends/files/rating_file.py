"""ratings.jsonl of a translation set: what was drawn for raters, and what they said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from safeglot.backends.files.rundir import write_text
from safeglot.errors import UsageError

_DO = "Put back the file that was there, or delete it and draw anew with `safeglot ratings sample`"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows, none where there is no file. Raises: UsageError where it is damaged."""
    return list(json_rows(path, _DO)) if path.exists() else []


def json_rows(path: Path, do: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of JSON Lines one by one; `do` says what to do where one is none. Raises: UsageError."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _parsed(line, f"{path}:{number}", do)
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or error
        raise UsageError(f"{path}: cannot be read ({reason}). {do}.") from None


def _parsed(line: bytes, where: str, do: str) -> dict[str, Any]:
    try:
        found = json.loads(line.decode("utf-8"))
        why = "" if isinstance(found, dict) else "no JSON object"
    except (ValueError, RecursionError) as error:
        found, why = {}, str(error)
    if why:
        raise UsageError(f"{where}: is damaged ({why}). {do}.")
    return dict(found)


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows whole or not at all."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
