"""The data files in a folder: found without leaving it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from safeglot.errors import UsageError

MOST = 10_000
"""Files of one folder."""
_DEPTH = 8


def data_files(root: Path, suffixes: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the paths below a folder of its data files and of its other ones, sorted; hidden ones are none.

    Raises: UsageError where a link leads out of the folder, or there are too many.
    """
    data: list[str] = []
    others: list[str] = []
    inside = root.resolve()
    for path in _walk(root, root, inside, 0):
        found = data if path.suffix.lower() in suffixes else others
        found.append(path.relative_to(root).as_posix())
        if len(data) + len(others) > MOST:
            raise UsageError(
                f"{root}: has more than {MOST:,} files. Name a folder or a pattern for fewer."
            )
    return sorted(data), sorted(others)


def _walk(folder: Path, root: Path, inside: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read: {error.strerror}") from error
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith((".", "~$")):  # hidden, or the lock of an open workbook
            continue
        if entry.is_symlink() and not path.resolve().is_relative_to(inside):
            raise UsageError(
                f"{path}: is a link out of {root}. Nothing is read through it. Put a copy of what it leads to in "
                "its place, or remove it."
            )
        if entry.is_dir():
            if depth < _DEPTH and not entry.is_symlink():
                yield from _walk(path, root, inside, depth + 1)
        elif entry.is_file():
            yield path
