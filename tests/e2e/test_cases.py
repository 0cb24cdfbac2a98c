"""Each case from a public bug report prints RIGHT: the scripts of tests/cases, as they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases"
SCRIPTS = sorted(path.name for path in CASES.glob("[01]*.py"))


def test_all_of_them_are_here():
    assert len(SCRIPTS) == 13


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_case_is_right(script):
    program = Path(sys.executable).with_name("safeglot")
    environ = {**os.environ, "SAFEGLOT": str(program), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, CASES / script], capture_output=True, text=True, check=False, env=environ
    )
    assert done.stdout.startswith("RIGHT"), done.stdout + done.stderr
