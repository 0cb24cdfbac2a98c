"""Our own files from somebody else, damaged in many ways: every command says what is wrong, none has a fault."""

from __future__ import annotations

import json
import random
import shutil

import pytest

from e2e.mutations import OF_RUNS, OF_SETS, OK, made_run, made_set, outcome, trial


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("made"))


@pytest.mark.parametrize("n", range(8))
def test_damaged_files_are_told(made, n):
    for k in range(15):
        done, command, code, seen = trial(made, OF_RUNS, random.Random(f"suite/{n}/{k}"))
        assert code in OK, (done, command, seen)


@pytest.fixture(scope="module")
def translated(tmp_path_factory):
    return made_set(tmp_path_factory.mktemp("translated"))


@pytest.mark.parametrize("n", range(4))
def test_a_damaged_translation_set_is_told(translated, n):
    for k in range(15):
        done, command, code, seen = trial(translated, OF_SETS, random.Random(f"sets/{n}/{k}"))
        assert code in OK, (done, command, seen)


@pytest.mark.parametrize(
    ("key", "value"),
    [("adequacy", 7), ("adequacy", 10**30), ("adequacy", True), ("chance", 0), ("raters", -1)],
)
def test_ratings_that_nobody_gives_are_refused(translated, tmp_path, key, value):
    folder = shutil.copytree(translated, tmp_path / "set")
    rows = [json.loads(line) for line in (folder / "ratings.jsonl").read_text("utf-8").splitlines()]
    of_grade = next(iter(rows[0]["ratings"].values()))
    (of_grade if key == "adequacy" else rows[0])[key] = value
    (folder / "ratings.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    code, seen = outcome(["ratings", "show", str(folder)])
    assert code == 2
    assert f"as {key}" in seen
