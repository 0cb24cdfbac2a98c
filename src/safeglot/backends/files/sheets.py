"""Sheets of .xlsx files, as rows of cells: unpacked within bounds before anything reads them."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from safeglot.errors import UsageError

MOST = 1 << 28
"""Bytes of one file, unpacked."""
_BLOCK = 1 << 20


class SheetRows:
    """The rows of one sheet, read anew each time. Raises: UsageError."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name

    def __iter__(self) -> Iterator[Sequence[object]]:
        try:
            yield from _workbook(self._path).get_sheet_by_name(self._name).iter_rows()
        except _faults() as error:
            raise UsageError(_damaged(self._path, error)) from error


def sheet_names(path: Path) -> list[str]:
    """Return the sheets of a file that have rows. Raises: UsageError."""
    book = _workbook(path)
    try:
        return [name for name in book.sheet_names if book.get_sheet_by_name(name).height]
    except _faults() as error:
        raise UsageError(_damaged(path, error)) from error


def _workbook(path: Path) -> Any:
    try:
        import python_calamine
    except ImportError as error:
        raise UsageError(
            f"{path}: Excel files need python-calamine: pip install 'safeglot[xlsx]'"
        ) from error
    try:
        return python_calamine.CalamineWorkbook.from_filelike(_unpacked(path))
    except _faults() as error:
        raise UsageError(_damaged(path, error)) from error


def _faults() -> tuple[type[Exception], ...]:
    import python_calamine

    return (
        python_calamine.CalamineError, zipfile.BadZipFile, zlib.error, OSError, EOFError,
        NotImplementedError, RuntimeError, ValueError,
    )  # fmt: skip


def _damaged(path: Path, error: Exception) -> str:
    return (
        f"{path}: is not an .xlsx file that can be read: {error}. Save it again, or save it as CSV."
    )


def _unpacked(path: Path) -> io.BytesIO:
    """Return the file with its tables as they are when unpacked, of which there are at most so many bytes.

    What reads it then can unpack nothing further, whatever the file says of its own size.
    """
    found = io.BytesIO()
    left = MOST
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(found, "w") as plain:
        for entry in packed.infolist():
            if not entry.filename.endswith((".xml", ".rels")):
                continue  # pictures and the like
            with (
                packed.open(entry) as stream,
                plain.open(entry.filename, "w", force_zip64=True) as out,
            ):
                while block := stream.read(_BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise UsageError(
                            f"{path}: holds more than {MOST:,} bytes when it is unpacked, which no set of prompts "
                            "needs. Save it as CSV."
                        )
                    out.write(block)
    found.seek(0)
    return found
