from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from example.sets import make_set
from safeglot.cli.ratings import ratings
from safeglot.errors import UsageError


@pytest.fixture
def made(tmp_path):
    return make_set(tmp_path / "set", 12, ("es", "yo"))


def call(*arguments):
    return CliRunner().invoke(ratings, [str(a) for a in arguments])


def test_texts_are_drawn_rated_and_shown(made, tmp_path):
    path = tmp_path / "rate.jsonl"
    done = call("sample", made.path, "--texts", 3, "--overlap", 0, "--out", path)
    assert done.exit_code == 0, done.exception
    assert path.with_suffix(".txt").exists()
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    path.write_text("".join(json.dumps(r | {"adequacy": "4"}) + "\n" for r in rows), "utf-8")
    assert call("add", made.path, path).exit_code == 0
    text, markdown = call("show", made.path), call("show", made.path, "--markdown")
    assert text.exit_code == markdown.exit_code == 0
    assert "|" in markdown.output
    assert isinstance(json.loads(call("show", made.path, "--json").output), list | dict)


def test_a_file_is_needed(made):
    assert "Missing option '--out'" in call("sample", made.path).output
    assert "Missing argument 'FILES...'" in call("add", made.path).output


def test_a_folder_without_a_set_is_told(tmp_path):
    done = call("sample", tmp_path, "--out", tmp_path / "x.csv")
    assert isinstance(done.exception, UsageError)
    assert "no translation set here" in str(done.exception)


def test_no_share_above_one(made, tmp_path):
    done = call("sample", made.path, "--overlap", 2, "--out", tmp_path / "x.csv")
    assert isinstance(done.exception, UsageError)
    assert "--overlap: got 2" in str(done.exception)
