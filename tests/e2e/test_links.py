"""A run directory with links in it: nothing is written through them, by no command."""

from __future__ import annotations

import os
import shutil
import stat

import pytest

from copies import copied
from e2e.runs import run_arguments, safeglot, write_prompts
from loopback import Loopback

MINE = b"a file of the user\n"
WRITTEN = ("run.toml", "manifest.json", "results.json", "report.html", "log.jsonl", ".lock",
           "safeglot.db", "safeglot.db-wal", "safeglot.db-shm", "safeglot.db-journal",
           "to-label.csv", "to-label.txt", "export/answers.csv", "export/estimates.csv")  # fmt: skip
COMMANDS = (
    ("judge", "RUN"),
    ("judge", "RUN", "--repeat", "1"),
    ("score", "RUN"),
    ("report", "RUN"),
    ("show", "RUN"),
    ("export", "RUN"),
    ("export", "RUN", "--format", "jsonl"),
    ("export", "RUN", "--format", "parquet"),
    ("annotate", "sample", "RUN", "--labels", "2"),
    ("annotate", "status", "RUN"),
    ("run", "RUN/run.toml"),
    ("run", "RUN/run.toml", "--retry-failed"),
    ("compare", "RUN"),
    ("ls", "RUN"),
)


@pytest.fixture(scope="module")
def server():
    with Loopback() as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory, server):
    folder = tmp_path_factory.mktemp("links")
    prompts = write_prompts(folder / "p.jsonl", 3, ("c",), ("en", "de"))
    out = folder / "runs" / "run"
    done = safeglot(*run_arguments(server.base_url, out, prompts, bootstrap=0))
    assert done.returncode == 0, done.stderr
    return out


def test_a_run_is_for_its_user_alone(made):
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


@pytest.fixture
def run(made, tmp_path):
    copied(made, tmp_path / "run")
    (tmp_path / "run" / "export").mkdir()
    return tmp_path / "run"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("make", [os.symlink, os.link], ids=["soft", "hard"])
def test_no_command_writes_through_a_link(run, tmp_path, command, make):
    others = {}
    for name in WRITTEN:
        path, other = run / name, tmp_path / "others" / name.replace("/", "-")
        other.parent.mkdir(exist_ok=True)
        there = path.exists()
        if there:
            shutil.move(path, other)
        elif make is os.symlink and name.endswith(("csv", "txt", "lock", "-wal")):
            pass  # a link to what is not there yet
        else:
            other.write_bytes(MINE)
        if there or other.exists() or make is os.symlink:
            make(other, path)
        others[other] = other.read_bytes() if other.exists() else None
    done = safeglot(*(part.replace("RUN", str(run)) for part in command))
    assert done.returncode in (0, 2), (done.stdout, done.stderr)
    for other, before in others.items():
        assert (other.read_bytes() if other.exists() else None) == before, other


@pytest.mark.parametrize("name", WRITTEN)
def test_no_command_writes_through_a_single_link(run, tmp_path, name):
    """One link at a time: the others would be met first."""
    path, other = run / name, tmp_path / "other"
    if path.exists():
        shutil.move(path, other)
    else:
        other.write_bytes(MINE)
    before = other.read_bytes()
    for command in COMMANDS[3:11]:
        path.unlink(missing_ok=True)
        path.symlink_to(other)
        done = safeglot(*(part.replace("RUN", str(run)) for part in command))
        assert done.returncode in (0, 2), (command, done.stdout, done.stderr)
        assert other.read_bytes() == before, command


def test_a_folder_in_a_run_that_is_a_link_is_not_written_into(run, tmp_path):
    (run / "export").rmdir()
    (tmp_path / "place").mkdir()
    (run / "export").symlink_to(tmp_path / "place")
    for arguments in ((), ("--out", run / "export")):
        done = safeglot("export", run, *arguments)
        assert done.returncode == 2
        assert "is a link out of" in done.stderr
    assert list((tmp_path / "place").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["manifest.json", "run.toml", "results.json", "log.jsonl", ".lock"]
)
def test_nobody_waits_for_a_pipe(run, name):
    (run / name).unlink(missing_ok=True)
    os.mkfifo(run / name)
    for command in (("judge", run), ("score", run), ("show", run), ("run", run / "run.toml")):
        done = safeglot(*command)
        assert done.returncode in (0, 2), (command, done.stderr)


def test_a_run_behind_a_link_of_the_user_is_a_run(run, tmp_path):
    (tmp_path / "latest").symlink_to(run)
    for command in ("score", "report", "show", "export"):
        done = safeglot(command, tmp_path / "latest")
        assert done.returncode == 0, done.stderr
