"""kill -9 and Ctrl-C lose nothing that was finished; `run` again gives the same bytes."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import threading
from collections import Counter

import pytest

from e2e.runs import (
    COMMAND,
    LANGUAGES,
    environment,
    run_arguments,
    safeglot,
    scripted,
    write_prompts,
)
from loopback import Fault, Loopback
from waiting import HANG_S, until

CATEGORIES = ("crime_tax", "crime_theft", "hate_women", "weapon_other")
N = 120
N_REQUESTS = 2 * N * len(LANGUAGES)


def slow(_seen) -> Fault:
    return Fault(delay_s=0.03)


def label(i: int, tag: str) -> str:
    return "unsafe\nS1" if (7 * i + len(tag) + ord(tag[0])) % 5 == 0 else "safe"


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    return write_prompts(tmp_path_factory.mktemp("resume") / "prompts.jsonl", N, CATEGORIES)


@pytest.fixture
def server():
    verdicts = {(i, tag): label(i, tag) for i in range(N) for tag in LANGUAGES}
    with Loopback(scripted(verdicts, fault=slow)) as running:
        yield running


@pytest.fixture(scope="module")
def undisturbed(prompts, tmp_path_factory):
    verdicts = {(i, tag): label(i, tag) for i in range(N) for tag in LANGUAGES}
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    with Loopback(scripted(verdicts)) as running:
        done = safeglot(*run_arguments(running.base_url, out, prompts))
    assert done.returncode == 0, done.stderr
    return (out / "results.json").read_bytes()


CHECKED = 4
"""Replies of the judge's first check, which the server does not count."""


def committed(out) -> int:
    try:
        with sqlite3.connect(f"file:{out / 'safeglot.db'}?mode=ro", uri=True) as db:
            found = db.execute("SELECT COUNT(*) FROM replies").fetchone()[0]
        db.close()
    except sqlite3.Error:
        return 0
    return max(0, int(found) - CHECKED)


def interrupt(
    arguments, out, server, *, at_least: int, how: int, **env: str
) -> subprocess.CompletedProcess[str]:
    """Send a signal once so many replies are stored; the server holds what comes much later."""
    plain = server.script.fault
    last = len(server.requests) + at_least - committed(out) + 16
    held = threading.Event()
    late = Fault(until=held.is_set)
    server.script.fault = lambda seen: late if len(server.requests) > last else plain(seen)
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**env),
    )
    until(lambda: committed(out) >= at_least or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    process.send_signal(how)
    stdout, stderr = process.communicate(timeout=HANG_S)
    held.set()
    server.script.fault = plain
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.mark.kills
def test_kill_9_at_five_moments(prompts, server, undisturbed, tmp_path):
    out = tmp_path / "run"
    # the default concurrency bounds what may be lost: only requests that were in flight
    arguments = run_arguments(server.base_url, out, prompts, concurrency=8)
    moments = sorted(random.Random(20261122).sample(range(5, N_REQUESTS - 60), 5))
    asked_before: Counter[str] = Counter()
    for moment in moments:
        done = interrupt(arguments, out, server, at_least=moment, how=signal.SIGKILL)
        assert done.returncode == -signal.SIGKILL
        assert not (out / "results.json").exists()
        finished = committed(out)
        asked_before = Counter(s.key for s in server.requests)
        assert finished >= moment
        assert sum(asked_before.values()) >= finished
    done = safeglot(*arguments)
    assert done.returncode == 0, done.stderr
    assert (out / "results.json").read_bytes() == undisturbed
    asked = Counter(s.key for s in server.requests)
    assert len(asked) == N_REQUESTS
    # one lane for both models (one server), so at most 8 calls were in flight at each kill
    assert sum(asked.values()) - N_REQUESTS <= 5 * 8


def test_no_committed_request_is_sent_again(prompts, server, tmp_path):
    out = tmp_path / "run"
    arguments = run_arguments(server.base_url, out, prompts)
    half = N_REQUESTS // 2
    interrupt(arguments, out, server, at_least=half, how=signal.SIGKILL, VLLM_API_KEY="first")
    finished = committed(out)
    done = safeglot(*arguments, VLLM_API_KEY="second")
    assert done.returncode == 0, done.stderr
    assert "resuming" in done.stderr
    keys = Counter(s.headers["Authorization"] for s in server.requests)
    assert keys["Bearer second"] == N_REQUESTS - finished


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(prompts, server, undisturbed, tmp_path):
    out = tmp_path / "run"
    arguments = run_arguments(server.base_url, out, prompts)
    done = interrupt(arguments, out, server, at_least=100, how=signal.SIGINT)
    assert done.returncode == 4, done.stderr
    assert "Run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (out / "results.json").exists()
    done = safeglot(*arguments)
    assert done.returncode == 0, done.stderr
    assert (out / "results.json").read_bytes() == undisturbed


def test_sigterm_stops_like_ctrl_c(prompts, server, tmp_path):
    out = tmp_path / "run"
    done = interrupt(
        run_arguments(server.base_url, out, prompts), out, server, at_least=20, how=signal.SIGTERM
    )
    assert done.returncode == 4
    assert "Traceback" not in done.stderr


def test_a_finished_run_costs_nothing_to_run_again(prompts, server, tmp_path):
    out = tmp_path / "run"
    arguments = run_arguments(server.base_url, out, prompts)
    assert safeglot(*arguments).returncode == 0
    first, n = (out / "results.json").read_bytes(), len(server.requests)
    again = safeglot(*arguments)
    assert again.returncode == 0
    assert len(server.requests) == n
    assert (out / "results.json").read_bytes() == first


def test_stages_alone_give_the_bytes_of_run(prompts, server, undisturbed, tmp_path):
    out = tmp_path / "run"
    given = run_arguments(server.base_url, out, prompts)
    i = given.index("--judge")
    assert safeglot("generate", *given[1:i], *given[i + 2 :]).returncode == 0
    assert {s.model for s in server.requests} == {"target"}
    judged = safeglot("judge", out, "--judge", given[i + 1], "--judge-base-url", server.base_url)
    assert judged.returncode == 0, judged.stderr
    assert len(server.requests) == N_REQUESTS
    scored = safeglot("score", out)
    assert scored.returncode == 0, scored.stderr
    assert (out / "results.json").read_bytes() == undisturbed
    assert safeglot("report", out).returncode == 0
    assert (out / "report.html").stat().st_size > 10_000
