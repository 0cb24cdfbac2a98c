"""A run in the forms of others: each file is there, and no name of a model leads out of the folder."""

from __future__ import annotations

import importlib.util
import json

import pytest

from e2e.runs import safeglot
from example.recorded import recorded


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("exports"), "recorded")


def test_tables_of_a_paper(run, tmp_path):
    done = safeglot("export", run, "--format", "latex", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["tables.csv", "tables.tex"]
    text = (tmp_path / "out" / "tables.tex").read_text("utf-8")
    assert "vllm/family-c-12b-instruct & " in text


def test_every_eval_ever(run, tmp_path):
    done = safeglot("export", run, "--format", "every-eval-ever", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    results = sorted(tmp_path.glob("data/safeglot/*/*/*.json"))
    assert len(results) == 9
    for path in results:
        about = json.loads(path.read_text("utf-8"))["detailed_evaluation_results"]
        rows = (tmp_path / about["file_path"]).read_text("utf-8").splitlines()
        assert len(rows) == about["total_rows"] > 1000


@pytest.mark.skipif(importlib.util.find_spec("inspect_ai") is not None, reason="installed here")
def test_without_inspect_the_message_says_what_to_install(run, tmp_path):
    done = safeglot("export", run, "--format", "inspect", "--out", tmp_path)
    assert done.returncode == 2
    assert "pip install 'safeglot[inspect]'" in done.stderr
