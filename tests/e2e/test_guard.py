"""Passes that guard a judge: judged twice, and canaries; they enter nothing else."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from collections import Counter

import pytest

from copies import copied
from e2e.commands import Place, says
from e2e.runs import GUARD, LANGUAGES, run_arguments, safeglot, write_prompts
from e2e.test_loopback_resume import interrupt
from loopback import Fault, Loopback, Script
from safeglot.judge.guards.canary import SENTENCES

N = 60
REPEAT, CANARY, TOKENS = (GUARD + mark for mark in ("@repeat", "@canary", "@canary-tokens"))
METRICS = {"judge_flip_rate", "canary_flip_rate", "canary_token_flip_rate"}


def place_of(seen):
    i, tag = re.match(r"\[answer (\d+) (\w+)\]", seen.texts[-1]).groups()
    return int(i), tag


def is_unsafe(i, tag):
    return (i + len(tag) + ord(tag[0])) % 3 == 0


def is_flipped(i, tag):
    return (i * 3 + ord(tag[1])) % 11 == 0


def altered(seen):
    return not seen.texts[-1].endswith("]")


def answer(seen):
    """A guard that changes its mind on some answers, and obeys what is written in Swahili."""
    if seen.model != "guard":
        _, i, _, tag = seen.texts[-1].split()
        return f"[answer {i} {tag}]"
    i, tag = place_of(seen)
    unsafe = is_unsafe(i, tag)
    if altered(seen):
        if SENTENCES["de"] in seen.texts[-1] and i % 2:
            return "I would rather not say"
        unsafe = SENTENCES["sw"] not in seen.texts[-1]
    elif seen.nth > 1:
        unsafe ^= is_flipped(i, tag)
    return "unsafe\nS2" if unsafe else "safe"


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    return write_prompts(
        tmp_path_factory.mktemp("guard") / "p.jsonl", N, ("crime_tax", "hate_women")
    )


@pytest.fixture(scope="module")
def running():
    with Loopback(Script(answer=answer)) as server:
        yield server


@pytest.fixture(scope="module")
def made(running, prompts, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "run"
    done = safeglot(*run_arguments(running.base_url, out, prompts, bootstrap=0))
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def run(made, tmp_path):
    """A copy that a test may change."""
    copied(made, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def server(running, made):
    """The server that made the run, as if it had not been asked anything since."""
    running.requests.clear()
    running.script.fault = lambda _seen: None
    return running


@pytest.fixture
def call(tmp_path, server, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path, server, capsys)


def query(run, text):
    database = sqlite3.connect(run / "safeglot.db")
    try:
        return database.execute(text).fetchall()
    finally:
        database.close()


def counts(run):
    return dict(
        query(run, "SELECT s.name, COUNT(*) FROM verdicts JOIN steps s ON s.id = step GROUP BY 1")
    )


def told(run):
    rows = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    return {(r["metric"], r["language"]): r for r in rows if r["metric"] in METRICS}, [
        r for r in rows if r["metric"] not in METRICS
    ]


def answers_in(run):
    """The verdicts that the page shows."""
    return re.findall(r"llama-guard[^<]*", (run / "report.html").read_text("utf-8"))


def test_the_passes_tell_of_the_judge_and_enter_nothing_else(run, server, call):
    before, shown = told(run), answers_in(run)
    done = call("judge", run, "--repeat", 0.9, "--canary", 12)
    assert done.code == 0, done.err
    for command in ("score", "report"):
        assert call(command, run).code == 0
    rows, others = told(run)
    assert before[0] == {}
    assert others == before[1]
    assert Counter(answers_in(run)) == Counter(shown)
    assert counts(run) == {GUARD: 180, REPEAT: 162, CANARY: 36, TOKENS: 36}

    again = query(
        run, f"SELECT response FROM verdicts JOIN steps s ON s.id = step WHERE s.name = '{REPEAT}'"
    )
    keys = {key for (key,) in again}
    places = query(run, "SELECT r.id, t.prompt, t.language FROM responses r JOIN translations t ON t.id = r.translation")  # fmt: skip
    asked = [(int(p[1:]), tag) for key, p, tag in places if key in keys]
    flips = [place for place in asked if is_flipped(*place)]
    whole = rows["judge_flip_rate", None]
    assert (whole["n"], whole["missing"]) == (162, 0)
    assert whole["value"] == pytest.approx(len(flips) / 162)
    assert whole["extra"]["n_to_unsafe"] == sum(not is_unsafe(*place) for place in flips)
    assert whole["extra"]["n_to_safe"] == sum(is_unsafe(*place) for place in flips)
    assert (whole["extra"]["limit"], whole["extra"]["over_limit"]) == (0.003, 1)
    of_sw = rows["judge_flip_rate", "sw"]
    assert of_sw["n"] == sum(tag == "sw" for _, tag in asked)

    assert [rows["canary_flip_rate", tag]["value"] for tag in LANGUAGES] == [0, 0, 1]
    german = rows["canary_flip_rate", "de"]
    assert german["n"] + german["missing"] == 12
    assert german["missing"] == german["extra"]["n_unreadable"] > 0
    assert german["extra"]["sentence_language"] == "de"
    assert [rows["canary_token_flip_rate", tag]["value"] for tag in LANGUAGES] == [0, 0, 0]
    assert [rows["canary_token_flip_rate", tag]["n"] for tag in LANGUAGES] == [12, 12, 12]
    assert not any("<|" in text for seen in server.requests for text in seen.texts)


def test_a_small_share_is_at_least_fifty_and_a_larger_one_goes_on(run, server, call):
    call("judge", run, "--repeat", 0.02)
    assert counts(run) == {GUARD: 180, REPEAT: 50}
    sent = len(server.requests)
    call("judge", run, "--repeat", 0.5)
    assert counts(run)[REPEAT] == 90
    assert len(server.requests) - sent == 40
    call("judge", run, "--repeat", 0.5)
    call("judge", run)
    assert len(server.requests) - sent == 40


def test_a_judge_that_asks_no_model_is_not_asked_twice(run, call):
    done = call("judge", run, "--judge", "refusal-baseline", "--repeat", 0.02, "--canary", 3)
    assert done.code == 0, done.err
    says(done.err, "refusal-baseline asks no model", f"{REPEAT}: 50 answers", "] verdicts 86/86")
    assert "refusal-baseline@repeat" not in counts(run)
    call("score", run)
    rows = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    (row,) = (
        r for r in rows if r["metric"] == "judge_flip_rate" and r["judge"] == "refusal-baseline"
    )
    assert (row["value"], row["language"]) == (None, None)
    assert "asks no model" in row["method"]


def test_flags_without_sense_are_refused(run, call):
    for flags, word in (
        (("--repeat", "0"), "--repeat: got 0"),
        (("--repeat", "1.5"), "--repeat: got 1.5"),
        (("--repeat", "nan"), "--repeat: got nan"),
        (("--canary", "0"), "--canary: got 0"),
    ):
        says(call.refuse("judge", run, *flags), word)


def test_what_failed_is_a_row_and_can_be_tried_again(run, server, call):
    def fault(seen):
        broken = seen.model == "guard" and seen.nth > 1 and place_of(seen)[1] == "de"
        return Fault(status=400, message="no") if broken else None

    server.script.fault = fault
    assert call("judge", run, "--repeat", 1).code == 0
    failed = query(run, "SELECT by, COUNT(*) FROM failures GROUP BY 1")
    assert failed == [(REPEAT, 60)]
    call("score", run)
    rows, _ = told(run)
    assert (rows["judge_flip_rate", None]["n"], rows["judge_flip_rate", None]["missing"]) == (
        120,
        60,
    )
    assert ("judge_flip_rate", "de") not in rows
    call("report", run)
    assert f"{REPEAT}: " in re.sub(r"<[^>]+>", "", (run / "report.html").read_text("utf-8"))

    server.script.fault = lambda _seen: None
    sent = len(server.requests)
    call("judge", run, "--repeat", 1)
    assert len(server.requests) == sent
    call("judge", run, "--repeat", 1, "--retry-failed")
    assert len(server.requests) == sent + 60
    assert query(run, "SELECT COUNT(*) FROM failures") == [(0,)]


def test_a_budget_stops_a_pass_and_it_goes_on_without(run, server, call):
    config = run / "run.toml"
    text = config.read_text("utf-8")
    config.write_text("budget_tokens = 300\n" + text, "utf-8")
    done = call("judge", run, "--repeat", 1, "--canary", 50)
    assert done.code == 4
    says(done.err, "the budget of 300 tokens is used up", "Run the same command again")
    found = re.search(r"(\d+) of (\d+) verdicts that guard", done.err)
    stored = sum(counts(run).values()) - 180
    assert (int(found[1]), int(found[2])) == (stored, 300)
    assert 0 < stored < 150
    config.write_text(text, "utf-8")
    assert call("judge", run, "--repeat", 1, "--canary", 50).code == 0
    assert counts(run) == {GUARD: 180, REPEAT: 180, CANARY: 60, TOKENS: 60}
    assert max(Counter(s.key for s in server.requests).values()) == 1


def test_an_interrupted_pass_goes_on_where_it_stopped(run, server):
    server.script.fault = lambda _seen: Fault(delay_s=0.02)
    command = ["judge", str(run), "--repeat", "1", "--canary", "20"]
    done = interrupt(command, run, server, at_least=360 + 40, how=signal.SIGINT)
    assert done.returncode == 4, done.stderr
    says(done.stderr, "interrupted.", "of 300 verdicts that guard the judges are stored")
    assert safeglot(*command).returncode == 0
    assert counts(run) == {GUARD: 180, REPEAT: 180, CANARY: 60, TOKENS: 60}
    assert safeglot("score", run).returncode == 0
    flips = sum(is_flipped(i, tag) for i in range(N) for tag in LANGUAGES)
    assert told(run)[0]["judge_flip_rate", None]["value"] == pytest.approx(flips / 180)


def test_verdicts_of_another_judge_are_dropped_with_its_passes(run, call):
    call("judge", run, "--repeat", 0.02, "--canary", 2)
    assert counts(run)[CANARY] == 6
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    manifest["judges"][GUARD] = "an older reading"
    (run / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert call("judge", run).code == 0
    assert counts(run) == {GUARD: 180}
