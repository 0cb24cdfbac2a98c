"""Files that are written in their own place: never through a link that somebody has put there."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from safeglot.errors import UsageError

MOST_BYTES = 100_000_000
"""Of a file that is read whole to be shown."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe without a reader is no file, and is not waited for
_DO = "Nothing is read or written through it. Remove it, or put a copy of the file in its place."


def check_own(paths: Iterable[Path]) -> None:
    """Check that what is there under these names are files, and of one name each. Raises: UsageError."""
    for path in paths:
        try:
            about = path.lstat()
        except OSError:  # not there; what cannot be reached is told by whoever opens it
            continue
        if what := _fault(about):
            raise UsageError(f"{path}: {what}. {_DO}")


def check_regular(paths: Iterable[Path]) -> None:
    """Check that what is there under these names can be read as a file. Raises: UsageError."""
    for path in paths:
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(path.stat().st_mode):
                raise UsageError(f"{path}: is no file. Remove it, or put the file in its place.")


def check_folder(folder: Path, holder: Path) -> None:
    """Check that a folder of a run or a set is no link to another place. Raises: UsageError."""
    if folder.is_symlink() and (holder / "manifest.json").exists():
        raise UsageError(
            f"{folder}: is a link out of {holder}. Nothing is written through it. Remove it, or "
            "give another folder."
        )


def text_inside(folder: Path, name: str) -> str | None:
    """Return the text of a file below a folder; None where there is none, or where a link leads to it."""
    path = folder
    for part in name.split("/"):
        path /= part
        if part in ("", ".", "..") or path.is_symlink():
            return None
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _NO_LINK | _NO_WAIT), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
                return None
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None


def _fault(about: os.stat_result) -> str:
    if stat.S_ISLNK(about.st_mode):
        return "is a link"
    if stat.S_ISDIR(about.st_mode):
        return ""  # opening it says so
    if not stat.S_ISREG(about.st_mode):
        return "is no file"
    return "has another name somewhere (a hard link)" if about.st_nlink > 1 else ""


def private_folder(path: Path) -> None:
    """Make a folder, and those above it that are not there, for its user alone. Raises: OSError."""
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)


def appended(path: Path) -> TextIO:
    """Return a file opened to append text to it; it is made where it is not there.

    Raises: UsageError where it is a link or no file; OSError.
    """
    check_own([path])
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_LINK | _NO_WAIT
    return os.fdopen(os.open(path, flags, 0o666), "a", encoding="utf-8")


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a new empty file that takes the path's place at the end, or goes where the body fails.

    A link under that name is replaced, not followed. Raises: OSError.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o666))
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
