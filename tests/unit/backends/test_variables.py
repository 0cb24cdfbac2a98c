"""Keys come from the environment, else from ./.env, and enter the environment in neither case."""

from __future__ import annotations

import os

import pytest

from safeglot.backends.variables import variable
from safeglot.errors import UsageError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINE", raising=False)
    return tmp_path


def test_a_variable_of_the_file_is_taken_by_its_name(folder):
    (folder / ".env").write_text("# keys\nexport MINE='the key'\nOTHER=x\n", "utf-8")
    assert variable("MINE") == "the key"
    assert "MINE" not in os.environ


def test_the_environment_goes_before_the_file(folder, monkeypatch):
    (folder / ".env").write_text("MINE=of the file\n", "utf-8")
    monkeypatch.setenv("MINE", " of the environment ")
    assert variable("MINE") == "of the environment"


def test_nothing_is_put_together_from_other_variables(folder, monkeypatch):
    monkeypatch.setenv("SECRET", "other")
    (folder / ".env").write_text("MINE=${SECRET}\n", "utf-8")
    assert variable("MINE") == "${SECRET}"


def test_without_a_file_or_a_name_there_is_nothing():
    assert (variable("MINE"), variable("")) == ("", "")


@pytest.mark.parametrize("content", [b"MINE=\xff\xfe", b"#" * 1_000_001])
def test_a_file_that_cannot_be_read_is_said_without_its_text(folder, content):
    (folder / ".env").write_bytes(content)
    with pytest.raises(UsageError, match=r"^\.env: "):
        variable("MINE")
