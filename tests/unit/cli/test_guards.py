import pytest

from e2e.commands import exit_code
from example import guarded

GUARD = ("--judge", "llama-guard-3=vllm/g", "--judge-base-url", "http://127.0.0.1:9/v1")


@pytest.fixture
def refused(tmp_path, capsys):
    def call(*arguments, rows=None):
        file = guarded.write(tmp_path / "labelled.csv", rows or guarded.rows(4))
        assert exit_code(["guards", file, "--out", tmp_path / "run", *arguments]) == 2
        assert not (tmp_path / "run").exists()
        return capsys.readouterr().err

    return call


def test_a_guard_has_to_be_named(refused):
    assert "--judge FAMILY=PROVIDER/MODEL" in refused()


def test_words_of_labels_are_explained(refused):
    rows = [{**row, "label": "1"} for row in guarded.rows(4)]
    assert '--read-as "1=unsafe"' in refused(*GUARD, rows=rows)


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert exit_code(["guards", tmp_path / "none.csv", *GUARD]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_dry_run_sends_and_writes_nothing(tmp_path, capsys):
    file = guarded.write(tmp_path / "labelled.csv", guarded.rows(4))
    assert exit_code(["guards", file, "--out", tmp_path / "run", *GUARD, "--dry-run"]) == 0
    assert "dry run: nothing was sent or written" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()
