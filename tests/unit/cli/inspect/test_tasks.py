"""The task is found by Inspect's entry point, and by nobody else; how it runs: tests/extras."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[4]


def test_the_entry_point_names_a_module_that_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (place,) = project["entry-points"]["inspect_ai"].values()
    found = importlib.util.find_spec(place)
    assert found is not None
    assert Path(found.origin).name == "tasks.py"
    assert "inspect-ai" in project["optional-dependencies"]["inspect"][0]


def test_the_commands_do_not_load_it():
    code = "import sys, safeglot.cli; print('inspect_ai' in sys.modules, 'safeglot.cli.inspect.tasks' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
