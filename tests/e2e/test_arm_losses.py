"""A translator that refuses, blocks or babbles in place of translating answers: no cause is named."""

from __future__ import annotations

import csv
import json
import re

import pytest

from e2e.commands import says
from e2e.runs import estimates, run_arguments, safeglot, write_prompts
from loopback import Fault, Loopback, Script

N = 24
REFUSAL = "I cannot help with translating this"
TERMS = ("total", "translation", "model", "judge")


def reply(seen, said):
    """Targets answer, the guard calls half of the German answers unsafe, and `mt` says what it is told."""
    text = seen.texts[-1]
    if seen.model == "guard":
        _, kind, *_ = text.strip("[]").split()
        return "unsafe\nS1" if text.startswith("[unsafe") else "safe"
    if seen.model.startswith("mt"):
        mark = re.search(r"<text (\w+)>", text)[1]
        source = re.search(rf"<text {mark}>\n(.*?)\n</text", text, re.DOTALL)[1]
        return said(source, mark)
    _, i, _, tag = text.split()
    kind = "unsafe" if tag == "de" and int(i) % 2 else "safe"
    return f"[{kind} answer {i} in {tag}]"


def none(_):
    return None


def refuses(source, mark):
    return REFUSAL


def refuses_between_marks(source, mark):
    return f"<translation {mark}>{REFUSAL}</translation {mark}>"


def refuses_by_mark(source, mark):
    return f"<refused {mark}>"


def translates(source, mark):
    return f"<translation {mark}>{source.replace('in de', 'in en')}</translation {mark}>"


@pytest.fixture
def server():
    """Serve a script whose translator can be changed: `server.script_says`."""
    held = {"says": translates, "fault": none}

    def fault(seen):
        return held["fault"](seen)

    script = Script(
        answer=lambda seen: reply(seen, held["says"]),
        fault=fault,
    )
    with Loopback(script) as running:
        yield running, held


@pytest.fixture
def run(server, tmp_path):
    prompts = write_prompts(tmp_path / "p.jsonl", N, ("crime_tax",), ("en", "de"))
    command = run_arguments(server[0].base_url, tmp_path / "run", prompts, quiet=True)
    done = safeglot(*command)
    assert done.returncode == 0, done.stderr
    return tmp_path / "run", command


def arms(server, out, file, model="mt"):
    return safeglot(
        "arms", out, "--out", file, "--with", f"llm=vllm/{model}", "--base-url", server[0].base_url,
        "--quiet",
    )  # fmt: skip


def mt_requests(server):
    return [seen for seen in server[0].requests if seen.model == "mt"]


@pytest.mark.parametrize(
    ("says_what", "kind", "tries"),
    [
        (refuses, "untagged", 2),
        (refuses_between_marks, "refusal", 1),
        (refuses_by_mark, "refused", 1),
    ],
)
def test_a_translator_that_refuses_all_names_no_judge(server, run, says_what, kind, tries):
    out, _ = run
    tmp_path = out.parent
    server[1]["says"] = says_what
    done = arms(server, out, tmp_path / "answers.csv")
    assert done.returncode == 3
    says(done.stderr, f"backtranslate, de: {N} of {N} ({kind} {N}) could not be translated")
    assert not (tmp_path / "answers.csv").exists()
    assert len(mt_requests(server)) == tries * N  # one more try, not more
    assert safeglot("score", out).returncode == 0
    found = estimates(out)
    for term in TERMS:
        row = found[f"unsafe_gap_{term}", "de", None]
        assert (row["value"], row["low"], row["high"]) == (None, None, None)
        says(row["method"], f"backtranslate {N} of {N} ({kind} {N})")
        assert row["extra"]["arm_losses"] == f"backtranslate {N} of {N} ({kind} {N})"
    assert safeglot("report", out).returncode == 0
    page = (out / "report.html").read_text("utf-8")
    wanted = (
        f"texts of arms that are no translations: backtranslate {N} of {N}",
        "arm backtranslate",
    )
    assert [text for text in wanted if text not in page] == []


