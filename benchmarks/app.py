"""Measure the app on a large run: reading it, pages by filters, searching, and the memory of the server.

    python benchmarks/app.py [--answers 75000] [--folder FOLDER]

The run is made without a server: five languages, models so many that a text has at most four answers,
verdicts of two judges, checks and some blocked requests. Each page is asked over HTTP, as a browser
does, ten times; the median is shown. With 75,000 answers it exits with 1 where the first page takes a
second from the start of the process that serves it, a filter 0.3 s, or the memory 300 MB.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import memory

if TYPE_CHECKING:
    from safeglot.flow.run.job import Job

SRC = Path(__file__).resolve().parent.parent / "src"
FILTERS = {
    "first page": "",
    "unsafe in German": "language=de&verdict=unsafe",
    "flips": "show=flips",
    "judges disagree": "show=disagree",
    "a category": "category=c7&kind=refused",
    "far down the list": "from={half}",
    "search, no hit": "q=no+such+words",
    "one answer": "a=1000.0.0",
}
MOST_S, FIRST_S, MOST_MB = 0.3, 1.0, 300.0


def job_of(folder: Path, models: int) -> Job:
    from safeglot import pipeline
    from safeglot.config.files import known
    from safeglot.config.settings import build
    from safeglot.flow.run import same_inputs

    table = {
        "prompts": str(folder / "prompts.jsonl"),
        "target": [f"vllm/owner/target-{i}" for i in range(models)],
        "judge": ["llama-guard-3=vllm/owner/guard", "wildguard=vllm/owner/wild"],
        "base_url": "http://127.0.0.1:9/v1",
        "out": str(folder / "run"),
        "bootstrap": 0,
    }
    config = build(table, known=known(), where="app.py")
    return same_inputs.held_job(config) or pipeline.plan(config, None)


def make(folder: Path, answers: int) -> None:
    """Write a run with so many answers."""
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir
    from safeglot.backends.store.schema.tables import INSERT
    from safeglot.backends.store.store import Store
    from safeglot.flow.run import session

    models = 1 if answers < 1_000_000 else 4
    memory.LANGUAGES = ("en", "de", "es", "fr", "it")
    texts = answers // models
    memory.write_prompts(folder / "prompts.jsonl", min(texts, 999_999))
    job = job_of(folder, models)
    with session.begun(RunDir(job.path), job, Console(quiet=True)):
        pass
    path = folder / "run" / "safeglot.db"
    store = Store(path)
    asked = [store.step("generate", target.name, target.id) for target in job.targets]
    judged = [store.step("judge", judge.name, judge.id, judge.mode) for judge in job.judges]
    store.close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous=OFF")
    n = db.execute("SELECT MAX(id) FROM translations").fetchone()[0]
    places = [(t, s) for t in range(1, n + 1) for s in asked]
    numbers = range(1, len(places) + 1)
    rows = {
        "replies": ((i, None, f"[answer {i}] {memory.ANSWER}", "stop", 150, 80, None, "", None, "benchmark", 0) for i in numbers),
        "responses": ((i, *place, 0, i, None) for i, place in enumerate(places, start=1)),
        "verdicts": ((i, j, int(i % (9 + 4 * k) == 0), None, "safe", 0.02, "[]", i % 2, None, "", "", None)
                     for i in numbers for k, j in enumerate(judged)),
        "traits": ((i, 2, "INV-lang" if i % 50 == 0 else None, "en", 0.9, 0, None) for i in numbers),
    }  # fmt: skip
    for table, made in rows.items():
        db.executemany(INSERT[table], made)
    db.commit()
    db.close()


def got(url: str) -> tuple[float, str]:
    began = time.perf_counter()
    with urllib.request.urlopen(url, timeout=120) as reply:
        text = reply.read().decode()
    return time.perf_counter() - began, text


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1e3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=75_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="safeglot-app-"))
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "run" / "manifest.json").exists():
        make(folder, given.answers)
    began = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "safeglot.cli", "view", str(folder / "run")],
        env={**os.environ, "PYTHONPATH": str(SRC)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    missed = 0
    try:
        url = server.stdout.readline().strip()
        printed_s = time.perf_counter() - began
        while "<h1>Reading" in (text := got(url)[1]):
            time.sleep(0.05)
        first_s, used_s = time.perf_counter() - began, cpu_s(server.pid)
        size = (folder / "run" / "safeglot.db").stat().st_size / 1e9
        print(f"{given.answers:,} answers, a database of {size:.2f} GB")
        print(f"address printed after {printed_s:.2f} s, first whole page after {first_s:.2f} s, {used_s:.2f} s of the processor ({len(text) / 1e3:.0f} kB)")  # fmt: skip
        for name, query in FILTERS.items():
            address = f"{url}?{query.format(half=given.answers // 2)}"
            times = [got(address)[0] for _ in range(10)]
            median, first = statistics.median(times), times[0]
            missed += given.answers <= 75_000 and median > MOST_S
            print(f"{name:20} {median:6.3f} s (the first time {first:.3f})")
        peak = peak_mb(server.pid)
        print(f"memory of the server: {peak:.0f} MB")
        missed += peak > MOST_MB or (given.answers <= 75_000 and first_s > FIRST_S)
    finally:
        server.terminate()
        server.wait()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
