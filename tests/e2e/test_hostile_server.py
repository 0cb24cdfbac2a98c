"""A server that says back the key, in many forms, and what terminals and browsers would obey."""

from __future__ import annotations

import base64
import csv
import html
import json
import re
import sqlite3
from urllib.parse import quote

import pytest

from e2e.commands import read_rows, write_rows
from e2e.pages import opened
from e2e.runs import safeglot
from loopback import Fault, Loopback, Script
from safeglot.text.cells import unguarded

KEY = "sk-hostile/0123+4567-Abc=xyz"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ANSI = "\x1b[2J\x1b]0;title\x07\x1b[8mhidden\x9b31m\u202egnp\u2066"
SCRIPT = (
    "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    "<a href=\"javascript:document.title='run'\">x</a><style>*{display:none}</style>{{ 7*7 }}</details>"
    "<iframe src=\"http://127.0.0.1:9/\"></iframe>]]>--><base href='http://127.0.0.1:9/'>"
)
HEADERS = {"X-Huge": "h" * 7000, "Server": "\x1b[31m"}
NAMES = {"id": f"i{ANSI}{SCRIPT}|=1+1", "category": f"=c{ANSI}<b>|`x`\u202e", "note": "@SUM(1)"}


def forms(key: str) -> list[str]:
    raw = key.encode()
    return [key, quote(key, safe=""), base64.b64encode(raw).decode(), raw.hex(), html.escape(key),
            base64.b64encode(b"Bearer " + raw).decode(), "".join(f"\\u{ord(c):04x}" for c in key),
            key[:16], key[-16:]]  # fmt: skip


def is_in(text: str) -> list[str]:
    return [form for form in forms(KEY) if form in text]


def scripted(seen):
    key = seen.headers.get("Authorization", "").removeprefix("Bearer ")
    said = " ".join(forms(key or "no key at all")) + ANSI + SCRIPT
    if "guard" in seen.model:
        return "unsafe\nS1" if len(seen.texts[-1]) % 2 else f"maybe {said}"
    return {"text": f"[unsafe answer] {said}"}


def faults(seen):
    key = seen.headers.get("Authorization", "").removeprefix("Bearer ")
    said = f"no {' '.join(forms(key or 'no key at all'))}{ANSI}\nerror: a line of its own{SCRIPT}"
    number = sum(map(len, seen.texts)) % 7
    return Fault(status=(200, 400, 200, 422, 200, 500, 200)[number], message=said)


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    file = tmp_path_factory.mktemp("prompts") / "p.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "language", "category", "kind", "text"])
        for i in range(16):
            for tag in ("en", "de"):
                text = f"request {'x' * i} {ANSI}{SCRIPT}"
                rows.writerow([f"{NAMES['id']}{i}", tag, NAMES["category"], "harmful", text])
    return file


@pytest.fixture(scope="module")
def ran(tmp_path_factory, prompts):
    """A run on that server, and what was printed."""
    out = tmp_path_factory.mktemp("hostile") / "run"
    with Loopback(Script(answer=scripted, fault=faults)) as server:
        arguments = (
            "run", "--prompts", prompts, "--target", "vllm/target", "--base-url", server.base_url,
            "--judge", "llama-guard-3=vllm/guard", "--judge", "refusal-baseline", "--retries", "0",
            "--max-missing", "1", "--bootstrap", "0", "--out", out, "--unchecked-judge",
        )  # fmt: skip
        done = safeglot(*arguments, VLLM_API_KEY=KEY)
        if "No such option" in done.stderr:
            done = safeglot(*arguments[:-1], VLLM_API_KEY=KEY)
        assert done.returncode == 0, (done.stdout, done.stderr)
        asked = {seen.headers.get("Authorization") for seen in server.requests}
        assert asked == {f"Bearer {KEY}"}
    return out, done


def test_the_key_is_in_no_file_and_no_line(ran):
    out, done = ran
    assert is_in(done.stdout + done.stderr) == []
    assert safeglot("export", out, "--format", "jsonl").returncode == 0
    for file in out.rglob("*"):
        if file.is_file():
            assert is_in(file.read_bytes().decode("utf-8", "replace")) == [], file
    with sqlite3.connect(out / "safeglot.db") as db:
        replies = [text for (text,) in db.execute("SELECT text FROM replies")]
        failures = [text for (text,) in db.execute("SELECT message FROM failures")]
    db.close()
    assert any("***" in text for text in replies)
    assert any("***" in text for text in failures)
    assert not any("\n" in text for text in failures)


COMMANDS = (
    ("show",),
    ("show", "--json"),
    ("report",),
    ("score",),
    ("export",),
    ("compare",),
    ("compare", "--markdown"),
    ("compare", "--json"),
    ("annotate", "status"),
    ("ls",),
    ("judge", "--judge", "refusal-baseline"),
    ("experiment", "category-exclusion", "--exclude", NAMES["category"]),
    ("experiment", "category-exclusion", "--markdown", "--exclude", NAMES["category"]),
    ("experiment", "judge-alignment"),
    ("plan", "labels"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c[:2]))
