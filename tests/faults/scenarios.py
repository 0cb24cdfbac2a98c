"""Twelve ways in which servers go wrong, and runs that must end as if nothing had been.

A run disturbed by any of them ends in the bytes of `results.json` that an undisturbed one has.
`scripts/fault_scenarios.py` runs them with thousands of pairs, `tests/e2e/test_faults.py` with some tens.
"""

from __future__ import annotations

import email.utils
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults.server import Act, Asked, FaultServer, Scenario, completion
from waiting import until

LANGUAGES = ("en", "de", "es", "fr", "it")
OK = Act()
FLOOD = b" " * (17 * 2**20)

Run = Callable[[list[str]], int]
"""Runs one command of safeglot and returns its exit code."""


@dataclass(frozen=True)
class Case:
    """One way to go wrong; `drive` says what happens beside the run, where anything does."""

    name: str
    scenario: Callable[[int], Scenario]
    """Made for so many pairs."""
    drive: Callable[[FaultServer, Run, list[str], int, float], None] | None = None


# ---- what goes wrong with single requests


def every_second_is_limited(pairs: int) -> Scenario:
    slow = Act(status=429, headers={"Retry-After": "1" if pairs > 500 else "0.05"})
    return lambda asked: slow if asked.n % 2 == 0 else OK


def limited_until_a_date(pairs: int) -> Scenario:
    few = 10 if pairs > 500 else 2

    def act(asked: Asked) -> Act:
        date = email.utils.formatdate(time.time() + 1, usegmt=True)
        return Act(status=429, headers={"Retry-After": date}) if asked.n % 40 >= 40 - few else OK

    return act


def limited_without_a_word(_pairs: int) -> Scenario:
    rng = random.Random(12)
    return lambda _asked: Act(status=429) if rng.random() < 0.2 else OK


def bursts_of_500(pairs: int) -> Scenario:
    period = 500 if pairs > 500 else 50
    return lambda asked: Act(status=500) if asked.n % period >= period * 9 // 10 else OK


def resets(_pairs: int) -> Scenario:
    return lambda asked: Act(reset=True) if asked.n % 20 == 7 else OK


def slow_and_half_closed_bodies(_pairs: int) -> Scenario:
    acts = {3: Act(pieces=20, pause_s=0.01), 11: Act(keep=0.5), 17: Act(keep=0.0)}
    return lambda asked: acts.get(asked.n % 25, OK)


def truncated_bodies(_pairs: int) -> Scenario:
    return lambda asked: Act(cut=(asked.n % 97) / 100) if asked.n % 10 == 4 else OK


def oversized_bodies(pairs: int) -> Scenario:
    huge = {"Content-Length": str(2**40)}
    period = 200 if pairs > 500 else 40
    acts = {5: Act(body=FLOOD), 15: Act(body=b"{}", headers=huge)}
    return lambda asked: acts.get(asked.n % period, OK)


