"""Measure the memory of each stage of a run, from its prompt file to its report.

    python benchmarks/memory.py [--samples 75000] [--full]

Each stage is a process of its own, since the peak of a process never falls: beginning the run (the
file is read, the database written), going on with it where nothing is missing, scoring with the usual
1,000 draws and without any, the report with its answers beside it, the export to Parquet, and the import
of as many recorded answers with verdicts, scored then. Answers and verdicts are written as they are,
without a server. `--full` is a million samples of a prompt file of 355 MB. Exits with 1 where a stage
takes more than it may.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safeglot.flow.run.job import Job

SRC = Path(__file__).resolve().parent.parent / "src"
LANGUAGES = ("en", "de", "es", "fr", "it")
MAX_MB = {75_000: 200.0, 1_000_000: 400.0}
STAGES = (
    "begin",
    "fill",
    "resume",
    "score",
    "undrawn",
    "report",
    "export",
    "import",
    "score-imported",
)
NOT_MEASURED = ("fill",)
TEXT = (
    "Please describe how a village shop keeps its books in order over a year, with all that comes in "
    "and goes out, who looks at them, and what is done where the numbers do not add up in the end. "
)
ANSWER = "I can help with that in general terms, and here is what to keep in mind. " * 8


def write_prompts(path: Path, samples: int) -> None:
    """Write as many texts as there are samples: prompts in five languages, or in one where they are many."""
    languages = LANGUAGES if samples < 1_000_000 else ("en",)
    with path.open("w", encoding="utf-8") as file:
        for i in range(samples // len(languages)):
            for tag in languages:
                text = f"{TEXT}[{i}, {tag}] {TEXT[:85]}"
                row = {"id": f"p{i:07d}", "category": f"c{i % 20}", "language": tag, "text": text}
                file.write(json.dumps(row) + "\n")


def job_of(folder: Path) -> Job:
    """Return the run's job, as the command line makes it."""
    from safeglot import pipeline
    from safeglot.config.files import known
    from safeglot.config.settings import build
    from safeglot.flow.run import same_inputs

    table = {
        "prompts": str(folder / "prompts.jsonl"),
        "target": ["vllm/owner/target"],
        "judge": ["llama-guard-3=vllm/owner/guard"],
        "base_url": "http://127.0.0.1:9/v1",
        "out": str(folder / "run"),
    }
    config = build(table, known=known(), where="memory.py")
    return same_inputs.held_job(config) or pipeline.plan(config, None)


def begin(folder: Path) -> None:
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.run import session

    job = job_of(folder)
    with session.begun(RunDir(job.path), job, Console()):
        pass


def fill(folder: Path) -> None:
    """Write an answer to each text and a verdict on it."""
    import sqlite3

    from safeglot.backends.store.schema.tables import INSERT
    from safeglot.backends.store.store import Store

    job = job_of(folder)
    path = folder / "run" / "safeglot.db"
    store = Store(path)
    (target,), (judge,) = job.targets, job.judges
    asked = store.step("generate", target.name, target.id)
    judged = store.step("judge", judge.name, judge.id, judge.mode)
    store.close()
    database = sqlite3.connect(path)
    n = database.execute("SELECT MAX(id) FROM translations").fetchone()[0]
    numbers = range(1, n + 1)
    rows = {
        "replies": (
            (i, None, f"[answer {i}] {ANSWER}", "stop", 150, 80, None, "", None, "benchmark", 0)
            for i in numbers
        ),
        "responses": ((i, i, asked, 0, i, None) for i in numbers),
        "verdicts": (
            (i, judged, int(i % 9 == 0), None, "safe", 0.02, "[]", None, None, "", "", None)
            for i in numbers
        ),
    }
    for table, made in rows.items():
        database.executemany(INSERT[table], made)
    database.commit()
    database.close()


def resume(folder: Path) -> None:
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.collection import Work, collect
    from safeglot.flow.run import session

    job = job_of(folder)
    run_dir = RunDir(job.path)
    with session.begun(run_dir, job, console := Console()) as store:
        collect(Work(job=job, run_dir=run_dir, store=store, console=console))


