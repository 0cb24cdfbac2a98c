"""Make one whole run of a million samples against a server that answers at once, and print its table.

    python benchmarks/million.py [--samples 1000000] [--folder FOLDER]

Prompts are those of `memory.py` (374 MB, one language), the server that of `overhead.py`: a sample is a
request to a target and one to a judge. The run is the command `safeglot`, looked at from outside
every tenth; then the same command again, and score, report and export. Takes about half an hour.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import memory
import overhead
from safeglot.backends.store.store import Store

TICKS = os.sysconf("SC_CLK_TCK")


def used(pid: int) -> tuple[float, float]:
    """Return the CPU seconds and the peak memory in MB of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    peak = int(status.partition("VmHWM:")[2].split()[0])
    return (int(fields[11]) + int(fields[12])) / TICKS, peak / 1e3


def count(database: Path) -> int:
    """Return how many verdicts there are."""
    try:
        store = Store(database, read_only=True)
        found = store.count("SELECT COUNT(*) FROM verdicts")
        store.close()
    except Exception:  # noqa: BLE001 - not there yet, or just being made
        return 0
    return found


def watched(
    command: list[str], database: Path, step: int
) -> Iterator[tuple[int, float, float, float]]:
    """Yield (verdicts, wall seconds, CPU seconds, peak MB) of a command now and then, and at its end."""
    began, at, done = time.monotonic(), step, 0
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    pid = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL).pid
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            break
        time.sleep(2)
        if step and (done := count(database)) >= at:
            at = done // step * step + step
            yield (done, time.monotonic() - began, *used(pid))
    if status:
        raise SystemExit(f"{' '.join(command[:4])}: exit {os.waitstatus_to_exitcode(status)}")
    cpu_s, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3
    yield (count(database), time.monotonic() - began, cpu_s, peak)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="safeglot-million-"))
    folder.mkdir(parents=True, exist_ok=True)
    prompts, run = folder / "prompts.jsonl", folder / "run"
    memory.write_prompts(prompts, options.samples)
    print(f"prompts: {prompts.stat().st_size / 1e6:.0f} MB", flush=True)
    safeglot = [sys.executable, "-m", "safeglot.cli"]
    with overhead.serving() as url:
        generate = [
            *safeglot, "run", "--prompts", str(prompts), "--target", "vllm/target", "--judge",
            "llama-guard-3=vllm/guard", "--base-url", url, "--out", str(run), "--unchecked-judge",
            "--quiet",
        ]  # fmt: skip
        stages = {
            "run": generate,
            "the same command again": generate,
            "score": [*safeglot, "score", str(run)],
            "report": [*safeglot, "report", str(run)],
            "export": [*safeglot, "export", str(run), "--format", "parquet"],
        }
        for name, command in stages.items():
            print(f"{name}\n   verdicts   wall s    CPU s  peak MB  ms CPU a sample", flush=True)
            before = (0, 0.0, 0.0, 0.0)
            for row in watched(
                command, run / "safeglot.db", options.samples // 10 * (name == "run")
            ):
                new = row[0] - before[0]
                each = 1e3 * (row[2] - before[2]) / new if new > 0 and name == "run" else 0.0
                print(
                    f"{row[0]:>11,} {row[1]:>8.0f} {row[2]:>8.1f} {row[3]:>8.0f}  {each:.3f}",
                    flush=True,
                )
                before = row
    print(f"database: {(run / 'safeglot.db').stat().st_size / 1e9:.2f} GB in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
