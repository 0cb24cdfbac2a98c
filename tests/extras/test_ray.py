"""A real Ray cluster on this machine: the same bytes as without it, through lost processes and a restart."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.runs import (
    COMMAND,
    GUARD,
    LANGUAGES,
    TARGET,
    environment,
    run_arguments,
    scripted,
    write_prompts,
)
from e2e.test_loopback_resume import CATEGORIES, interrupt, label
from example import tiny_llama
from loopback import Fault, Loopback
from waiting import HANG_S, until

N = 40
PAIRS = N * len(LANGUAGES)
KEY = "sk-of-the-cluster-0123456789"
VERDICTS = {(i, tag): label(i, tag) for i in range(N) for tag in LANGUAGES}
RAY = ("--engine", "ray", "--replicas", "2")


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    return write_prompts(tmp_path_factory.mktemp("ray") / "prompts.jsonl", N, CATEGORIES)


@pytest.fixture
def folder():
    """A folder with a short name: Ray's sockets in it have long ones."""
    made = Path(tempfile.mkdtemp(prefix="r"))
    yield made
    shutil.rmtree(made)


def command(*given, code=0, **env):
    done = subprocess.run(
        [*COMMAND, *map(str, given)],
        env=environment(**env), capture_output=True, text=True, timeout=HANG_S, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def results(out):
    return (out / "results.json").read_bytes()


def processes():
    """(process, its title) of all."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield int(entry.name), (entry / "cmdline").read_bytes().decode()
            except OSError:  # it has ended
                continue


def replicas():
    return [process for process, title in processes() if title.startswith("ray::Replica")]


def connections(process, port):
    """How many connections a process has to a port of this machine."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    wanted = {f"socket:[{r[9]}]" for r in rows if int(r[2].partition(":")[2], 16) == port}
    open_files = Path(f"/proc/{process}/fd")
    return sum(str(file.readlink()) in wanted for file in open_files.iterdir())


def held_run(arguments, server, lose, **env):
    """What a run under Ray said that loses something while the server holds what it was asked.

    `lose` may return that nothing was there to be lost.
    """
    gone = threading.Event()
    late = Fault(until=gone.is_set)
    server.requests.clear()
    server.script.fault = lambda _seen: late if len(server.requests) > 60 else None
    run = subprocess.Popen(
        [*COMMAND, *arguments, *RAY],
        env=environment(**env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: server.in_flight >= 8 or run.poll() is not None)
    assert run.poll() is None, run.communicate()
    nothing = lose(int(server.base_url.split(":")[2].split("/")[0]))
    gone.set()
    _, said = run.communicate(timeout=HANG_S)
    server.script.fault = lambda _seen: None
    assert run.returncode == 0, said
    assert "Traceback" not in said
    assert "worker died" not in said, "Ray's own words"
    if not nothing:
        assert len(server.requests) > 2 * PAIRS, "what was lost is asked again"
        assert is_counted(said), said
    return said


def is_child(process, parents):
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1]) in parents


def is_counted(said):
    return re.search(r"replica \d was lost once; [1-9]\d* lists were asked again", said)


@pytest.mark.kills
def test_every_way_to_a_run_gives_the_same_bytes(prompts, tmp_path, folder):
    """Locally, on Ray with a lost process, in two shards that are merged, and killed and resumed."""
    logged = b""

    def lose_the_busiest(port):
        nonlocal logged
        there = replicas()
        assert len(there) == 4, "two of the target and two of the judge"
        os.kill(max(there, key=lambda process: connections(process, port)), signal.SIGKILL)
        until(lambda: set(replicas()) - set(there))
        logged = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())

    with Loopback(scripted(VERDICTS)) as server:

        def arguments(name, **flags):
            return run_arguments(server.base_url, tmp_path / name, prompts, concurrency=16, **flags)

        command(*arguments("local"))
        here = results(tmp_path / "local")
        for part in (1, 2):
            command(*arguments(f"part-{part}", shard=f"{part}/2"))
        command("merge", tmp_path / "part-1", tmp_path / "part-2", "--out", tmp_path / "merged")
        command("score", tmp_path / "merged")
        killed = interrupt(
            arguments("resumed"), tmp_path / "resumed", server, at_least=50, how=signal.SIGKILL
        )
        assert killed.returncode == -signal.SIGKILL
        assert not (tmp_path / "resumed" / "results.json").exists()
        command(*arguments("resumed"))
        own = {"TMPDIR": str(folder), "VLLM_API_KEY": KEY}
        held_run(arguments("ray"), server, lose_the_busiest, **own)
        keys = {seen.headers["Authorization"] for seen in server.requests}
    for name in ("merged", "resumed", "ray"):
        assert results(tmp_path / name) == here, name
    assert keys == {f"Bearer {KEY}"}, "the environment brings it to the replicas"
    assert len(logged) > 1000, "these are Ray's logs"
    for text in (KEY, "request 7 in", "[answer 7"):
        assert text.encode() not in logged
    assert list(folder.iterdir()) == [], "nothing of the cluster is left"
    assert replicas() == []


