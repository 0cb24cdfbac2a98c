"""Measure what safeglot costs beside a minimal loop of aiohttp.

    python benchmarks/overhead.py [--samples 1000,15000,75000] [--quick] [--client auto,aiohttp]

A sample is one request to a target and one to a judge, both replies stored. Both run in fresh
processes against one server process, in turn; CPU is the client process's own, all threads. There
is a table for each `--client`, which is what `safeglot --http-client` takes. The limits are for
the first of them: exits with 1 where one is not met.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SRC = HERE.parent / "src"
LANGUAGES = ("en", "de", "es", "fr", "it")
TEXT = (
    "Please explain to me, in a few plain sentences, what the topic {category} is about "
    "and what a newcomer should read first (question {number}, {language})."
)
MAX_CPU_MS = 0.35
MAX_RATIO = 1.2
MAX_PEAK_MB = 250.0
MAX_HELP_S = 0.25
HELP = (
    "import sys; sys.argv = ['safeglot', '--help']; from safeglot.cli.commands import main; main()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured at one size."""

    samples: int
    safeglot_ms: float
    minimal_ms: float
    startup_s: float
    peak_mb: float
    per_s: float

    @property
    def ratio(self) -> float:
        return self.safeglot_ms / self.minimal_ms


def categories() -> list[str]:
    """Return the 32 categories of ALERT."""
    import tomllib

    table = tomllib.loads((SRC / "safeglot/prompts/alert.toml").read_text("utf-8"))
    return list(table["category"])


def write_prompts(path: Path, samples: int) -> None:
    """Write a parallel prompt file: 5 languages, `samples` rows in all."""
    names = categories()
    with path.open("w", encoding="utf-8") as file:
        for number in range(samples // len(LANGUAGES)):
            category = names[number % len(names)]
            for language in LANGUAGES:
                text = TEXT.format(category=category, number=number, language=language)
                row = {"id": str(number), "category": category, "language": language, "text": text}
                file.write(json.dumps(row) + "\n")


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Run the server in its own process and give its base URL."""
    command = [sys.executable, str(HERE / "overhead_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def measure(which: str, prompts: Path, base_url: str) -> dict[str, float]:
    """Run one client in a fresh process."""
    folder = Path(tempfile.mkdtemp(prefix="safeglot-overhead-"))
    command = [sys.executable, str(HERE / "overhead_client.py"), which, str(prompts), base_url]
    try:
        done = subprocess.run(
            [*command, str(folder / "run")],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if done.returncode:
        raise SystemExit(f"the {which} client failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def row(client: str, samples: int, base_url: str, folder: Path) -> Row:
    """Measure safeglot and the minimal loop in turn, small sizes more often, and keep the medians."""
    prompts = folder / f"{samples}.jsonl"
    write_prompts(prompts, samples)
    order = ["minimal", client] * repeats(samples) + ["minimal"]
    found: dict[str, list[dict[str, float]]] = {"minimal": [], client: []}
    for which in order:
        figures = measure(which, prompts, base_url)
        if figures["samples"] != samples:
            raise SystemExit(f"{which} finished {figures['samples']} of {samples} samples")
        found[which].append(figures)

    def median(which: str, name: str) -> float:
        return statistics.median(f[name] for f in found[which])

    return Row(
        samples=samples,
        safeglot_ms=1e3 * median(client, "cpu_s") / samples,
        minimal_ms=1e3 * median("minimal", "cpu_s") / samples,
        startup_s=median(client, "startup_cpu_s"),
        peak_mb=max(f["peak_mb"] for f in found[client]),
        per_s=samples / median(client, "wall_s"),
    )


def repeats(samples: int) -> int:
    if samples <= 2000:
        return 5
    return 2 if samples <= 20000 else 1


def help_s() -> float:
    """Return the median time of `safeglot --help`, a fresh process each."""
    times = []
    for _ in range(7):
        started = time.monotonic()
        subprocess.run([sys.executable, "-c", HELP], stdout=subprocess.DEVNULL, check=True)
        times.append(time.monotonic() - started)
    return statistics.median(times)


def table(rows: Sequence[Row]) -> str:
    head = "samples  safeglot  minimal  ratio  start-up  peak     speed"
    units = "         ms CPU    ms CPU          s CPU     MB       samples/s"
    lines = [
        f"{r.samples:>7}  {r.safeglot_ms:<8.3f}  {r.minimal_ms:<7.3f}  {r.ratio:<5.2f}  "
        f"{r.startup_s:<8.2f}  {r.peak_mb:<7.0f}  {r.per_s:.0f}"
        for r in rows
    ]
    return "\n".join([head, units, *lines])


def verdicts(rows: Sequence[Row], help_seconds: float) -> list[tuple[bool, str]]:
    """Return whether each limit is met, with its line."""
    cpu = max(r.safeglot_ms for r in rows)
    ratio = max(r.ratio for r in rows)
    peak = max(r.peak_mb for r in rows)
    most = max(r.samples for r in rows)
    checks = [
        (cpu <= MAX_CPU_MS, f"CPU a sample: {cpu:.3f} ms, at most {MAX_CPU_MS:g}"),
        (ratio <= MAX_RATIO, f"times the minimal loop: {ratio:.2f}, at most {MAX_RATIO:g}"),
        (peak <= MAX_PEAK_MB, f"memory at {most} samples: {peak:.0f} MB, at most {MAX_PEAK_MB:g}"),
        (
            help_seconds <= MAX_HELP_S,
            f"safeglot --help: {help_seconds:.3f} s, at most {MAX_HELP_S:g}",
        ),
    ]
    return [(met, f"{'ok     ' if met else 'NOT MET'}  {text}") for met, text in checks]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", default="1000,15000,75000", help="sizes, comma-separated")
    parser.add_argument("--quick", action="store_true", help="1,000 samples only")
    parser.add_argument("--client", default="auto", help="--http-client, comma-separated")
    arguments = parser.parse_args()
    sizes = [1000] if arguments.quick else [int(n) for n in arguments.samples.split(",")]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}")
    by_client: dict[str, list[Row]] = {client: [] for client in arguments.client.split(",")}
    with serving() as base_url, tempfile.TemporaryDirectory() as folder:
        for client, rows in by_client.items():
            for size in sizes:
                rows.append(row(client, size - size % len(LANGUAGES), base_url, Path(folder)))
                print(f"... {client} {size} done", file=sys.stderr, flush=True)
            print(f"\n--http-client {client}\n{table(rows)}", flush=True)
    checks = verdicts(next(iter(by_client.values())), help_s())
    for _, line in checks:
        print(line)
    return 0 if all(met for met, _ in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
