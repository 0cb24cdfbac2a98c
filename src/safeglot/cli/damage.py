"""What is wrong with the files that a command was given: asked only where it came to a fault."""

from __future__ import annotations

import contextlib
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
            store = Store(file)
        except SafeglotError as error:
            return str(error)
        try:
            if found := store.damage():
                return f"{file}: {found}"
        finally:
            store.close()
    return ""