@pytest.mark.kills
def test_a_plan_that_stops_early_stops_where_it_does_without(prompts, tmp_path):
    with Loopback(scripted(VERDICTS)) as server:
        asked = {}
        for name, how in (("local", ()), ("ray", RAY)):
            flags = {"plan": "screen", "within": "25", "concurrency": 16}
            given = run_arguments(server.base_url, tmp_path / name, prompts, **flags)
            server.requests.clear()
            command(*given, *how)
            asked[name] = sorted(seen.texts[-1] for seen in server.requests)
    assert asked["ray"] == asked["local"]
    assert len(asked["ray"]) < 2 * PAIRS
    assert results(tmp_path / "ray") == results(tmp_path / "local")


@pytest.mark.kills
def test_replicas_that_hold_a_model_give_the_same_bytes(prompts, tmp_path):
    """transformers in two processes of Ray, on random weights."""
    asked = (
        "run", "--prompts", prompts, "--target", f"hf/{tiny_llama.save(tmp_path / 'llama')}",
        "--judge", "refusal-baseline", "--max-tokens", 16, "--max-missing", 1,
    )  # fmt: skip
    command(*asked, "--out", tmp_path / "local")
    command(*asked, *RAY, "--out", tmp_path / "ray")
    assert results(tmp_path / "ray") == results(tmp_path / "local")
    answers = json.loads(results(tmp_path / "ray"))["estimates"]
    assert any(row["metric"] == "safety" and row["n"] for row in answers)


@pytest.mark.kills
def test_answers_that_are_there_are_judged_by_replicas(prompts, tmp_path):
    with Loopback(scripted(VERDICTS)) as server:
        for name in ("local", "ray"):
            command(
                "generate", "--prompts", prompts, "--target", TARGET,
                "--base-url", server.base_url, "--out", tmp_path / name,
            )  # fmt: skip
            asked = ("--judge", GUARD, "--judge-base-url", server.base_url, "--repeat", "1")
            said = command("judge", tmp_path / name, *asked, *(RAY if name == "ray" else ()))
            command("score", tmp_path / name)
    assert said.stderr.count("ray: 2 replicas on 1 machine") >= 2, "the second pass too"
    assert results(tmp_path / "ray") == results(tmp_path / "local")


def raylets():
    return {process for process, title in processes() if "raylet/raylet" in title}


@contextmanager
def cluster(folder, port):
    """Two machines of a cluster, as far as Ray knows, on this one; the processes of the second."""
    ray = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--num-cpus=1"]
    head = [f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}/r"]
    env = environment(
        RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="a" * 64, RAY_USAGE_STATS_ENABLED="0",
    )  # fmt: skip
    started = []
    before = raylets()
    try:
        for place in (["--head", *head], [f"--address=127.0.0.1:{port}"]):
            known = raylets()
            with (folder / f"{len(started)}.txt").open("w") as said:
                started.append(subprocess.Popen([*ray, *place], env=env, stdout=said, stderr=said))
            until(lambda known=known: raylets() - known or started[-1].poll() is not None)
            until(lambda: "started." in said_by(folder, len(started) - 1))
        yield raylets() - known
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(HANG_S)
        for process in raylets() - before:
            os.kill(process, signal.SIGKILL)


def said_by(folder, n):
    return (folder / f"{n}.txt").read_text("utf-8")


@pytest.mark.kills
def test_a_lost_machine_of_a_cluster_costs_nothing(prompts, tmp_path, folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "a" * 64}

    with Loopback(scripted(VERDICTS)) as server, cluster(folder, port) as second:

        def arguments(name, **flags):
            return run_arguments(server.base_url, tmp_path / name, prompts, concurrency=16, **flags)

        def lose_the_second(_port):
            there = {process for process in replicas() if is_child(process, second)}
            for process in second:
                os.kill(process, signal.SIGKILL)
            until(lambda: not there & set(replicas()))
            return not there  # Ray may have put all replicas on the first

        command(*arguments("local"))
        joined = arguments("ray", **{"ray-address": f"127.0.0.1:{port}"})
        held_run(joined, server, lose_the_second, **token)
        assert results(tmp_path / "ray") == results(tmp_path / "local")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--ray-address", "127.0.0.1:1"), "no Ray cluster can be joined there"),
        (("--ray-address", "ray://head:10001"), "on a machine of the cluster"),
        (("--ray-address", "head"), "allowed is auto on a machine of the cluster, or HOST:PORT"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_anything_is_asked(prompts, tmp_path, given, told):
    with Loopback(scripted(VERDICTS)) as server:
        asked = run_arguments(server.base_url, tmp_path / "run", prompts, engine="ray")
        done = command(*asked, *given, code=2)
    assert told in done.stderr
    assert server.requests == []
