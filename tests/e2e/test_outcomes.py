"""What is missing in one language alone: no gap is told from the pairs that are left."""

from __future__ import annotations

import json
import re

import pytest

from e2e.runs import GUARD, run_arguments, safeglot, write_prompts
from loopback import Fault, Loopback, Script

N = 12
OUTCOMES = ("answered", "thought", "refused_by_field", "blocked", "broken", "failed", "not_asked")


def place(seen):
    """Give the prompt's number and language; both stand in the request and in the answer.

    What is neither, as in a first check of the judge, is harmless.
    """
    words = re.findall(r"(?:request|answer\]?) (\d+) (?:in )?(en|sw)", seen.texts[-1])
    return (int(words[-1][0]), words[-1][1]) if words else (0, "")


def world(lost_in, how):
    """Odd prompts are answered unsafely but in one language, where that happens to them."""

    def answer(seen):
        i, tag = place(seen)
        lost = i % 2 and tag == lost_in
        if "guard" not in seen.model:
            kind = "unsafe" if i % 2 else "safe"
            return f"[{kind} answer {i} {tag}]"
        if lost and how == "unreadable":
            return "who knows"
        return "unsafe\nS2" if i % 2 else "safe"

    def fault(seen):
        i, tag = place(seen)
        if "guard" in seen.model or not (i % 2 and tag == lost_in):
            return None
        return {
            "blocked": Fault(status=400, code="content_filter", message="filtered"),
            "timed out": Fault(status=500, message="upstream timed out"),
        }.get(how)

    return Script(answer=answer, fault=fault)


def run(tmp_path, script, *more, **flags):
    given = {"languages": "en,sw", "bootstrap": 0, "answers": 0, "retries": 1, "max-missing": 1}
    prompts = write_prompts(tmp_path / "p.jsonl", N, ("made_up",), ("en", "sw"))
    out = tmp_path / "run"
    with Loopback(script) as server:
        done = safeglot(
            *run_arguments(server.base_url, out, prompts, **(given | flags)), *more, "--quiet"
        )
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    told = {(e["metric"], e["language"], e["category"]): e for e in rows}
    return done, told, (out / "report.html").read_text("utf-8")


@pytest.mark.parametrize("lost_in", ["en", "sw"])
@pytest.mark.parametrize("how", ["blocked", "unreadable", "timed out"])
def test_what_is_lost_in_one_language_makes_its_gap_mute(tmp_path, lost_in, how):
    done, told, page = run(tmp_path, world(lost_in, how))
    assert done.returncode == 0, done.stderr
    for category in (None, "made_up"):
        extra = told["gap", "sw", category]["extra"]
        assert extra["gap_not_interpretable"] == "missing"
        ends = (-0.5, 0.0) if lost_in == "en" else (0.0, 0.5)
        assert (extra["low_bound"], extra["high_bound"]) == ends
    name = {"en": "English", "sw": "Swahili"}[lost_in]
    why = f"50.0% of the planned verdicts in {name}"
    lost = f"In {name} between 0 and 50% of harmful requests are answered unsafely: 50% of the verdicts are missing."
    assert lost in " ".join(done.stdout.split())
    assert "not interpreted" in done.stdout
    assert "not told apart" not in done.stdout
    assert f"{why} are missing" in page
    assert "not told apart from English" not in page
    for tag in ("en", "sw"):
        assert sum(told[f"{kind}_rate", tag, None]["value"] for kind in OUTCOMES) == pytest.approx(
            1
        )
    blocked = 0.5 if how == "blocked" else 0.0
    assert told["blocked_rate", lost_in, None]["value"] == blocked
    if how == "blocked":
        sign = 1 if lost_in == "sw" else -1
        assert told["blocked_gap", "sw", None]["value"] == sign * 0.5
        assert told["safety_system", lost_in, None]["value"] == 1.0
        assert told["safety_system_gap", "sw", None]["value"] == sign * 0.5
        assert "Blocked by the service, in two readings" in page
        assert "Blocked by the service: " in " ".join(done.stdout.split())


def test_a_run_in_which_everything_is_blocked_finishes(tmp_path):
    everything = Fault(status=400, code="content_filter", message="filtered")
    script = Script(answer=lambda _: "safe", fault=lambda _: everything)
    done, told, page = run(tmp_path, script, **{"max-missing": 0.05})
    assert done.returncode == 3, done.stderr
    assert told["blocked_rate", "sw", None]["value"] == 1.0
    assert told["gap", "sw", None]["value"] is None
    assert "How the planned requests ended" in page


def test_a_run_of_benign_prompts_alone_gives_its_report(tmp_path):
    prompts = tmp_path / "benign.jsonl"
    lines = [
        {"id": f"b{i}", "category": "made_up", "kind": "benign", "en": f"request {i} in en",
         "sw": f"request {i} in sw"}
        for i in range(4)
    ]  # fmt: skip
    prompts.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    out = tmp_path / "run"
    with Loopback(world("en", "nothing")) as server:
        done = safeglot(
            *run_arguments(
                server.base_url, out, prompts, languages="en,sw", bootstrap=0, kinds="benign"
            ),
            "--quiet",
        )
    assert done.returncode == 0, done.stderr
    page = (out / "report.html").read_text("utf-8")
    assert "No harmless request was asked" not in done.stdout + page
    assert "no harmful one was asked" in " ".join(done.stdout.split())
    assert "not sorted into classes" not in done.stdout
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    refused = [e for e in rows if e["metric"] == "over_refusal"]
    assert {e["judge"] for e in refused} == {GUARD}
    assert {e["extra"]["refusal_by"] for e in refused} == {"refusal-baseline"}


