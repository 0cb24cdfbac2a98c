"""Translate by Apertium, through the whole stage: sentences a second, and the CPU that is ours.

    python benchmarks/translate_apertium.py [--n 4000] [--turns 3] [es gl ca eo fr]

*ours* is the CPU time of safeglot's own process: requests, keys, store, log, and the talking with
the programs. *stage* is the same with a translator that answers at once, in turn with it; what is
between the two is the talking. *programs* is the CPU of Apertium. The smallest of the turns counts.

Limits, for directions without a pivot: 70 sentences/s, and 0.2 ms of our own CPU a sentence.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import Any

from safeglot.backends.console import Console
from safeglot.backends.engine.engine import Route
from safeglot.backends.store.store import Store
from safeglot.backends.translators.apertium.translator import Apertium
from safeglot.config.settings import Config
from safeglot.flow.translation.asking import Asking, open_bench
from safeglot.flow.translation.translators import IN_PROCESS, TranslationSteps
from safeglot.translate.translators.machine import MachineTranslator
from safeglot.types import Reply, Source

RATE_PER_S, OWN_MS = 70.0, 0.2


class AtOnce:
    """Answers without doing anything."""

    async def answer(self, _request: Any) -> Reply:
        await asyncio.sleep(0)
        return Reply(text="Una frase que ya estaba.")

    async def close(self) -> None:
        """Nothing is held."""


def prompts(n: int) -> list[str]:
    """Return `n` English prompts: the bundled ones, numbered so that no two are alike."""
    lines = resources.files("safeglot.prompts").joinpath("mini.jsonl").read_text("utf-8")
    texts = [json.loads(line)["en"] for line in lines.splitlines() if line.strip()]
    return [f"{texts[i % len(texts)]} {i // len(texts) or ''}".strip() for i in range(n)]


def programs_s() -> float:
    """Return the CPU seconds of the programs that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def measure(model: Any, target: str, texts: list[str]) -> tuple[float, float, float]:
    """Return sentences a second, our own CPU and the programs' CPU in ms a sentence."""
    step = MachineTranslator(
        name="apertium",
        model="apertium",
        faults=lambda *_: "",
        revisions=lambda *pair: "-".join(pair),
    )
    route = Route(model=model, lane="apertium", concurrency=IN_PROCESS, fixed=True)
    sources = [
        Source(prompt=f"p{i}", text=text, language="en", target=target)
        for i, text in enumerate(texts)
    ]
    with tempfile.TemporaryDirectory() as place:
        asking = Asking(
            config=Config(),
            steps=TranslationSteps(translators=(step,), engines={"apertium": lambda: route}),
            log=Path(place) / "log.jsonl",
            console=Console(quiet=True),
        )
        store = Store(Path(place) / "replies.db")

        async def work() -> int:
            async with open_bench(asking, store) as bench:
                return sum(bool(row.broken) for row in await bench.candidates(sources))

        programs, own, started = programs_s(), time.process_time(), time.perf_counter()
        failed = asyncio.run(work())
        took, own = time.perf_counter() - started, time.process_time() - own
        store.close()
    if failed:
        sys.exit(f"{failed} of {len(texts)} texts were not translated into {target}")
    return len(texts) / took, 1e3 * own / len(texts), 1e3 * (programs_s() - programs) / len(texts)


def main() -> int:
    """Print a line a direction; 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("targets", nargs="*", default=["es", "gl", "ca", "eo", "fr"])
    parser.add_argument("--n", type=int, default=4000)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    texts = prompts(given.n)
    started = time.perf_counter()
    for _ in range(10_000_000):
        pass
    loop = time.perf_counter() - started
    print(f"{platform.machine()}, {os.cpu_count()} cores, 10 million empty loops {loop:.2f} s")
    over = []
    for target in given.targets:
        modes = "+".join(Apertium().route("en", target))
        turns = [
            (measure(Apertium(), target, texts), measure(AtOnce(), target, texts)[1])
            for _ in range(given.turns)
        ]
        rate = max(turn[0][0] for turn in turns)
        own, programs = (min(turn[0][k] for turn in turns) for k in (1, 2))
        stage = min(turn[1] for turn in turns)
        if "+" not in modes and (rate < RATE_PER_S or own > OWN_MS):
            over.append(modes)
        print(
            f"{modes:16s} {rate:6.0f} /s   ours {own:.3f} ms (stage {stage:.3f})   "
            f"programs {programs:.2f} ms",
            flush=True,
        )
    print(f"over a limit: {', '.join(over)}" if over else "within the limits")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
