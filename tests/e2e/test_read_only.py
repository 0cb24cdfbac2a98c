"""A run on a medium that can only be read: it can be looked at, and what cannot be done says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from e2e.commands import SECRET, says
from e2e.runs import COMMAND, environment, run_arguments, safeglot, write_prompts
from loopback import Loopback
from waiting import HANG_S

AS_OTHERS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Root without the right to write where permissions do not let it."""


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or (_is_root() and shutil.which(AS_OTHERS[0]) is None),
    reason="file permissions bind nobody here",
)


@pytest.fixture(scope="module")
def medium(tmp_path_factory):
    folder = tmp_path_factory.mktemp("medium")
    prompts = write_prompts(folder / "p.jsonl", 6, ("c",), ("en", "de"))
    with Loopback() as server:
        arguments = run_arguments(server.base_url, folder / "run", prompts, bootstrap=0)
        assert safeglot(*arguments).returncode == 0
    (folder / "run" / "report.html").unlink()
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield folder
    for path in (folder, folder / "run"):
        path.chmod(0o700)


@pytest.fixture
def call(medium, tmp_path):
    def calling(*arguments):
        before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in medium.rglob("*")}
        start = AS_OTHERS if _is_root() else []
        done = subprocess.run(
            [*start, *COMMAND, *map(str, arguments)],
            capture_output=True, text=True, encoding="utf-8", timeout=HANG_S, check=False,
            env=environment(XDG_STATE_HOME=str(tmp_path / "state"), VLLM_API_KEY=SECRET),
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert before == {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in medium.rglob("*")}
        return done

    return calling


def test_it_can_be_looked_at(medium, call, tmp_path):
    run = medium / "run"
    for arguments in (
        ("show", run), ("show", run, "--json"), ("ls", medium), ("compare", run),
        ("experiment", "category-exclusion", run, "--exclude", "c"), ("arms", run, "--out", tmp_path / "a.csv"),
    ):  # fmt: skip
        done = call(*arguments)
        assert done.returncode in (0, 2), (arguments, done.stderr)
        assert done.returncode == 0 or arguments[0] == "experiment", done.stderr
    done = call("export", run, "--out", tmp_path / "export")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "export" / "verdicts.csv").stat().st_size
    done = call("report", run, "--out", tmp_path / "page.html")
    assert done.returncode == 0, done.stderr
    says(done.stdout, f"  {tmp_path / 'page.html'}")
    says((tmp_path / "page.html").read_text("utf-8"), "<html")


def test_what_writes_into_it_says_what_to_do(medium, call):
    run = medium / "run"
    for arguments, words in (
        (("report", run), f"safeglot report {run} --out report.html"),
        (("score", run), f"cp -r {run} COPY && chmod -R u+w COPY && safeglot score COPY"),
        (("score", run, "--correction", "ppi"), "safeglot score COPY"),
        (("export", run), "Give a folder that can be written"),
        (("judge", run, "--judge", "refusal-baseline"), f"cp -r {run} COPY"),
        (("annotate", "sample", run), f"cp -r {run} COPY"),
    ):
        done = call(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        says(done.stderr, str(run), words)


def test_a_page_goes_only_where_a_file_can_be(medium, call, tmp_path):
    for out in (tmp_path, tmp_path / "none" / "page.html"):
        done = call("report", medium / "run", "--out", out)
        assert done.returncode == 2
        says(done.stderr, f"--out {out}", "give a file")
