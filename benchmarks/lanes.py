"""Whether no endpoint waits for another: the ramp, a fast model beside a slow one, one dead of forty.

    python benchmarks/lanes.py

Whole runs of the command line against servers on loopback that answer after a set time. Times are those
of the run's own log, from the first request of a model to its last reply.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from overhead import SRC, write_prompts
from overhead_server import Connection

RAMP_SAMPLES, RAMP_S, RAMP_CONCURRENCY, MAX_RAMP = 500, 1.0, 256, 2.5
FAIR_SAMPLES, FAST_S, SLOW_S, MAX_FAIR = 1200, 0.02, 1.0, 1.3
FAIR_REPEATS = 2
"""The least of each is compared: what else the machine does only adds to a time."""
ENDPOINTS, DEAD_SAMPLES = 40, 50
TARGET, JUDGE = "vllm/target", "llama-guard-3=vllm/guard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure, its limit, and what it was measured on."""

    what: str
    figure: str
    limit: str
    met: bool
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run that ended."""

    code: int
    err: str
    folder: Path

    def seconds(self, model: str, *, whole: bool = False) -> float:
        """Return the time from the first request to a model to its last reply, or to that of the `whole` run."""
        text = (self.folder / "log.jsonl").read_text("utf-8")
        lines = [json.loads(line) for line in text.splitlines()]
        mine = [line for line in lines if line["model"] == model]
        began = min(line["at"] - line["seconds"] for line in mine)
        return float(max(line["at"] for line in (lines if whole else mine)) - began)

    def answered(self) -> dict[str, int]:
        """Return the number of judged answers of each model."""
        rows = json.loads((self.folder / "results.json").read_text("utf-8"))["estimates"]
        micro = (r for r in rows if r["metric"] == "safety_micro" and not r["category"])
        return {r["model"]: r["n"] for r in micro if r["language"] is None}


# ---- servers


class Late:
    """A transport that writes after a while."""

    def __init__(self, transport: asyncio.Transport, delay_s: float) -> None:
        self.transport = transport
        self.delay_s = delay_s

    def write(self, data: bytes) -> None:
        """Write later."""
        asyncio.get_running_loop().call_later(self.delay_s, self.transport.write, data)


def late(delay_s: float) -> type[Connection]:
    """Return a connection that answers after a while."""

    class Waiting(Connection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.transport = Late(self.transport, delay_s)  # type: ignore[assignment]

    return Waiting


async def serve(delays: Sequence[float]) -> None:
    """Serve on a port for each delay until killed; print the base URLs."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(late(s), "127.0.0.1", 0, backlog=1024) for s in delays]
    print(*(f"http://127.0.0.1:{s.sockets[0].getsockname()[1]}/v1" for s in servers), flush=True)
    await asyncio.Event().wait()


@contextmanager
def serving(*delays: float) -> Iterator[list[str]]:
    """Run the servers in a process of their own and give their base URLs."""
    command = [sys.executable, __file__, "serve", *map(str, delays)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()
        finally:
            server.terminate()


# ---- runs


def run(folder: Path, samples: int, targets: dict[str, str], **settings: object) -> Ran:
    """Run the command on so many samples of each target, a model string at an address."""
    folder.mkdir()
    write_prompts(folder / "prompts.jsonl", samples)
    given: dict[str, object] = {"bootstrap": 0, "answers": 0, **settings}
    given |= {"prompts": str(folder / "prompts.jsonl"), "out": str(folder / "run")}
    tables = [
        f'[[target]]\nmodel = "{model}"\nbase_url = "{at}"\n' for model, at in targets.items()
    ]
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in given.items()]
    (folder / "study.toml").write_text("".join(lines + tables), "utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "safeglot.cli",
            "run",
            str(folder / "study.toml"),
            "--unchecked-judge",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SRC), "XDG_STATE_HOME": str(folder)},
    )
    return Ran(code=done.returncode, err=done.stderr, folder=folder / "run")


