from __future__ import annotations

import csv

import pytest
from click.testing import CliRunner

from example.job import answered
from safeglot.cli.tools import arms
from safeglot.errors import UsageError


def call(*arguments):
    return CliRunner().invoke(arms, [str(a) for a in arguments])


@pytest.fixture
def run(tmp_path):
    return answered(tmp_path / "run")[0]


@pytest.mark.parametrize(
    ("flags", "languages", "texts"),
    [
        ((), {"de"}, {"backtranslate"}),
        (("--arm", "reverse"), {"de"}, {"reverse"}),
        (("--arm", "reverse", "--arm", "backtranslate", "--arm", "reverse"), {"de"}, {"reverse", "backtranslate"}),
    ],
)  # fmt: skip
def test_the_answers_to_translate_are_written(run, tmp_path, flags, languages, texts):
    out = tmp_path / "fill.csv"
    done = call(run.path, "--out", out, *flags)
    assert done.exit_code == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["arm"] for row in rows} == texts
    assert {row["language"] for row in rows} == languages
    assert {row["text"] for row in rows} == {""}
    assert done.output.startswith(f"{out}: {len(rows)} answers to translate.")
    assert f"--arm-texts {out}" in done.output


def test_each_arm_is_named_once(run, tmp_path):
    done = call(run.path, "--out", tmp_path / "a.csv", "--arm", "reverse", "--arm", "reverse")
    assert "--arms reverse --arm-texts" in done.output


def test_another_arm_is_refused(run, tmp_path):
    done = call(run.path, "--out", tmp_path / "a.csv", "--arm", "gated")
    assert done.exit_code == 2
    assert "'gated' is not one of 'backtranslate', 'reverse'" in done.output


def test_a_folder_without_a_run_is_told(tmp_path):
    done = call(tmp_path, "--out", tmp_path / "a.csv")
    assert isinstance(done.exception, UsageError)
    assert "no run here" in str(done.exception)
    assert not (tmp_path / "a.csv").exists()


def test_a_configuration_that_names_no_translator_is_told(run, tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("limit = 1\n")
    done = call(run.path, path, "--out", tmp_path / "a.csv")
    assert isinstance(done.exception, UsageError)
    assert "c.toml: names no translator" in str(done.exception)


def test_the_file_of_the_folder_is_not_read_unasked(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "safeglot.toml").write_text("no TOML")
    done = call(run.path, "--out", tmp_path / "a.csv", "--with", "nosuch")
    assert "unknown 'nosuch'" in str(done.exception)
