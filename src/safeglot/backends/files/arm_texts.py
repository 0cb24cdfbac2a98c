"""Files with the texts of a run's arms: read, and written for whoever translates."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from safeglot.backends.files.datasets import PACKAGED, Loaded, load_prompts
from safeglot.errors import UsageError

TO_FILL = ("arm", "id", "language", "model", "sample", "translator", "answer", "text", "answer_key")
"""Columns of a file for the translator; text, and where known translator, are empty."""


def load(specs: Sequence[str]) -> list[Loaded]:
    """Load the files. Raises: UsageError where there is none or it cannot be read."""
    for spec in specs:
        if spec in PACKAGED:
            raise UsageError(f"--arm-texts {spec}: are prompts. Give a file with texts of arms.")
    return [load_prompts(spec) for spec in specs]


def write(path: Path, rows: Iterable[Mapping[str, object]]) -> int:
    """Write the rows to be filled, as CSV or JSON Lines by the file's name; return their number.

    Raises: UsageError where the file is there already, its name is neither, or it cannot be written.
    """
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise UsageError(f"--out {path}: the name must end in .csv or .jsonl.")
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            if path.suffix.lower() == ".jsonl":
                lines = [json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows]
                file.writelines(lines)
                return len(lines)
            writer = csv.DictWriter(file, TO_FILL)
            writer.writeheader()
            found = list(rows)
            writer.writerows(found)
            return len(found)
    except FileExistsError:
        raise UsageError(
            f"--out {path}: is there already, perhaps with translations. Give another name."
        ) from None
    except OSError as error:
        raise UsageError(
            f"--out {path}: {error.strerror or error}. Give a file that can be written."
        ) from None