def check(ran: Ran, code: int = 0) -> Ran:
    """Return a run that ended with a code, or end with what it said."""
    if ran.code != code:
        raise SystemExit(f"exit {ran.code} where {code} was due:\n{ran.err}")
    return ran


def ramp(folder: Path) -> Row:
    """Measure how long a server of a second takes for answers and verdicts."""
    with serving(RAMP_S) as (server,):
        settings = {"judge": JUDGE, "base_url": server, "concurrency": RAMP_CONCURRENCY}
        ran = check(run(folder, RAMP_SAMPLES, {TARGET: server}, **settings))
    took_s = ran.seconds(TARGET, whole=True)
    best_s = 2 * RAMP_SAMPLES * RAMP_S / RAMP_CONCURRENCY
    return Row(
        what="ramp",
        figure=f"{took_s / best_s:.2f} times the ideal",
        limit=f"at most {MAX_RAMP:g}",
        met=took_s <= MAX_RAMP * best_s,
        how=f"{RAMP_SAMPLES} samples and verdicts, a server of {RAMP_S:g} s, --concurrency "
        f"{RAMP_CONCURRENCY}: {took_s:.1f} s, {best_s:.1f} at best",
    )


def fairness(folder: Path) -> Row:
    """Measure a fast model alone and beside a slow one, each on an endpoint of its own, in turn."""
    fast, slow = "vllm/fast", "vllm/slow"
    folder.mkdir()
    alone: list[float] = []
    beside: list[float] = []
    with serving(FAST_S, SLOW_S) as (quick, lazy):
        for n in range(FAIR_REPEATS):
            judge = {"judge": "refusal-baseline"}
            ran = check(run(folder / f"alone-{n}", FAIR_SAMPLES, {fast: quick}, **judge))
            alone.append(ran.seconds(fast))
            both = {slow: lazy, fast: quick}
            ran = check(run(folder / f"both-{n}", FAIR_SAMPLES, both, **judge))
            beside.append(ran.seconds(fast))
    alone_s, beside_s, slow_s = min(alone), min(beside), ran.seconds(slow)
    return Row(
        what="fairness",
        figure=f"{beside_s / alone_s:.2f} times its time alone",
        limit=f"at most {MAX_FAIR:g}",
        met=beside_s <= MAX_FAIR * alone_s,
        how=f"{FAIR_SAMPLES} samples at {FAST_S:g} s beside as many at {SLOW_S:g} s: "
        f"{beside_s:.1f} s, alone {alone_s:.1f} (the slow one {slow_s:.1f})",
    )


def one_dead(folder: Path) -> Row:
    """Run forty models on an endpoint each, one of which is not there."""
    with serving(*[FAST_S] * (ENDPOINTS - 1)) as servers, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        there = {f"vllm/model-{n}": at for n, at in enumerate(servers, 1)}
        ran = run(folder, DEAD_SAMPLES, {"vllm/model-0": dead, **there}, judge="refusal-baseline")
    answered = ran.answered() if (ran.folder / "results.json").exists() else {}
    whole = sum(answered.get(model) == DEAD_SAMPLES for model in there)
    named = dead in ran.err
    return Row(
        what="one dead of forty",
        figure=f"{whole} of {len(there)} finished, exit {ran.code}, {'named' if named else 'not named'}",
        limit=f"wanted {len(there)}, exit 3, named",
        met=whole == len(there) and ran.code == 3 and named,
        how=f"{ENDPOINTS} models with an endpoint each, {DEAD_SAMPLES} samples a model",
    )


def table(rows: Sequence[Row]) -> str:
    """Return the figures as lines."""
    return "\n".join(
        f"{'ok     ' if row.met else 'NOT MET'}  {row.what}: {row.figure} ({row.limit})\n"
        f"         {row.how}"
        for row in rows
    )


def main() -> int:
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}")
    with tempfile.TemporaryDirectory(prefix="safeglot-lanes-") as folder:
        rows = [
            measured(Path(folder) / name)
            for name, measured in (("ramp", ramp), ("fairness", fairness), ("dead", one_dead))
        ]
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve([float(s) for s in sys.argv[2:]]))
    sys.exit(main())