def test_no_command_prints_what_a_terminal_would_obey(ran, command):
    out, _ = ran
    words = 2 if command[0] in ("annotate", "experiment", "plan") else 1
    done = safeglot(*command[:words], out, *command[words:])
    assert done.returncode in (0, 2, 4), done.stderr
    assert CONTROL.findall(done.stdout + done.stderr) == []
    if "--json" in command:
        json.loads(done.stdout)
    if "--markdown" in command:
        assert "<img" not in done.stdout
        assert "<script" not in done.stdout


def test_files_for_annotators_and_tables_go_through_a_spreadsheet_unchanged(ran, tmp_path):
    out, _ = ran
    to_label, tables = tmp_path / "label.csv", tmp_path / "tables.csv"
    done = safeglot("annotate", "sample", out, "--labels", "4", "--again", "--out", to_label)
    assert done.returncode == 0, done.stderr
    rows = read_rows(to_label)
    with sqlite3.connect(out / "safeglot.db") as db:
        answers = {text for (text,) in db.execute("SELECT text FROM replies")}
    db.close()
    assert rows
    assert {unguarded(row["answer"]) for row in rows} <= answers
    for row in rows:
        row["label"], row["note"] = "safe", f"=1+1{ANSI}{SCRIPT}"
    done = safeglot("annotate", "add", out, write_rows(tmp_path / "done.csv", rows))
    assert (done.returncode, CONTROL.findall(done.stdout + done.stderr)) == (0, []), done.stderr
    assert safeglot("compare", out, "--csv", tables).returncode == 0
    for file in (to_label, tables):
        for cell in (cell for row in read_rows(file) for cell in row.values()):
            is_number = re.fullmatch(r"-?[0-9.e+-]+", cell or "")
            assert is_number or not (cell or "").startswith(("=", "+", "-", "@", "\t", "\r")), file


def test_what_a_run_prints_is_visible(ran, prompts):
    done = ran[1]
    assert CONTROL.findall(done.stdout + done.stderr) == []
    assert not [line for line in done.stderr.splitlines() if line.startswith("error: a line")]
    done = safeglot("prompts", "--prompts", prompts)
    assert (done.returncode, CONTROL.findall(done.stdout + done.stderr)) == (0, [])
    for wrong in (f"no{ANSI}command", "run"):
        done = safeglot(wrong, f"--no{ANSI}", "--prompts", f"no{ANSI}.csv")
        assert (done.returncode, CONTROL.findall(done.stdout + done.stderr)) == (2, [])


def test_a_server_that_stops_a_run_says_it_on_one_visible_line(tmp_path, prompts):
    fault = Fault(
        status=401, message=f"{KEY}{ANSI}\nnote: all is well", headers={"X-Huge": "h" * 7000}
    )
    with Loopback(Script(answer=scripted, fault=lambda _: fault)) as server:
        done = safeglot(
            "run", "--prompts", prompts, "--target", "vllm/target", "--base-url", server.base_url,
            "--judge", "refusal-baseline", "--out", tmp_path / "run", VLLM_API_KEY=KEY,
        )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert CONTROL.findall(done.stderr) == []
    assert is_in(done.stderr) == []
    assert not [line for line in done.stderr.splitlines() if line.startswith("note: all is well")]


def test_a_redirect_takes_no_key_along(tmp_path, prompts):
    with Loopback() as other:
        to = {"Location": other.base_url + "/chat/completions"}
        fault = Fault(status=307, headers=to)
        with Loopback(Script(answer=scripted, fault=lambda _: fault)) as server:
            done = safeglot(
                "run", "--prompts", prompts, "--target", "vllm/target", "--retries", "0",
                "--base-url", server.base_url, "--judge", "refusal-baseline",
                "--out", tmp_path / "run", VLLM_API_KEY=KEY,
            )  # fmt: skip
        assert done.returncode in (2, 4), done.stderr
        assert other.requests == []


def test_the_report_runs_nothing_and_loads_nothing(ran, browser):
    out, _ = ran
    safeglot("report", out)
    with opened(browser, out / "report.html") as page:
        assert page.title() != "run"
        for part in ("details", "#answer-list li", "#answer-list .body"):
            page.locator(part).first.wait_for()
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        text = page.locator("body").inner_text()
        assert "onerror" in text
        assert "7*7" in text
        assert CONTROL.findall(text) == []
        assert page.locator("iframe, main img, base").count() == 0
        for link in page.locator("a").all():
            assert not (link.get_attribute("href") or "").startswith("javascript")
        assert page.title() != "run"
