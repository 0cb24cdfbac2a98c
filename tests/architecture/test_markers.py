"""The markers of long tests, and the table of what they are about."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "touched_markers.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("touched_markers", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_markers_stand_alike_in_settings_makefile_and_table(script):
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    declared = [m.partition(":")[0] for m in settings["tool"]["pytest"]["ini_options"]["markers"]]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    all_of_them = re.search(r"^LONG += (.+)$", makefile, re.MULTILINE)[1].split(" or ")
    assert set(declared) == set(script.SUBJECTS) == set(all_of_them)


def test_each_marker_has_tests_and_each_pattern_has_files(script):
    folders = [ROOT / name for name in ("src", "tests", "scripts")]
    files = [str(p.relative_to(ROOT)) for folder in folders for p in folder.rglob("*")]
    tests = "".join(p.read_text("utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    for marker, patterns in script.SUBJECTS.items():
        assert f"pytest.mark.{marker}\n" in tests
        for pattern in patterns:
            assert any(fnmatch(file, pattern) for file in files), pattern


@pytest.mark.parametrize(
    ("paths", "markers"),
    [
        ([], []),
        (["README.md", "src/safeglot/report/html.py"], []),
        (["src/safeglot/score/stats/rates.py"], ["simulation"]),
        (["src/safeglot/backends/store/store.py", "tests/loopback.py"], ["kills"]),
        (["scripts/refusal_baseline/seeds/de.jsonl"], ["retraining"]),
    ],
)
def test_paths_touch_the_markers_that_are_about_them(script, paths, markers):
    assert script.markers(paths) == markers


def test_a_clone_without_history_touches_nothing(tmp_path):
    (tmp_path / "scripts").mkdir()
    copy = tmp_path / "scripts" / SCRIPT.name
    copy.write_bytes(SCRIPT.read_bytes())

    def git(*arguments):
        person = ("-c", "user.name=n", "-c", "user.email=e")
        subprocess.run(["git", *person, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def says():
        done = subprocess.run(
            [sys.executable, str(copy)], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        return done.stdout

    assert says() == "\n"
    git("init", "-q")
    assert says() == "\n"
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert says() == "\n"
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "loopback.py").write_text("")
    git("add", ".")
    git("commit", "-q", "-m", "second")
    assert says() == "kills\n"
