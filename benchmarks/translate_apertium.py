"""Sentences a second of Apertium's directions, and the CPU that safeglot itself takes for each.

    python benchmarks/translate_apertium.py [--n 400] [--width 64] [es gl ca eo fr]

Limits: 70 sentences/s in each direct direction, 0.2 ms of our own CPU a sentence.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import sys
import time
from importlib import resources
from pathlib import Path

from safeglot.backends.apertium import Apertium
from safeglot.types import Request

RATE_PER_S, OWN_MS = 70.0, 0.2


def prompts(n: int) -> list[str]:
    """Return `n` English prompts: the bundled ones, numbered so that no two are alike."""
    lines = resources.files("safeglot.prompts").joinpath("mini.jsonl").read_text("utf-8")
    texts = [json.loads(line)["en"] for line in lines.splitlines() if line.strip()]
    return [f"{texts[i % len(texts)]} {i // len(texts) or ''}".strip() for i in range(n)]


def children_s(pids: tuple[int, ...]) -> float:
    """Return the CPU seconds of the processes that run, and of those that have ended."""
    tick = os.sysconf("SC_CLK_TCK")
    running = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        running += (int(fields[11]) + int(fields[12])) / tick
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return running + ended.ru_utime + ended.ru_stime


async def measure(target: str, texts: list[str], width: int) -> tuple[float, float, float]:
    """Return sentences a second, our own CPU and the programs' CPU in ms a sentence."""
    model = Apertium()
    gate = asyncio.Semaphore(width)

    async def one(text: str) -> None:
        async with gate:
            extra = {"source": "en", "target": target}
            await model.answer(Request(model="apertium", prompt=text, max_tokens=0, extra=extra))

    await asyncio.gather(*map(one, texts[:5]))
    pids = tuple(pid for mode in model.route("en", target) for pid in model.pids(mode))
    programs, own, started = children_s(pids), time.process_time(), time.perf_counter()
    await asyncio.gather(*map(one, texts))
    took, own = time.perf_counter() - started, time.process_time() - own
    pids = tuple(pid for mode in model.route("en", target) for pid in model.pids(mode))
    programs = children_s(pids) - programs
    await model.close()
    return len(texts) / took, 1e3 * own / len(texts), 1e3 * programs / len(texts)


def main() -> int:
    """Print a line a direction; 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("targets", nargs="*", default=["es", "gl", "ca", "eo", "fr"])
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--width", type=int, default=64)
    given = parser.parse_args()
    texts = prompts(given.n)
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    bad = False
    for target in given.targets:
        rate, own, programs = asyncio.run(measure(target, texts, given.width))
        modes = "+".join(Apertium().route("en", target))
        bad |= (rate < RATE_PER_S and "+" not in modes) or own > OWN_MS
        print(f"{modes:24s} {rate:7.0f} /s   own {own:.3f} ms   programs {programs:.1f} ms")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