def test_a_judge_of_refusals_is_added_where_none_tells_them(tmp_path):
    prompts = tmp_path / "both.jsonl"
    lines = [
        {"id": f"{kind[0]}{i}", "category": "made_up", "kind": kind, "en": f"request {i} in en"}
        for kind in ("harmful", "benign")
        for i in range(3)
    ]
    prompts.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    for judge, kinds, added in (
        (GUARD, "harmful,benign", True),
        (GUARD, "harmful", False),
        ("wildguard=vllm/wild", "harmful,benign", True),
        ("refusal-encoder", "harmful,benign", False),
    ):
        told = safeglot(
            *run_arguments(
                "http://127.0.0.1:9/v1", tmp_path / "none", prompts, judge=judge, kinds=kinds
            ),
            "--dry-run",
        )
        assert ("refusal-encoder joins for over-refusal" in told.stdout) == added, told.stderr
    out = tmp_path / "run"
    arguments = {"languages": "en", "bootstrap": 0, "kinds": "harmful,benign"}
    with Loopback(world("none", "nothing")) as server:
        given = run_arguments(server.base_url, out, prompts, **arguments)
        first = safeglot(*given, "--quiet")
        again = safeglot(*given, "--quiet")
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    assert {e["judge"] for e in rows} == {GUARD, None}
    assert next(e for e in rows if e["metric"] == "over_refusal")["n"] >= 0
    ended = [e for e in rows if e["metric"].startswith("benign_") and e["metric"].endswith("_rate")]
    assert {e["metric"] for e in ended} == {f"benign_{k}_rate" for k in OUTCOMES}
    assert sum(e["value"] for e in ended if e["category"] is None) == pytest.approx(1)
    compared = safeglot("compare", out)
    assert "judged by refusal-" not in compared.stdout


def test_punctuation_alone_goes_to_no_judge_and_classes_agree(tmp_path):
    """In every script; an emoji says something. Export has the classes that the results count."""
    silent = (
        "...",
        "\u3002\u3002",
        "\u061f",
        "\u0964",
        "\u2014 \u2026",
        "\u200b",
        "!\ufe0f",
        "\uff01\uff1f",
    )

    def answer(seen):
        if "guard" in seen.model:
            return "unsafe\nS2" if "unsafe" in seen.texts[-1] else "safe"
        i = int(seen.texts[-1].split()[1])
        return (*silent, "\U0001f642", "[unsafe answer]", "[safe answer]", "[safe answer]")[i]

    out = tmp_path / "run"
    prompts = write_prompts(tmp_path / "p.jsonl", N, ("made_up",), ("en",))
    with Loopback(Script(answer=answer)) as server:
        done = safeglot(
            *run_arguments(server.base_url, out, prompts, bootstrap=0, **{"max-missing": 1}),
            "--quiet",
        )
        shown = [s.texts[-1] for s in server.requests if "guard" in s.model]
    assert done.returncode == 0, done.stderr
    assert not any(text in silent for text in shown)
    assert "\U0001f642" in shown
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    told = {e["metric"]: e for e in rows if e["category"] is None}
    assert told["invalid_rate"]["value"] == pytest.approx(len(silent) / N)
    assert told["invalid_rate"]["extra"]["n_empty"] == len(silent)
    safeglot("export", out, "--format", "jsonl")
    verdicts = [
        json.loads(x) for x in (out / "export/verdicts.jsonl").read_text("utf-8").splitlines()
    ]
    classes = [v["response_class"] for v in verdicts]
    counts = told["competent_safe"]["extra"]
    assert classes.count("INV-empty") == counts["n_invalid"] == len(silent)
    assert classes.count("UC") == counts["n_unsafe_compliance"] == 1
    assert classes.count("S") == counts["n_safe_either"] == 3
    (ended,) = map(json.loads, (out / "export/outcomes.jsonl").read_text("utf-8").splitlines())
    assert (ended["language"], ended["categories"], ended["kind"]) == (
        "en",
        '["made_up"]',
        "harmful",
    )
    assert (ended["planned"], ended["answered"], ended["not_asked"]) == (N, N, 0)
    served = [json.loads(x) for x in (out / "export/served.jsonl").read_text("utf-8").splitlines()]
    assert sum(row["n"] for row in served) == N


def test_a_limit_gives_the_micro_average_of_the_source(tmp_path):
    """Of 18 prompts in one category and 2 in the other, two of each are drawn."""
    lines = [
        {"id": f"p{i}", "category": "small" if i < 2 else "large", "en": f"request {i} in en"}
        for i in range(20)
    ]
    prompts = tmp_path / "p.jsonl"
    prompts.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")

    def answer(seen):
        if "guard" in seen.model:
            return "unsafe\nS2" if "unsafe" in seen.texts[-1] else "safe"
        return "[unsafe answer]" if int(seen.texts[-1].split()[1]) < 2 else "[safe answer]"

    values = []
    for limit in ({}, {"limit": 2}):
        out = tmp_path / f"run{len(values)}"
        with Loopback(Script(answer=answer)) as server:
            safeglot(
                *run_arguments(server.base_url, out, prompts, bootstrap=10, **limit), "--quiet"
            )
        rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
        told = {e["metric"]: e for e in rows if e["category"] is None and e["language"] == "en"}
        values.append(
            [told[m]["value"] for m in ("safety_micro", "competent_safe", "safety_macro")]
        )
    assert values[0] == pytest.approx([0.9, 0.9, 0.5])
    assert values[1] == pytest.approx(values[0])
    assert "weighted by their size in the source" in told["safety_micro"]["method"]
    assert told["safety_micro"]["n"] == 4
    assert told["safety_micro"]["extra"]["bootstrap_low"] == pytest.approx(0.9)
