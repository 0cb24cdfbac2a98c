from __future__ import annotations

import dataclasses
import stat

import pytest

from example.job import begun
from safeglot.backends.files import endpoints as named

ENDPOINT = ("http://10.0.0.7/v1", "MINE")


@pytest.fixture
def about(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    run_dir, _ = begun(tmp_path / "run")
    return run_dir.read_manifest()


def test_the_record_lies_in_the_systems_place(monkeypatch, tmp_path):
    assert named.state_folder({"XDG_STATE_HOME": "/s"}, "linux").as_posix() == "/s/safeglot"
    assert named.state_folder({"LOCALAPPDATA": "/l"}, "win32").as_posix() == "/l/safeglot/State"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert named.state_folder({}, "linux") == tmp_path / ".local" / "state" / "safeglot"
    assert "Application Support" in str(named.state_folder({}, "darwin"))


def test_what_was_named_is_known_for_that_run_only(about):
    named.note(about, [ENDPOINT])
    assert ENDPOINT in named.endpoints(about)
    other = dataclasses.replace(about, created="2020-01-01T00:00:00+00:00")
    assert named.endpoints(other) == set()


def test_it_is_written_once_and_for_the_user_alone(about):
    named.note(about, [ENDPOINT])
    before = named._record().read_bytes()
    named.note(about, [ENDPOINT])
    assert named._record().read_bytes() == before
    assert stat.S_IMODE(named._record().stat().st_mode) == 0o600
    assert stat.S_IMODE(named.state_folder().stat().st_mode) == 0o700


def test_a_line_that_was_cut_off_is_passed_over(about):
    named.note(about, [ENDPOINT])
    with named._record().open("a") as file:
        file.write('[1]\n{"run": "x"\n')
    assert ENDPOINT in named.endpoints(about)


def test_where_nothing_can_be_written_nothing_is_known(about, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    named.note(about, [ENDPOINT])
    assert named.endpoints(about) == set()
