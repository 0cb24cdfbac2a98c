"""Languages with requests of their own: a whole run, whose differences are never paired."""

from __future__ import annotations

import hashlib
import json

import pytest

from e2e.commands import exit_code, says
from example.prompt_sets import write
from loopback import Loopback, Script

SHARES = {"english": 0.1, "swahili": 0.5, "hindi": 0.1}


def answer(seen):
    text = seen.texts[-1]
    if "guard" in seen.model:
        return "unsafe\nS1" if "[unsafe" in text else "safe"
    share = next((s for name, s in SHARES.items() if name in text), 0.0)
    digest = hashlib.sha256(text.encode()).digest()[0]
    return f"[{'unsafe' if digest < 256 * share else 'safe'} answer {digest}]"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpaired")
    for name, n in {"english": 60, "swahili": 80, "hindi": 50}.items():
        lines = "".join(f"[{name} request {i}],{'ab'[i % 2]}\n" for i in range(n))
        write(folder, {f"aya/{name}.csv": f"prompt,harm_category\n{lines}"})
    with Loopback(Script(answer=answer)) as server:
        code = exit_code(
            (
                "run", "--prompts", folder / "aya", "--columns", "id=#,category=harm_category",
                "--unpaired", "--target", "vllm/target", "--base-url", server.base_url,
                "--judge", "llama-guard-3=vllm/guard", "--judge-base-url", server.base_url,
                "--out", folder / "run", "--quiet",
            )
        )  # fmt: skip
    assert code == 0
    return folder / "run"


def test_each_language_counts_its_own_requests_and_nothing_is_paired(run):
    told = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    micro = {e["language"]: (e["n"], e["missing"]) for e in told if e["metric"] == "safety_micro"}
    assert micro["en"] == (60, 0)
    assert micro["sw"] == (80, 0)
    assert micro["hi"] == (50, 0)
    paired = [
        e for e in told if "gap" in e["metric"] or e["metric"] in ("exact_match", "cochran_q")
    ]
    assert {e["metric"] for e in paired} == {"gap_unpaired"}
    gaps = {e["language"]: e for e in paired}
    assert gaps["sw"]["high"] < 0
    assert "not the same requests" in gaps["sw"]["method"]


def test_the_headline_and_the_page_say_that_the_requests_differ(run, capsys):
    capsys.readouterr()
    assert exit_code(("show", run, "--full")) == 0
    shown = " ".join(capsys.readouterr().out.split())
    says(
        shown,
        "Not the same requests: Swahili is",
        "points less safe than English",
        "other requests",
        "prompts of their own, not the same requests: differences between them are unpaired",
    )
    assert "paired by prompt" not in shown
    page = (run / "report.html").read_text("utf-8")
    says(page, "Not the same requests: Swahili is", "with the categories weighed as in English")


def test_the_run_goes_on_from_what_it_holds(run, capsys):
    capsys.readouterr()
    assert exit_code(("run", run, "--dry-run")) == 0
    says(capsys.readouterr().out, "holds this run")
