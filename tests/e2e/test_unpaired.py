"""Languages with requests of their own: a whole run, whose differences are never paired."""

from __future__ import annotations

import hashlib
import json

import pytest

from copies import copied
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
    gaps = {e["language"]: e for e in paired if e["category"] is None}
    assert [e["category"] for e in paired].count("a") == 2
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


COMMANDS = {
    "why": (("why", "RUN"), 0, "leave --unpaired out, and translate"),
    "why, a language": (("why", "RUN", "--language", "hi"), 0, "Hindi is"),
    "compare": (("compare", "RUN", "--page", "OUT/models.html"), 0, "have requests of their own: a mean over them"),
    "exclusion": (
        ("experiment", "category-exclusion", "RUN", "--exclude", "a"), 0, "gaps and matches, which need pairs",
    ),
    "exclusion, by default": (("experiment", "category-exclusion", "RUN"), 2, "as in --exclude a"),
    "properties": (("experiment", "language-properties", "RUN"), 2, "requests of their own"),
    "translation": (("experiment", "translation-impact", "RUN"), 2, "has no arms"),
    "judges": (("experiment", "judge-alignment", "RUN"), 2, "has one judge"),
    "sizes": (("experiment", "model-size", "RUN"), 2, "Give --models"),
    "csv": (("export", "RUN", "--out", "OUT/csv"), 0, "estimates.csv"),
    "eee": (("export", "RUN", "--format", "every-eval-ever", "--out", "OUT/eee"), 0, "190 rows"),
    "latex": (("export", "RUN", "--format", "latex", "--out", "OUT/latex"), 0, "tables.tex"),
    "labels": (("annotate", "sample", "RUN", "--labels", "20", "--out", "OUT/a.csv"), 0, ""),
    "arms": (("run", "RUN", "--arms", "backtranslate"), 2, "--arms with --unpaired"),
    "translations": (("run", "RUN", "--to", "de", "--with", "apertium"), 2, "--to with --unpaired"),
    "dry": (("run", "RUN", "--dry-run"), 0, "190 in 3 languages, each in its own"),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_what_can_be_compared_and_why_the_rest_cannot(run, name, tmp_path, capsys):  # fmt: skip
    words, code, told = COMMANDS[name]
    capsys.readouterr()
    copied(run, tmp_path / "run")
    given = [w.replace("RUN", str(tmp_path / "run")).replace("OUT", str(tmp_path)) for w in words]
    got = exit_code(given)
    out, err = capsys.readouterr()
    assert got == code
    shown = " ".join((out + err).split())
    says(shown, told)
    assert "Traceback" not in shown
    assert "paired by prompt" not in shown or name == "exclusion"
