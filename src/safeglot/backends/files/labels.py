"""Files for annotators: written to be opened in a spreadsheet, and their bytes read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from safeglot.backends.files import label_studio
from safeglot.backends.files.rundir import write_text
from safeglot.errors import UsageError
from safeglot.text.cells import guarded

COLUMNS = ("item", "language", "category", "source", "prompt", "answer", "annotator", "label", "note")  # fmt: skip
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
WRITTEN = (".csv", ".jsonl", ".json")


def check_new(path: Path) -> None:
    """Check that a file for annotators may be written. Raises: UsageError."""
    if path.suffix.lower() not in WRITTEN:
        raise UsageError(f"--out {path}: the name ends in none of {', '.join(WRITTEN)}. Give one of them.")  # fmt: skip
    if path.exists():
        raise UsageError(
            f"--out {path}: is there already and may hold labels; it is not overwritten. "
            "Give another --out, or move it away."
        )
    if not path.parent.is_dir():
        raise UsageError(f"--out {path}: there is no folder {path.parent}. Make it, or give another --out.")  # fmt: skip


def write(
    path: Path,
    rows: Iterable[Mapping[str, str]],
    *,
    columns: Sequence[str] = COLUMNS,
) -> None:
    """Write the rows to label: CSV with a byte order mark, JSON Lines, or as JSON Label Studio's tasks.

    In CSV a cell that a spreadsheet might run has an apostrophe before it.
    """
    if path.suffix.lower() == ".json":
        write_text(path, label_studio.tasks_text(rows, columns))
        return
    if path.suffix.lower() == ".jsonl":
        lines = (json.dumps({c: row[c] for c in columns}, ensure_ascii=False) for row in rows)
        write_text(path, "".join(f"{line}\n" for line in lines))
        return
    write_text(path, csv_text(columns, ([row[c] for c in columns] for row in rows)))


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return rows as CSV that a spreadsheet opens, and of which it runs no cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows(map(guarded, cells) for cells in rows)
    return "\ufeff" + text.getvalue()


def read(path: Path) -> tuple[str, str]:
    """Return the text of a file of labels, and what is wrong with it; "" for nothing."""
    if path.suffix.lower() not in SUFFIXES:
        return "", f"the name ends in none of {', '.join(SUFFIXES)}; save the table as CSV UTF-8"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return "", "no such file"
    except OSError as error:
        return "", f"cannot be read ({error.strerror or error})"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", "is UTF-16; save it as CSV UTF-8"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return "", f"line {line} is not UTF-8; save it as CSV UTF-8"
    if path.suffix.lower() == ".json":
        text = label_studio.rows_text(text)
    return text, "" if text.strip() else "is empty; give the file with the labels filled in"
