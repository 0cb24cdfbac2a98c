from __future__ import annotations

import json

import pytest

from example.recorded import recorded
from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir
from safeglot.cli.look import export, list_text, prompts_text, show_text
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.prompts import load


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return RunDir(recorded(tmp_path_factory.mktemp("look") / "runs"))


def test_prompts_are_counted_by_category_and_kind():
    prompts, _ = load(Config(prompts="mini", languages=("en", "de"), kinds=("harmful", "benign")))
    text = prompts_text(prompts)
    n = len(prompts.prompts)
    assert f"{n} prompts x 2 languages (en, de) = {2 * n} texts" in text
    assert f"taxonomy: ALERT, {len(prompts.categories)} of its 32 categories" in text
    first = prompts.categories[0]
    kinds = [p.kind for p in prompts.prompts if first in p.categories]
    (line,) = (line.split() for line in text.splitlines() if line.startswith(f"{first} "))
    assert line[-2:] == [str(kinds.count("harmful")), str(kinds.count("benign"))]


def test_runs_are_listed_with_their_state(run):
    rows = list_text(run.path.parent).splitlines()
    assert rows[0].split()[:2] == ["run", "begun"]
    assert rows[1].endswith("scored")
    assert list_text(run.path / "nothing") == f"{run.path / 'nothing'}: no runs"


def test_a_damaged_run_is_listed_as_such(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "manifest.json").write_text("{")
    assert list_text(tmp_path).splitlines()[-1].endswith("manifest.json is damaged")


def test_results_are_shown_as_they_are_or_refused_where_there_are_none(run, tmp_path):
    with pytest.raises(UsageError):
        show_text(RunDir(tmp_path), Console(quiet=True), as_json=True)
    text = show_text(run, Console(quiet=True), as_json=True)
    assert text == run.results.read_text("utf-8").rstrip("\n")
    assert len(json.loads(text)["estimates"]) > 100


def test_a_folder_without_a_run_is_not_exported(tmp_path):
    with pytest.raises(UsageError):
        next(export(RunDir(tmp_path), "jsonl", tmp_path / "out"))
    assert not (tmp_path / "out").exists()
