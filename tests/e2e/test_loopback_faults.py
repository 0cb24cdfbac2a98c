"""Servers that fail while a run goes on: a Failure row or a stop with code 4, never a wrong number."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter

import pytest

from e2e.runs import LANGUAGES, estimates, run_arguments, safeglot, scripted, write_prompts
from loopback import Fault, Loopback
from safeglot.backends.engine.first_replies import FIRST as FIRST_REPLIES
from waiting import HANG_S, until

CATEGORIES = ("crime_tax", "hate_women")
N = 10
TOTAL = N * len(LANGUAGES)


@pytest.fixture
def prompts(tmp_path):
    return write_prompts(tmp_path / "prompts.jsonl", N, CATEGORIES)


def target_only(fault):
    return lambda seen: fault(seen) if seen.model == "target" else None


def failures(out):
    done = safeglot("export", out, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    text = (out / "export" / "failures.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def run(prompts, out, fault, **flags):
    with Loopback(scripted({}, fault=fault)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, **flags))
        requests = list(server.requests)
    assert "Traceback" not in done.stderr
    return done, requests


FIRST = "request 3 in de"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(status=400, message="the prompt is too long"), "bad_request"),
        (Fault(finish_reason="content_filter"), "blocked"),
        (Fault(status=400, message="filtered", code="content_filter"), "blocked"),
        (Fault(no_choices=True), "no_choices"),
        (Fault(truncate=True), "malformed"),
        (Fault(html=True), "malformed"),
        (Fault(html=True, status=502), "server_error"),
        (Fault(status=500, message="out of memory"), "server_error"),
        (Fault(drop=True), "unreachable"),
        (Fault(hang=True), "timeout"),
    ],
)
def test_one_request_that_always_fails_is_a_failure_row(prompts, tmp_path, fault, kind):
    out = tmp_path / "run"
    done, requests = run(
        prompts,
        out,
        target_only(lambda seen: fault if seen.texts[-1] == FIRST else None),
        **{"retries": 1, "timeout-s": 3 if fault.hang else HANG_S},
    )
    assert done.returncode == 0, done.stderr
    (row,) = failures(out)
    assert (row["stage"], row["kind"]) == ("generate", kind)
    assert row["message"]
    tries = sum(s.texts[-1] == FIRST and s.model == "target" for s in requests)
    final = kind in ("bad_request", "blocked")
    assert row["attempts"] == (1 if final else 2)
    assert tries == (1 if final else 4), "what may pass is tried twice, and so again at the end"
    found = estimates(out)
    assert found["safety_micro", "de", None]["n"] == N - 1
    assert found["safety_micro", "de", None]["missing"] == 1
    assert found["safety_micro", "en", None]["n"] == N
    assert "1 of 30" in (out / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(truncate=True),
        Fault(drop=True),
        Fault(no_choices=True),
        Fault(status=429),
        Fault(html=True, status=503),
    ],
)
def test_what_fails_once_is_tried_again(prompts, tmp_path, fault):
    out = tmp_path / "run"
    seen_once: set[str] = set()
    done, requests = run(
        prompts, out, lambda seen: fault if seen.nth == 1 and not seen_once.add(seen.key) else None
    )
    assert done.returncode == 0, done.stderr
    assert failures(out) == []
    assert set(Counter(s.key for s in requests).values()) == {2}
    assert estimates(out)["safety_micro", None, None]["missing"] == 0


def test_retry_after_is_honoured(prompts, tmp_path):
    out, times = tmp_path / "run", []

    def fault(seen):
        times.append(time.monotonic())
        return Fault(status=429, headers={"Retry-After": "2"}) if len(times) == 1 else None

    done, _ = run(prompts, out, fault, concurrency=1)
    assert done.returncode == 0, done.stderr
    assert times[1] - times[0] >= 1.9


def test_a_rate_limit_lowers_the_traffic(tmp_path):
    prompts = write_prompts(tmp_path / "p.jsonl", 100, CATEGORIES)
    out, peak = tmp_path / "run", [0]
    with Loopback(scripted({})) as server:

        def fault(_seen):
            peak[0] = max(peak[0], server.in_flight)
            return Fault(status=429) if server.in_flight > 6 else Fault(delay_s=0.02)

        server.script.fault = fault
        done = safeglot(*run_arguments(server.base_url, out, prompts))
    assert done.returncode == 0, done.stderr
    assert failures(out) == []
    refused = json.loads((out / "log.jsonl").read_text("utf-8").splitlines()[-1])
    assert refused["outcome"] == "ok"
    outcomes = Counter(
        json.loads(line)["outcome"] for line in (out / "log.jsonl").read_text("utf-8").splitlines()
    )
    assert outcomes["ok"] == 600 + 4  # the first check of the judge
    assert outcomes["rate_limited"] < 400


def test_as_many_are_in_flight_as_the_user_allows(tmp_path):
    prompts = write_prompts(tmp_path / "p.jsonl", 100, CATEGORIES)
    with Loopback(scripted({})) as server:
        many = Fault(until=lambda: server.most_in_flight >= 120)
        # by then the limit has doubled from 16 to 128
        server.script.fault = lambda _seen: many if len(server.requests) > 300 else None
        arguments = run_arguments(server.base_url, tmp_path / "run", prompts, concurrency=120)
        done = safeglot(*arguments)
        assert done.returncode == 0, done.stderr
        assert server.most_in_flight == 120


def test_a_server_that_is_not_there_stops_with_code_4(prompts, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    done = safeglot(*run_arguments(url, tmp_path / "run", prompts))
    assert done.returncode == 4
    assert "unreachable" in done.stderr
    assert "Run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run" / "results.json").exists()


def stop_after(server, requests):
    """Stop a server once it has seen so many: how long a program takes to start is not the same everywhere."""
    until(lambda: len(server.requests) >= requests)
    server.stop()


def test_a_server_that_goes_away_and_comes_back(prompts, tmp_path):
    out = tmp_path / "run"
    first = Loopback(scripted({}, fault=lambda _seen: Fault(delay_s=0.1)))
    with first:
        arguments = run_arguments(first.base_url, out, prompts, concurrency=2)
        threading.Thread(target=stop_after, args=(first, 10), daemon=True).start()
        done = safeglot(*arguments, "--retries", "0", "--patience", "1")
    # nothing that the dead server refused is a number, and the run can go on
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    with Loopback(scripted({})) as second:
        again = safeglot(*run_arguments(second.base_url, out, prompts, concurrency=2))
        assert again.returncode == 0, again.stderr
        assert 0 < len(second.requests) < 2 * TOTAL
    assert failures(out) == []
    assert estimates(out)["safety_micro", None, None]["missing"] == 0


@pytest.mark.parametrize(("status", "kind"), [(401, "auth"), (404, "not_found")])
def test_a_wrong_key_or_model_stops_at_once(prompts, tmp_path, status, kind):
    done, requests = run(
        prompts, tmp_path / "run", lambda _seen: Fault(status=status, message="no such thing")
    )
    assert done.returncode == 4
    assert kind in done.stderr
    assert "no such thing" in done.stderr
    assert len(requests) <= 16


def test_a_server_that_refuses_everything_stops(tmp_path):
    prompts = write_prompts(tmp_path / "p.jsonl", 60, CATEGORIES)
    done, requests = run(
        prompts, tmp_path / "run", lambda _seen: Fault(status=400, message="unknown parameter")
    )
    assert done.returncode == 4
    assert "unknown parameter" in done.stderr
    assert len(requests) < 60


def test_too_much_missing_is_code_3_and_still_reported(prompts, tmp_path):
    out = tmp_path / "run"
    done, _ = run(
        prompts,
        out,
        target_only(
            lambda seen: (
                Fault(finish_reason="content_filter") if seen.texts[-1].endswith("sw") else None
            )
        ),
    )
    assert done.returncode == 3
    assert "33.3%" in done.stderr
    assert (out / "report.html").exists()
    found = estimates(out)
    assert found["safety_micro", "sw", None]["value"] is None
    assert found["safety_micro", "sw", None]["missing"] == N
    assert found["safety_micro", "en", None]["value"] == 1.0


def test_an_all_error_run_does_not_exit_with_0(prompts, tmp_path):
    done, _ = run(prompts, tmp_path / "run", lambda _seen: Fault(finish_reason="content_filter"))
    assert done.returncode == 3


def test_a_blocked_answer_is_not_asked_again_unless_told(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(
        scripted(
            {},
            fault=target_only(
                lambda seen: (
                    Fault(finish_reason="content_filter") if seen.texts[-1] == FIRST else None
                )
            ),
        )
    ) as server:
        arguments = run_arguments(server.base_url, out, prompts)
        assert safeglot(*arguments).returncode == 0
        n = len(server.requests)
        assert safeglot(*arguments).returncode == 0
        assert len(server.requests) == n
        assert safeglot(*arguments, "--retry-failed").returncode == 0
        assert len(server.requests) == n + 1


def test_a_token_budget_stops_the_run_and_more_budget_goes_on(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(scripted({})) as server:
        done = safeglot(
            *run_arguments(
                server.base_url, out, prompts, **{"budget-tokens": 100, "concurrency": 1}
            )
        )
        assert done.returncode == 4
        assert "budget of 100 tokens" in done.stderr
        assert len(server.requests) < 2 * TOTAL
        assert safeglot(*run_arguments(server.base_url, out, prompts)).returncode == 0
        assert len(server.requests) == 2 * TOTAL


def test_what_is_in_flight_when_a_limit_stops_the_run_comes_home(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(scripted({})) as server:
        many = Fault(until=lambda: server.most_in_flight >= 8)
        # the first replies of a target are waited for before it is asked more at a time
        server.script.fault = lambda _seen: many if len(server.requests) > FIRST_REPLIES else None
        arguments = run_arguments(server.base_url, out, prompts, concurrency=8)
        assert safeglot(*arguments, "--budget-tokens", "200").returncode == 4
        stopped_at = len(server.requests)
        assert safeglot(*arguments).returncode == 0
        assert 8 <= stopped_at < 2 * TOTAL
        assert Counter(Counter(s.key for s in server.requests).values()) == {1: 2 * TOTAL}


def test_keys_never_reach_files_or_messages(prompts, tmp_path):
    out, key = tmp_path / "run", "sk-very-secret-0123456789"
    with Loopback(
        scripted(
            {},
            fault=lambda seen: (
                Fault(status=400, message=f"bad token {seen.headers.get('Authorization')}")
                if seen.model == "target" and seen.texts[-1] == FIRST
                else None
            ),
        )
    ) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts), VLLM_API_KEY=key)
        assert {s.headers.get("Authorization") for s in server.requests} == {f"Bearer {key}"}
    assert done.returncode == 0, done.stderr
    (row,) = failures(out)
    assert "***" in row["message"]
    assert key not in done.stdout + done.stderr
    for file in out.rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes(), file


def test_several_judges_and_a_judge_that_joins_later(prompts, tmp_path):
    out, second = tmp_path / "run", "wildguard=vllm/second"
    with Loopback(scripted({(1, "de"): "unsafe\nS1"})) as server:
        plain = server.script.answer
        server.script.answer = lambda seen: (
            "Harmful request: yes\nResponse refusal: no\nHarmful response: yes"
            if seen.model == "second"
            else plain(seen)
        )
        arguments = run_arguments(server.base_url, out, prompts)
        assert safeglot(*arguments).returncode == 0
        n = len(server.requests)
        done = safeglot("judge", out, "--judge", second, "--judge-base-url", server.base_url)
        assert done.returncode == 0, done.stderr
        assert len(server.requests) == n + TOTAL
        assert safeglot("score", out).returncode == 0
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    micro = {(r["judge"], r["language"]): r["value"] for r in rows if r["metric"] == "safety_micro"}
    assert micro["llama-guard-3=vllm/guard", "de"] == 0.9
    assert micro[second, "de"] == 0.0


def test_three_labels_are_read_strictly_and_loosely(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(scripted({})) as server:
        plain = server.script.answer

        def answer(seen):
            if seen.model != "qwen-guard":
                return plain(seen)
            label = "Controversial" if "3 de" in seen.texts[-1] else "Safe"
            return f"Safety: {label}\nCategories: None\nRefusal: No"

        server.script.answer = answer
        done = safeglot(
            *run_arguments(server.base_url, out, prompts, judge="qwen3guard=vllm/qwen-guard")
        )
    assert done.returncode == 0, done.stderr
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    micro = {
        r["judge"]: r["value"]
        for r in rows
        if (r["metric"], r["language"]) == ("safety_micro", "de")
    }
    assert micro == {"qwen3guard=vllm/qwen-guard": 0.9, "qwen3guard=vllm/qwen-guard@loose": 1.0}


def test_samples_are_separate_requests_with_their_own_seed(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(scripted({})) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, samples=3, seed=5))
        asked = [s for s in server.requests if s.model == "target"]
    assert done.returncode == 0, done.stderr
    assert len({s.body["seed"] for s in asked}) == len(asked) == 3 * TOTAL
    assert all(0 <= s.body["seed"] < 2**31 for s in asked)
    assert estimates(out)["safety_micro", "en", None]["n"] == 3 * N


def test_base_models_get_bare_completions(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(scripted({})) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, raw=True))
        paths = Counter((s.model, s.path) for s in server.requests)
    assert done.returncode == 0, done.stderr
    assert paths == {("target", "/v1/completions"): TOTAL, ("guard", "/v1/chat/completions"): TOTAL}
