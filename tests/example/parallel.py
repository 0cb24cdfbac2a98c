"""Parallel requests in ten languages: some of our own, and MultiJail's where it is at hand.

Ours are harmless or mild, in the columns of MultiJail, and were not checked by speakers. MultiJail's
315 ask for harm and stand nowhere in this repository: tests take them as well where the environment
variable SAFEGLOT_MULTIJAIL names the file (github.com/DAMO-NLP-SG/multilingual-safety-for-LLMs).

In a test:  @pytest.mark.parametrize("path", SETS), then read(path).
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

OURS = Path(__file__).parents[1] / "data" / "parallel.csv"
MULTIJAIL = Path(os.environ.get("SAFEGLOT_MULTIJAIL", ""))
LANGUAGES = ("en", "zh", "it", "vi", "ar", "ko", "th", "bn", "sw", "jv")

needs_multijail = pytest.mark.skipif(
    not MULTIJAIL.is_file(), reason="SAFEGLOT_MULTIJAIL names no file: multijail.csv"
)
SETS = [
    pytest.param(OURS, id="ours"),
    pytest.param(MULTIJAIL, id="multijail", marks=needs_multijail),
]


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file in the columns of MultiJail."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