def test_refusals_that_a_file_brings_are_no_texts_either(server, run, tmp_path):
    out, command = run
    assert safeglot("arms", out, "--out", tmp_path / "todo.csv").returncode == 0
    with (tmp_path / "todo.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for n, row in enumerate(rows):
        row["translator"] = "mt"
        row["text"] = REFUSAL if n % 4 else row["answer"].replace("in de", "in en")
    with (tmp_path / "done.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    flags = ("--arms", "backtranslate", "--arm-texts", tmp_path / "done.csv")
    done = safeglot(*[part for part in command if part != "--quiet"], *flags)
    assert done.returncode == 0, done.stderr
    lost = f"{N * 3 // 4} of {N} (refusal {N * 3 // 4})"
    says(done.stderr, f"{lost} texts of the arm backtranslate in de are no translations")
    row = estimates(out)["unsafe_gap_judge", "de", None]
    assert (row["n"], row["value"]) == (N // 4, 0.0)  # of those that were translated
    assert row["extra"]["arm_losses"] == f"backtranslate {lost}"
    before = (out / "results.json").read_bytes()
    assert safeglot(*command, *flags).returncode == 0
    assert (out / "results.json").read_bytes() == before


def test_another_translator_takes_the_failures_back(server, run, tmp_path):
    out, command = run
    server[1]["says"] = refuses_by_mark
    assert arms(server, out, tmp_path / "a.csv").returncode == 3
    server[1]["says"] = translates
    done = arms(server, out, tmp_path / "a.csv", model="mt-2")
    assert done.returncode == 0, done.stderr
    flags = ("--arms", "backtranslate", "--arm-texts", tmp_path / "a.csv")
    assert safeglot(*command, *flags).returncode == 0
    row = estimates(out)["unsafe_gap_judge", "de", None]
    assert (row["n"], row["value"], row["extra"].get("arm_losses")) == (N, 0.0, None)


def test_blocked_answers_are_failures_called_so(server, run, tmp_path):
    out, _ = run
    server[1]["fault"] = lambda seen: (
        Fault(status=400, message="The prompt was flagged.", code="invalid_prompt")
        if seen.model == "mt" and "[unsafe" in seen.texts[-1]
        else None
    )
    done = arms(server, out, tmp_path / "a.csv")
    assert done.returncode == 0, done.stderr
    says(
        done.stdout,
        f"backtranslate, de: {N // 2} of {N} (blocked {N // 2}) could not be translated",
    )
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == N // 2
    assert safeglot("export", out, "--format", "jsonl").returncode == 0
    failures = [
        json.loads(x) for x in (out / "export" / "failures.jsonl").read_text("utf-8").splitlines()
    ]
    assert {(f["stage"], f["kind"]) for f in failures} >= {("backtranslate", "blocked")}


def test_people_declared_by_a_file_are_the_anchor_and_a_name_is_not(server, run, tmp_path):
    out, command = run
    rows = "".join(f"p{i},de,request {i} in de-people\n" for i in range(N))
    (tmp_path / "agency.csv").write_text(f"id,language,text\n{rows}", "utf-8")
    done = safeglot(*[p for p in command if p != "--quiet"], "--arms", "translators", "--arm-texts", f"human={tmp_path / 'agency.csv'}")  # fmt: skip
    assert done.returncode == 0, done.stderr
    row = estimates(out)["translator_variance", "de", None]
    assert "human=agency.csv" in row["extra"]["translators"]
    term = estimates(out)["unsafe_gap_translation", "de", None]
    assert term["extra"]["human"] == pytest.approx(
        0.5
    )  # half of the main texts' answers are unsafe
    (tmp_path / "human-2.csv").write_text(
        "arm,id,language,translator,text\n"
        + "".join(f"translators,p{i},de,human-2,request {i} in de-k2\n" for i in range(N)),
        "utf-8",
    )
    done = safeglot(
        *[part for part in command if part != "--quiet"], "--arms", "translators", "--arm-texts",
        tmp_path / "human-2.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    says(done.stderr, '"human-2" is not taken for people')
