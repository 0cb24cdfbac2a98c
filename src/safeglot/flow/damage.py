"""What is wrong with the files that a command was given: asked only where it came to a fault."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from safeglot.errors import SafeglotError

_DO = "Put back the files that safeglot wrote, or give another folder."


def damage_in(arguments: Sequence[str]) -> str:
    """Return what is damaged in the runs and translation sets that arguments name; "" for nothing."""
    for folder in dict.fromkeys(_folders(arguments)):
        with contextlib.suppress(OSError):
            if found := _of_folder(folder):
                return f"{found}. {_DO}"
    return ""


_TEXTS = {
    "translations.jsonl": ("id", "language", "outcome", "text", "translator", "reason"),
    "candidates.jsonl": ("prompt", "language", "translator", "text"),
    "ratings.jsonl": ("item", "prompt", "language", "translator", "text"),
}
"""The texts that each row of a translation set's files has, those of ratings where they are there."""
_OBJECTS = ("quality", "faults", "untold", "ratings")


def _folders(arguments: Sequence[str]) -> Iterator[Path]:
    for argument in arguments:
        path = Path(argument)
        with contextlib.suppress(OSError, ValueError):
            if path.is_dir():
                yield path
            elif path.is_file():
                yield path.parent


def _of_folder(folder: Path) -> str:
    from safeglot.backends.store.store import Store

    for name in ("safeglot.db", "replies.db"):
        file = folder / name
        if not file.exists():
            continue
        try:
            with contextlib.closing(Store(file)) as store:
                if found := store.damage():
                    return f"{file}: {found}"
        except SafeglotError as error:
            return str(error)
    return next(_of_rows(folder), "")


def _of_rows(folder: Path) -> Iterator[str]:
    """Yield what in the rows of a translation set is of another type than we write."""
    for name, texts in _TEXTS.items():
        file = folder / name
        if not file.is_file():
            continue
        for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
            if line.strip() and (fault := _of_row(line, texts, partly=name == "ratings.jsonl")):
                yield f"{file}:{number}: {fault}"


def _of_row(line: bytes, texts: Sequence[str], *, partly: bool) -> str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return "is no JSON"
    if not isinstance(row, dict):
        return "is no JSON object"
    for key in texts:
        if not isinstance(row.get(key, "" if partly else None), str):
            return f"{key} is no text"
    for key in _OBJECTS:
        if not isinstance(row.get(key, {}), dict):
            return f"{key} is no object"
    quality = row.get("quality", {}).values()
    return (
        "" if all(type(v) in (int, float) for v in quality) else "quality holds what is no number"
    )
