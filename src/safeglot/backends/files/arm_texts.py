"""Files with the texts of a run's arms: read, and written for whoever translates."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from safeglot.backends.files.datasets import PACKAGED, Loaded, load_prompts
from safeglot.errors import UsageError
from safeglot.text.cells import guarded
from safeglot.types import HUMAN


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToFill:
    """A row of a file for the translator: an answer, and the text that is to be filled in."""

    arm: str
    id: str
    """Of the prompt."""
    language: str
    model: str
    sample: int
    translator: str = ""
    answer: str
    text: str = ""
    answer_key: str


TO_FILL = tuple(column.name for column in fields(TextToFill))
"""The columns of the file."""


def load(specs: Sequence[str]) -> list[Loaded]:
    """Return the files, read; `human=FILE` declares a file as people's work.

    Raises: UsageError where there is none or it cannot be read.
    """
    names = [spec.removeprefix(f"{HUMAN}=") for spec in specs]
    for name in names:
        if name in PACKAGED:
            raise UsageError(f"--arm-texts {name}: are prompts. Give a file with texts of arms.")
    return [load_prompts(name) for name in names]


def write(path: Path, rows: Iterable[TextToFill]) -> int:
    """Return the number of rows after writing them, as CSV or JSON Lines by the file's name.

    Raises: UsageError where the file is there already, its name is neither, or it cannot be written.
    """
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise UsageError(f"--out {path}: the name must end in .csv or .jsonl.")
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            if path.suffix.lower() == ".jsonl":
                lines = [json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows]
                file.writelines(lines)
                return len(lines)
            writer = csv.DictWriter(file, TO_FILL)
            writer.writeheader()
            tables = [{k: guarded(str(v)) for k, v in asdict(row).items()} for row in rows]
            writer.writerows(tables)
            return len(tables)
    except FileExistsError:
        raise UsageError(
            f"--out {path}: is there already, perhaps with translations. Give another name."
        ) from None
    except OSError as error:
        raise UsageError(
            f"--out {path}: {error.strerror or error}. Give a file that can be written."
        ) from None
