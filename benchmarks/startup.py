"""Measure what a command costs before it does any work.

    python benchmarks/startup.py [--times 9]

CPU time (user and system) of a whole process, the median of nine, for each command that only
looks at something or refuses. Exits with 1 where one takes more than its limit.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

MAX_CPU_S = 0.25
SRC = Path(__file__).resolve().parent.parent / "src"
RECORDED = SRC.parent / "tests" / "data" / "recorded.tar.xz"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SRC)}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled once
CSV = "id,text,language,category\n" + "".join(
    f"p{i},a question,{tag},crime_tax\n" for i in range(50) for tag in ("en", "de", "sw")
)
SERVER = (
    "run --dry-run --prompts mini --target vllm/owner/name --judge llama-guard-3=vllm/owner/guard"
)
CASES = {
    "--version": 0,
    "--help": 0,
    "run --help": 0,
    "nosuch": 2,
    "ls .": 0,
    "doctor": 0,
    "prompts --prompts mini": 0,
    "prompts --prompts prompts.csv": 0,
    f"{SERVER} --out new": 0,
    "run --dry-run --prompts mini --target embedded/smollm2-135m --judge refusal-baseline": 0,
    "run --propmts mini": 2,
    "run --prompts mini --judge lama-guard": 2,
    "run --prompts absent.csv": 2,
    "run --prompts mini --languages en,xx": 2,
}
"""Command -> the exit code that it has to end with."""


def cpu_s(arguments: str, folder: Path, code: int) -> float:
    """Return the CPU seconds of one run of safeglot."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "safeglot.cli", *arguments.split()],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != code:
        sys.exit(f"safeglot {arguments}: exit code {done.returncode}\n{done.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=9)
    times = parser.parse_args().times
    slow = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "prompts.csv").write_text(CSV, encoding="utf-8")
        subprocess.run(["tar", "-xJf", RECORDED, "-C", folder], check=True)
        print(f"{'CPU s':>6} {'limit':>6}  command")
        for arguments, code in CASES.items():
            cpu_s(arguments, folder, code)  # compiles what is not yet
            found = statistics.median(cpu_s(arguments, folder, code) for _ in range(times))
            slow += found > MAX_CPU_S
            print(f"{found:6.3f} {MAX_CPU_S:6.2f}  safeglot {arguments}", flush=True)
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
