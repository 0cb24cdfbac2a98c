"""The two clients that benchmarks/overhead.py compares, each in a process of its own.

    python overhead_client.py CLIENT|minimal PROMPTS.jsonl BASE_URL FOLDER

CLIENT is what `safeglot --http-client` takes.

Prints one line of JSON: CPU seconds of start-up and of collecting, wall seconds, peak memory.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_VERDICTS = "SELECT COUNT(*) FROM verdicts WHERE unsafe IS NOT NULL"
IN_FLIGHT = 64
"""safeglot's default --concurrency."""


def cpu_s() -> float:
    """CPU of this process so far, all threads, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


class Meter:
    """Splits the time of a process into start-up and collecting."""

    def start(self) -> None:
        self.startup, self.began = cpu_s(), time.monotonic()

    def stop(self) -> None:
        self.cpu, self.wall = cpu_s() - self.startup, time.monotonic() - self.began

    def report(self, samples: int) -> None:
        figures = {
            "samples": samples,
            "startup_cpu_s": self.startup,
            "cpu_s": self.cpu,
            "wall_s": self.wall,
            "peak_mb": peak_mb(),
        }
        print(json.dumps(figures), flush=True)


# ---- safeglot: the real path, from the prompt file to the store


def safeglot(client: str, prompts: str, base_url: str, folder: str) -> None:
    from safeglot import pipeline
    from safeglot.backends.console import Console
    from safeglot.backends.engine.engine import Engine
    from safeglot.backends.store.store import Store
    from safeglot.config import files
    from safeglot.config.settings import build

    meter, begin = Meter(), Engine.__init__

    def metered(engine: Engine, *arguments: Any, **options: Any) -> None:
        meter.start()  # all inputs are read and written by now, nothing is asked yet
        begin(engine, *arguments, **options)

    Engine.__init__ = metered  # type: ignore[method-assign]
    table = {
        "prompts": prompts,
        "target": "vllm/target",
        "judge": "llama-guard-3=vllm/guard",
        "base_url": base_url,
        "out": folder,
        "http_client": client,
    }
    config = build(table, known=files.known())
    run_dir = pipeline.generate(config, Console(), judged=True, unchecked=True)
    meter.stop()  # the store is closed by now: its last fold of the WAL counts as well
    store = Store(run_dir.database, read_only=True)
    meter.report(next(store.rows(_VERDICTS))[0])
    store.close()


# ---- the minimal loop: the same client and the same bodies, nothing kept


def bodies(prompts: str) -> Iterator[dict[str, Any]]:
    with Path(prompts).open(encoding="utf-8") as file:
        for line in file:
            message = {"role": "user", "content": json.loads(line)["text"]}
            yield {
                "model": "target",
                "max_tokens": 200,
                "temperature": 1.0,
                "top_p": 1.0,
                "messages": [message],
                "seed": 0,
            }


def judge_body(target: dict[str, Any], answer: str) -> dict[str, Any]:
    return {
        "model": "guard",
        "max_tokens": 20,
        "temperature": 0.0,
        "top_p": 1.0,
        "messages": [*target["messages"], {"role": "assistant", "content": answer}],
        "logprobs": True,
        "top_logprobs": 5,
    }


async def minimal(prompts: str, base_url: str) -> None:
    import aiohttp

    meter, url, done = Meter(), f"{base_url}/chat/completions", 0
    session = aiohttp.ClientSession(
        headers={"Content-Type": "application/json"},
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
        timeout=aiohttp.ClientTimeout(total=120.0),
        cookie_jar=aiohttp.DummyCookieJar(),
    )

    async def ask(body: dict[str, Any]) -> str:
        data = json.dumps(body, ensure_ascii=False).encode()
        async with session.post(url, data=data) as response:
            raw = await response.read()
        return str(json.loads(raw)["choices"][0]["message"]["content"])

    source = bodies(prompts)

    async def worker() -> None:
        nonlocal done
        for body in source:
            await ask(judge_body(body, await ask(body)))
            done += 1

    meter.start()
    async with session:
        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    meter.stop()
    meter.report(done)


if __name__ == "__main__":
    which, prompts_file, server, out = sys.argv[1:]
    if which == "minimal":
        asyncio.run(minimal(prompts_file, server))
    else:
        safeglot(which, prompts_file, server, out)
