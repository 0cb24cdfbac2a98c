"""Measure what it takes to bring a database of version 4 up: content keys become whole numbers.

    python benchmarks/upgrade.py [--answers 1000000]

Four models, one judge, half a kilobyte an answer; a fiftieth of the verdicts failed. Keys are random,
as content keys are: what belongs together does not lie together.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from safeglot.backends.store.schema.old_tables import OLD_TABLES
from safeglot.backends.store.store import Store

MODELS = 4
LANGUAGES = ("en", "de", "es", "fr", "it")
TEXT = "A request of some words. " * 4
ANSWER = "An answer of some words. " * 20
_random = random.Random(0)


def make(path: Path, answers: int) -> None:
    """Write a database of version 4."""
    texts, responses = _keys(answers // MODELS), _keys(answers)
    replies, verdicts = sorted(_keys(answers)), sorted(_keys(answers))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF"):
            db.execute(statement)
        db.executescript(f"{OLD_TABLES[4]};PRAGMA user_version=4;BEGIN")
        _put(db, "prompts", ((f"p{i}", i, TEXT, "en", '["c"]', "s", "harmful") for i in range(len(texts) // 5 + 1)))  # fmt: skip
        _put(db, "translations", sorted(
            (key, f"p{i // 5}", LANGUAGES[i % 5], TEXT, "given", "{}", "[]", 1, "", "main", "")
            for i, key in enumerate(texts)
        ))  # fmt: skip
        _put(db, "replies", ((key, ANSWER, "stop", 100, 50, None, "", None, "", 0) for key in replies))  # fmt: skip
        said = _random.sample(range(answers), answers)
        order = sorted(range(answers), key=responses.__getitem__)
        _put(db, "responses", (
            (responses[i], texts[i // MODELS], f"model {i % MODELS}", 0, replies[said[i]]) for i in order
        ))  # fmt: skip
        _put(db, "verdicts", (
            (verdicts[i], responses[said[i]], "judge", "answer", 1, 1, "unsafe", 0.9, '["S1"]', None, None, "", "")
            for i in range(answers)
        ))  # fmt: skip
        _put(db, "failures", (
            ("judge", key, responses[i], "judge", 0, "timeout", "why", 1, 0, "", "")
            for i, key in enumerate(_keys(answers // 50))
        ))  # fmt: skip
        db.execute("COMMIT")


def _keys(n: int) -> list[str]:
    return [f"{_random.getrandbits(128):032x}" for _ in range(n)]


def _put(db: sqlite3.Connection, table: str, rows: object) -> None:
    width = len(db.execute(f"PRAGMA table_info({table})").fetchall())
    db.executemany(f"INSERT INTO {table} VALUES({','.join('?' * width)})", rows)  # type: ignore[arg-type]


def measure(path: Path) -> dict[str, float]:
    """Return what the upgrade costs."""
    before, wall, cpu = path.stat().st_size, time.perf_counter(), time.process_time()
    store = Store(path)
    found = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return found | {"peak_mb": peak, "before_mb": before / 1e6, "after_mb": path.stat().st_size / 1e6}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--step", choices=("make", "measure"), help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "make":
        make(given.path, given.answers)
    elif given.step:
        print(json.dumps(measure(given.path)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            _run("make", folder, given.answers)
            f = json.loads(_run("measure", folder, given.answers))
        print(
            f"{given.answers:,} answers: {f['wall_s']:.1f} s ({f['cpu_s']:.1f} s CPU), peak "
            f"{f['peak_mb']:.0f} MB; the file {f['before_mb']:.0f} MB, then {f['after_mb']:.0f} MB"
        )


def _run(step: str, folder: str, answers: int) -> str:
    """Return what a step prints, in a process of its own: the peak memory of one is handed on to its children."""
    path = Path(folder) / "safeglot.db"
    command = [
        sys.executable,
        __file__,
        "--step",
        step,
        "--path",
        str(path),
        "--answers",
        str(answers),
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