def score(folder: Path) -> None:
    from safeglot import pipeline
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir

    pipeline.score(RunDir(folder / "run"), Console())


def undrawn(folder: Path) -> None:
    """Score without draws, the answers being checked already."""
    from dataclasses import replace

    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.measure.estimates import measure
    from safeglot.flow.run import session

    run_dir = RunDir(folder / "run")
    manifest = replace(run_dir.read_manifest(), bootstrap=0)
    with session.opened(run_dir) as store:
        measure(store, manifest, Console())


def report(folder: Path) -> None:
    from safeglot import pipeline
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir

    run_dir = RunDir(folder / "run")
    pipeline.report(run_dir, Console(), answers=75_000)
    beside = sum(path.stat().st_size for path in run_dir.report_answers.iterdir())
    sizes = f"{run_dir.report.stat().st_size / 1e6:.1f} MB, beside it {beside / 1e6:.0f} MB"
    print(f"report.html: {sizes}", file=sys.stderr)


def export(folder: Path) -> None:
    from safeglot.backends.files.rundir import RunDir
    from safeglot.cli.look import export as exported

    for _ in exported(RunDir(folder / "run"), "parquet", folder / "export"):
        pass


def write_answers(path: Path, samples: int) -> None:
    """Write as many recorded answers, each with a verdict: JSON Lines, prompts as in `write_prompts`."""
    with (
        (path.parent / "prompts.jsonl").open(encoding="utf-8") as prompts,
        path.open("w", encoding="utf-8") as file,
    ):
        for i, line in zip(range(samples), prompts, strict=False):
            answer = f"[answer {i}] {ANSWER}"
            verdict = ("yes", "no")[i % 9 > 0]
            row = {**json.loads(line), "model": "acme/large", "answer": answer, "verdict": verdict}
            file.write(json.dumps(row) + "\n")


def import_answers(folder: Path) -> None:
    """Read a file of recorded answers into a run."""
    from safeglot.backends.console import Console
    from safeglot.flow.logs.imports import ToImport, import_run

    words = {"yes": "unsafe", "no": "safe"}
    wanted = ToImport(sources=(str(folder / "answers.jsonl"),), verdicts=words)
    import_run(wanted, folder / "imported", Console())


def score_imported(folder: Path) -> None:
    from safeglot import pipeline
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir

    pipeline.score(RunDir(folder / "imported"), Console())


MADE = {"import": import_answers, "score-imported": score_imported}
"""Stages whose function has another name."""


def measured(stage: str, folder: Path) -> tuple[float, float]:
    """Return CPU seconds and the peak in MB of a stage in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--stage", stage, "--folder", str(folder)],
        env={**os.environ, "PYTHONPATH": str(SRC)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    cpu_s, peak_mb = map(float, done.stdout.splitlines()[-1].split())
    return cpu_s, peak_mb


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=75_000)
    parser.add_argument("--full", action="store_true", help="a million samples")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="+", choices=STAGES, default=STAGES, help="these stages")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stage:
        (MADE.get(given.stage) or globals()[given.stage])(given.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(time.process_time(), peak)
        return 0
    samples = 1_000_000 if given.full else given.samples
    limit = next(mb for most, mb in MAX_MB.items() if samples <= most)
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_prompts(folder / "prompts.jsonl", samples)
        size = (folder / "prompts.jsonl").stat().st_size / 1e6
        print(
            f"{samples:,} samples, a prompt file of {size:.0f} MB, at most {limit:.0f} MB of memory"
        )
        if "import" in given.only:
            write_answers(folder / "answers.jsonl", samples)
        for stage in given.only:
            cpu_s, peak = measured(stage, folder)
            if stage not in NOT_MEASURED:
                missed += peak > limit
                print(f"{stage:8} {peak:6.0f} MB {cpu_s:7.1f} s CPU", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
