"""The guide of a run, as Markdown and as a page: the demo's run, what cannot be, nothing written into it."""

from __future__ import annotations

import re

import pytest

from e2e.commands import says
from e2e.runs import safeglot
from example import guarded
from example.recorded import recorded
from loopback import Loopback

MODEL = ("--model", "vllm/family-a-8b-instruct")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("guide"))


def test_the_recorded_run_has_a_guide_that_is_the_same_twice(run):
    files = sorted(path.name for path in run.iterdir())
    done = safeglot("guide", run, *MODEL)
    assert done.returncode == 0, done.stderr
    assert done.stdout == safeglot("guide", run, *MODEL).stdout
    assert sorted(path.name for path in run.iterdir()) == files
    text = done.stdout.replace("\N{NO-BREAK SPACE}", " ")
    assert "**Swahili**: 15.6% [8.5 to 27.0] of harmful requests are answered unsafely (n = 61)" in text  # fmt: skip
    assert "No mitigation was measured in this run, so that none is named." in text
    assert "**Yoruba**: screening only. The judge is untested here: no labels." in text
    assert "By 148 labels of people the judge’s sensitivity may be as low as 0.598" in text


def test_it_is_written_as_markdown_and_as_a_page(run, tmp_path):
    for name in ("guide.md", "guide.html"):
        done = safeglot("guide", run, *MODEL, "--out", tmp_path / name)
        assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / name))
    made = (tmp_path / "guide.md").read_text("utf-8")
    html = (tmp_path / "guide.html").read_text("utf-8")
    assert re.findall(r"^## (.+)$", made, re.MULTILINE) == re.findall(r"<h2>(.+?)</h2>", html)
    assert "default-src &#39;none&#39;" in html


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("--model", "vllm/nobody"), "--model vllm/nobody: not in"),
        (("--judge", "nobody"), "--judge nobody: not in"),
        (("--policy", "none.toml"), "none.toml: cannot be read"),
        (("--out", "guide.pdf"), "give a file .md or .html"),
        (("--out", "nowhere/guide.md"), "in a folder that is there"),
    ],
)
def test_what_cannot_be_is_refused(run, given, why):
    done = safeglot("guide", run, *given)
    assert done.returncode == 2
    says(done.stderr, why)


def test_a_test_of_guards_has_no_model_to_release(tmp_path):
    file = guarded.write(tmp_path / "labelled.csv", guarded.rows(24))
    with Loopback(guarded.script()) as server:
        safeglot(
            "guards", file, "--judge", "llama-guard-3=vllm/guard-a", "--judge-base-url", server.base_url,
            "--languages", "en,de", "--out", tmp_path / "run",
        )  # fmt: skip
    done = safeglot("guide", tmp_path / "run")
    assert done.returncode == 2
    says(done.stderr, "a test of guards, with no model to release")