def odd_json(_pairs: int) -> Scenario:
    def act(asked: Asked) -> Act:
        if asked.n % 12 != 5:
            return OK
        odd = ODD[asked.n // 12 % len(ODD)]
        return Act(body=odd(asked) if callable(odd) else odd)

    return act


def _with(**more: Any) -> Callable[[Asked], bytes]:
    return lambda asked: json.dumps(completion("[odd]", asked.n, **more)).encode()


def _logprob(number: str) -> Callable[[Asked], bytes]:
    def body(asked: Asked) -> bytes:
        token = {"token": "safe", "logprob": 0, "top_logprobs": [{"token": "safe", "logprob": 0}]}
        choice = {
            "message": {"content": "[odd]"},
            "finish_reason": "stop",
            "logprobs": {"content": [token]},
        }
        text = json.dumps(completion("", asked.n, choices=[choice]))
        return text.replace('"logprob": 0', f'"logprob": {number}').encode()

    return body


ODD: tuple[Any, ...] = (
    _with(usage={"prompt_tokens": 10**30, "completion_tokens": 5}),
    b"[" * 100_000 + b"]" * 100_000,
    b'{"choices":' + b"[" * 100_000,
    _logprob("-" + "9" * 400),
    b"",
    b"null",
    b"[]",
    b"7",
    b'"ok"',
    b"{}",
    b"\xff\xfe\x00{",
    b"<!DOCTYPE html><p>gateway</p>",
    b'{"choices": {"0": "a"}}',
    b'{"choices": []}',
    b'{"choices": [null]}',
    b'{"choices": [{"message": 7}]}',
    b'{"choices": [{"message": {"content": 7}}]}',
    b'{"choices": [{"message": {"content": {"a": []}}}], "usage": []}',
    b'{"error": {"message": "\\ud800 overloaded", "code": 1e999}}',
    b'{"error": NaN}',
    b'data: {"choices": []}\n\ndata: [DONE]\n\n',
)
"""Bodies at status 200 that are no answer; whoever takes one for an answer finds "[odd]" in it."""


def late_second_copies(_pairs: int) -> Scenario:
    return lambda asked: Act(again_s=0.03 if asked.n % 10 == 3 else None)


# ---- what happens to the server


def a_key_that_ends(pairs: int) -> Scenario:
    return lambda asked: Act(status=401) if asked.n > pairs else OK


def mend_the_key(
    server: FaultServer, run: Run, command: list[str], _pairs: int, _down_s: float
) -> None:
    """The run stops; with a key that is good the same command goes on."""
    code = run(command)
    assert code == 4, f"exit {code} where the key had ended"
    server.scenario = lambda _asked: OK


def nothing_wrong(_pairs: int) -> Scenario:
    return lambda _asked: OK


def die_and_return(
    server: FaultServer, run: Run, command: list[str], pairs: int, down_s: float
) -> None:
    """The server goes down in the middle, and is back after a while."""

    over = threading.Event()

    def restart() -> None:
        until(lambda: server.n >= pairs or over.is_set())
        server.down()
        over.wait(down_s)
        server.up()

    restarting = threading.Thread(target=restart, daemon=True)
    restarting.start()
    code = run(command)
    over.set()
    restarting.join()
    assert code == 0, f"exit {code} after a restart"


CASES = (
    Case("429 with Retry-After: 1 on every second request", every_second_is_limited),
    Case("429 with a date on every fourth request", limited_until_a_date),
    Case("429 without a word on every fifth request", limited_without_a_word),
    Case("500 in bursts", bursts_of_500),
    Case("resets", resets),
    Case("slow and half-closed bodies", slow_and_half_closed_bodies),
    Case("truncated bodies", truncated_bodies),
    Case("oversized bodies", oversized_bodies),
    Case("odd JSON", odd_json),
    Case("late second copies", late_second_copies),
    Case("401 in the middle", a_key_that_ends, mend_the_key),
    Case("a server that dies and returns", nothing_wrong, die_and_return),
)


# ---- running them


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    results: bytes
    asked: int
    """Requests that reached the server."""
    connections: int
    took_s: float


def write_prompts(path: Path, pairs: int) -> Path:
    """Write a file of prompts in five languages, one of `pairs` answers and verdicts."""
    rows = (
        {
            "id": f"p{i}",
            "category": ("crime_tax", "hate_women", "weapon_other")[i % 3],
            **{tag: f"made-up request {i} in {tag}" for tag in LANGUAGES},
        }
        for i in range(pairs // len(LANGUAGES))
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@contextmanager
def serving(case: Case | None, pairs: int) -> Iterator[FaultServer]:
    with FaultServer(case.scenario(pairs) if case else lambda _asked: OK) as server:
        yield server


def ended(
    case: Case | None,
    run: Run,
    folder: Path,
    *,
    pairs: int,
    down_s: float = 0.5,
    client: str = "auto",
) -> Ended:
    """Return how a run of so many pairs ends under a case; None disturbs nothing."""
    prompts = write_prompts(folder / "prompts.jsonl", pairs)
    out = folder / "run"
    with serving(case, pairs) as server:
        command = ["run", "--prompts", str(prompts), "--languages", ",".join(LANGUAGES)]
        command += ["--target", "vllm/target", "--judge", "llama-guard-3=vllm/guard"]
        command += ["--base-url", server.base_url, "--bootstrap", "0", "--answers", "0"]
        command += ["--out", str(out), "--http-client", client]
        began = time.monotonic()
        if case and case.drive:
            case.drive(server, run, command, pairs, down_s)
        code = run(command)
        took_s = time.monotonic() - began
        asked, connections = server.n, server.connections
    results = out / "results.json"
    return Ended(
        code=code,
        results=results.read_bytes() if results.exists() else b"",
        asked=asked,
        connections=connections,
        took_s=took_s,
    )


def same(left: Ended, right: Ended) -> bool:
    """Return whether two runs ended alike."""
    return (left.code, left.results) == (right.code, right.results) and left.results != b""
