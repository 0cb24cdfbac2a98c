"""Commands that only look, count or refuse load no library of numbers, network or pages.

How long they take is measured by benchmarks/startup.py; it follows from what they load.
"""

import os
import subprocess
import sys

import pytest

from example.recorded import recorded

HEAVY = (
    "aiohttp",
    "asyncio",
    "huggingface_hub",
    "jinja2",
    "numpy",
    "py3langid",
    "pyarrow",
    "scipy",
    "subprocess",
    "tomli_w",
)
SERVER = ("--target", "vllm/owner/name", "--judge", "llama-guard-3=vllm/owner/guard")
EMBEDDED = ("--target", "embedded/smollm2-135m", "--judge", "refusal-baseline")
CASES = {
    ("--version",): 0,
    ("--help",): 0,
    ("run", "--help"): 0,
    ("nosuch",): 2,
    ("ls", "runs"): 0,
    ("doctor",): 0,
    ("prompts", "--prompts", "mini"): 0,
    ("prompts", "--prompts", "prompts.csv"): 0,
    ("run", "--dry-run", "--prompts", "mini", *SERVER): 0,
    ("run", "--dry-run", "--prompts", "mini", *EMBEDDED): 0,
    ("run", "--dry-run", "--prompts", "mini", "--out", "runs/recorded"): 2,
    ("run", "--propmts", "mini"): 2,
    ("run", "--prompts", "mini", "--judge", "lama-guard"): 2,
    ("run", "--prompts", "absent.csv"): 2,
    ("run", "--prompts", "mini", "--languages", "en,xx"): 2,
    ("report", "runs/recordde"): 2,
}
PROGRAM = f"""
import sys
from safeglot.cli import main
try:
    main(sys.argv[1:])
    code = 0
except SystemExit as end:
    code = end.code
loaded = sorted(set({HEAVY!r}) & set(sys.modules))
print(code, *loaded, file=open("seen", "w"))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("startup")
    (path / "runs").mkdir()
    recorded(path / "runs")
    (path / "prompts.csv").write_text(
        "id,text,language,category\na,a question,en,crime_tax\na,eine Frage,de,crime_tax\n"
    )
    return path


def seen(folder, arguments):
    """Return the exit code, and which heavy modules were loaded."""
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder, env=kept, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    code, *loaded = (folder / "seen").read_text().split()
    return int(code), loaded


@pytest.mark.parametrize("arguments", CASES, ids=" ".join)
def test_only_what_is_needed_is_loaded(folder, arguments):
    code, loaded = seen(folder, arguments)
    assert (code, loaded) == (CASES[arguments], [])


def test_what_needs_numbers_loads_them(folder):
    code, loaded = seen(folder, ("show", "runs/recorded"))
    assert code == 0
    assert {"numpy", "scipy"} <= set(loaded)
