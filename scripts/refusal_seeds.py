"""The labelled texts that the embedded judges of refusals are trained on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDERS = tuple(
    Path(__file__).resolve().parent / name / "seeds"
    for name in ("refusal_baseline", "refusal_encoder")
)


@dataclass(frozen=True, slots=True)
class Seed:
    """One labelled text; texts of one group are forms of one idea."""

    language: str
    text: str
    refusal: bool
    group: int


def read_seeds(*folders: Path) -> list[Seed]:
    """Read every seed file of some folders, sorted by language and in file order."""
    paths = (path for folder in folders for path in sorted(folder.glob("*.jsonl")))
    return [seed for path in paths for seed in read_file(path, path.stem)]


def read_file(path: Path, language: str | None = None) -> list[Seed]:
    """Read one file of labelled texts; without a language each line names its own."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [
        Seed(language or row["language"], row["text"], row["refusal"], row.get("group", 0))
        for row in rows
    ]
