"""Reads the worked cases of other people's programs in data/. They are never skipped."""

import json
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture
def golden():
    """Give (tolerance, cases) of a golden file, by its name without .json."""

    def read(name):
        path = DATA / f"{name}.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        assert content["cases"], f"{path} has no cases"
        return content["tolerance_abs"], content["cases"]

    return read
