"""The folder of scripts beside a page that holds what is too much for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from safeglot.backends.files.links import check_folder
from safeglot.backends.files.rundir import write_text
from safeglot.errors import UsageError

_OURS = re.compile(r"(index|[0-9]+)\.js")


def write_folder(folder: Path, files: Iterable[tuple[str, str]]) -> None:
    """Write the files of a folder, and take away those that an earlier page left. Raises: UsageError, Stopped."""
    check_folder(folder, folder.parent)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: {error.strerror or error}. The answers are written there; move it away, or "
            "give fewer --answers."
        ) from None
    clear_folder(folder, emptied=False)
    for name, text in files:
        write_text(folder / name, text)


def clear_folder(folder: Path, *, emptied: bool = True) -> None:
    """Take away the files of an earlier page, and the folder where nothing else is in it."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in list(folder.iterdir()):
        if _OURS.fullmatch(path.name):
            path.unlink(missing_ok=True)
    if emptied and not any(folder.iterdir()):
        folder.rmdir()
