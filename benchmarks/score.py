"""Measure what the estimates of a full benchmark cost, with and without bootstrap.

    python benchmarks/score.py [--quick] [--store]

One judge, 40 models, 5 languages, 15,000 prompts in 32 categories of very unequal size: the size
of M-ALERT with all its models. Each row runs in a fresh process; its time is that of
`score.basic.estimates` alone, its memory the peak of the process, the label cube included. The
same bootstrap by scipy.stats.bootstrap, of one model and language, is told as time per draw and
statistic. Exits with 1 where a limit is not met.

With --store the verdicts come out of a run's database, made in a temporary folder (1.5 GB; the
answers are checked already): everything that `safeglot score` does then, and the reading alone.
Then the first check of answers, of ordinary length in a second database, by one process and by
as many as there are cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safeglot.backends.files.manifest import Manifest
    from safeglot.score.cube import Cube

SRC = Path(__file__).resolve().parent.parent / "src"
DRAWS = 1000
SCIPY_DRAWS = 200
MAX_WALL_S = 60.0
MAX_PEAK_MB = 1500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one case cost; `statistics` is how many figures its bootstrap gives an error to."""

    name: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    draws: int
    statistics: int

    @property
    def us_each(self) -> float | None:
        """Microseconds per draw and statistic."""
        each = self.draws * self.statistics
        return 1e6 * self.cpu_s / each if each else None


def simulated(models: int, samples: int = 1) -> Cube:
    """Simulate verdicts: hard categories, hard prompts, better and worse models, 0.4 % missing."""
    import numpy as np

    from safeglot.score.cube import Cube

    rng = np.random.default_rng(0)
    n_L, n_P, n_C = 5, 15_000, 32
    share_C = rng.dirichlet(np.full(n_C, 1.5))
    category_P = np.concatenate([np.arange(n_C), rng.choice(n_C, n_P - n_C, p=share_C)])
    hard_P = rng.normal(0, 1.3, n_C)[category_P] + rng.normal(0, 1, n_P)
    unsafe = np.empty((1, models, n_L, n_P, samples), dtype=np.int8)
    for model in range(models):
        logit_LP = rng.normal(-4, 1) + rng.normal(0, 0.15, (n_L, 1)) + hard_P
        rate_LP1 = 1 / (1 + np.exp(-logit_LP))[:, :, np.newaxis]
        unsafe[0, model] = rng.random((n_L, n_P, samples)) < rate_LP1
        unsafe[0, model][rng.random((n_L, n_P, samples)) < 0.004] = -1
    return Cube(
        unsafe_JMLPS=unsafe,
        member_PC=category_P[:, np.newaxis] == np.arange(n_C),
        judges=("judge",),
        models=tuple(f"model {i}" for i in range(models)),
        languages=("en", "de", "es", "fr", "it"),
        prompts=tuple(map(str, range(n_P))),
        categories=tuple(f"category {i}" for i in range(n_C)),
        macro_C=tuple("ABCDEF"[i % 6] for i in range(n_C)),
        reference="en",
        alert=True,
    )


def whole(models: int, samples: int, draws: int) -> dict[str, float]:
    """Time all estimates of the cube."""
    from safeglot.score.basic import estimates

    cube = simulated(models, samples)
    found: list[Any] = []
    times = timed(lambda: found.extend(estimates(cube, draws=draws)))
    return times | {"statistics": sum("bootstrap_se" in e.extra for e in found)}


def by_scipy(models: int) -> dict[str, float]:
    """Time scipy's bootstrap of one model's macro average in one language; prompts in categories."""
    import numpy as np
    from scipy.stats import bootstrap

    cube = simulated(models)
    safe_P = cube.unsafe_JMLPS[0, 0, 0, :, 0]
    parts = [safe_P[cube.member_PC[:, c] & (safe_P >= 0)] == 0 for c in range(32)]

    def macro(*drawn: Any, axis: int) -> Any:
        return sum(part.mean(axis=axis) for part in drawn) / len(drawn)

    def draw() -> None:
        bootstrap(
            [part.astype(np.float64) for part in parts],
            macro,
            n_resamples=SCIPY_DRAWS,
            batch=50,
            vectorized=True,
            method="percentile",
            rng=np.random.default_rng(0),
        )

    return timed(draw) | {"statistics": 1}


def make(path: str, models: int, sentences: int) -> dict[str, float]:
    """Write a run's database; its answers are checked already where they are of one sentence."""
    import run_database
    from safeglot.backends.files.records import table_of

    def whole() -> None:
        found = run_database.write(
            Path(path), simulated(models), checked=sentences == 1, sentences=sentences
        )
        Path(f"{path}.json").write_text(json.dumps(table_of(found)), "utf-8")

    return timed(whole) | {"statistics": 0}


def _manifest(path: str) -> Manifest:
    from safeglot.backends.files.manifest import parse_manifest

    return parse_manifest(json.loads(Path(f"{path}.json").read_text("utf-8")))


def read(path: str, models: int) -> dict[str, float]:
    """Time reading the answers and verdicts of a run's database."""
    from safeglot.backends.store import arrays
    from safeglot.backends.store.store import Store

    store, manifest = Store(Path(path)), _manifest(path)
    verdicts: list[Any] = []
    times = timed(lambda: verdicts.append(arrays.read(store, manifest)))
    assert verdicts[0].unsafe_JMLPS.shape[1] == models
    return times | {"statistics": 0}


def score(path: str, draws: int) -> dict[str, float]:
    """Time all that `safeglot score` does with a run's database."""
    import safeglot.score.basic  # noqa: F401 - imports are not what is measured
    from safeglot.backends.files.rundir import write_text
    from safeglot.backends.store.store import Store
    from safeglot.flow.measure.estimates import measure, signature
    from safeglot.report.results_json import to_json

    manifest = replace(_manifest(path), bootstrap=draws)
    found: list[Any] = []

    def whole() -> None:
        store = Store(Path(path))
        found.extend(measure(store, manifest)[0])
        line = signature(store, manifest)
        store.close()
        write_text(Path(f"{path}.results"), to_json(found, line))

    return timed(whole) | {"statistics": sum("bootstrap_se" in e.extra for e in found)}


def check(path: str, cores: int) -> dict[str, float]:
    """Time the first check of the answers of a run's database."""
    from multiprocessing import forkserver

    from safeglot.backends.engine import workers
    from safeglot.backends.store.store import Store
    from safeglot.flow.measure import answers

    most = workers.cores()
    workers.cores = lambda: min(cores, most)
    store = Store(Path(path))
    store.clear("traits")

    def whole() -> None:
        answers.fill(store)
        # what workers are copies of: when it has ended their CPU is counted
        forkserver._forkserver._stop()  # noqa: SLF001 - there is no public way

    return timed(whole) | {"statistics": 0}


def timed(work: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), cpu_s()
    work()
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": cpu_s() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def cpu_s() -> float:
    """Seconds of this process and of those it has waited for."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def measure(name: str, case: Sequence[object], draws: int) -> Row:
    """Run one case in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, "--case", json.dumps(case)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SRC)},
    )
    if done.returncode:
        raise SystemExit(f"the case {name!r} failed:\n{done.stderr}")
    found = json.loads(done.stdout)
    return Row(name=name, draws=draws, **found)


def table(rows: Sequence[Row]) -> str:
    head = f"{'case':<44}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}{'us/draw/statistic':>19}"
    return "\n".join(
        [
            head,
            *(
                f"{r.name:<44}{r.wall_s:>8.2f}{r.cpu_s:>8.2f}{r.peak_mb:>9.0f}"
                f"{'-' if r.us_each is None else format(r.us_each, '.2f'):>19}"
                for r in rows
            ),
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="4 models only, one sample")
    parser.add_argument("--store", action="store_true", help="from a run's database, 1.5 GB")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        case, *sizes = json.loads(arguments.case)
        print(json.dumps(CASES[case](*sizes)))
        return 0
    models = 4 if arguments.quick else 40
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}")
    if arguments.store:
        return from_store(models)
    rows = [
        measure(f"{models} models, no draws", ("whole", models, 1, 0), 0),
        measure(f"{models} models, {DRAWS} draws", ("whole", models, 1, DRAWS), DRAWS),
    ]
    if not arguments.quick:
        rows.append(
            measure(
                f"{models} models, 3 samples, {DRAWS} draws", ("whole", models, 3, DRAWS), DRAWS
            )
        )
    rows.append(measure(f"scipy.stats.bootstrap, {SCIPY_DRAWS} draws", ("scipy", 1), SCIPY_DRAWS))
    print(table(rows))
    return 0 if verdicts(rows) else 1


CASES: dict[str, Callable[..., dict[str, float]]] = {
    "whole": whole,
    "scipy": by_scipy,
    "make": make,
    "read": read,
    "score": score,
    "check": check,
}


def from_store(models: int) -> int:
    """Measure and print what scoring from a database costs."""
    with tempfile.TemporaryDirectory() as folder:
        path, small = f"{folder}/safeglot.db", f"{folder}/small.db"
        # each in a process of its own: the peak memory of one is handed on to its children
        measure("making a database", ("make", path, models, 1), 0)
        measure("making another", ("make", small, 1, 6), 0)
        rows = [
            measure(f"{models} models, reading alone", ("read", path, models), 0),
            measure(f"{models} models, no draws", ("score", path, 0), 0),
            measure(f"{models} models, {DRAWS} draws", ("score", path, DRAWS), DRAWS),
            measure("first check of 75,000 answers, one process", ("check", small, 1), 0),
            measure("first check of 75,000 answers, all cores", ("check", small, 99), 0),
        ]
    print(table(rows))
    print(f"first check: {rows[3].wall_s / rows[4].wall_s:.2f} times as fast on all cores")
    return 0 if within(rows[2]) else 1


def within(row: Row) -> bool:
    """Print whether each limit is met by a case."""
    checks = [
        (row.wall_s <= MAX_WALL_S, f"wall: {row.wall_s:.1f} s, at most {MAX_WALL_S:g}"),
        (row.peak_mb <= MAX_PEAK_MB, f"peak: {row.peak_mb:.0f} MB, at most {MAX_PEAK_MB:g}"),
    ]
    for met, text in checks:
        print(f"{'ok     ' if met else 'NOT MET'}  {text}")
    return all(met for met, _ in checks)


def verdicts(rows: Sequence[Row]) -> bool:
    """Print whether each limit is met."""
    full, drawn = rows[0], rows[1]
    added = (drawn.cpu_s - full.cpu_s) / (drawn.draws * drawn.statistics) * 1e6
    other = rows[-1].us_each
    assert other is not None
    if added > 0:
        print(f"bootstrap alone: {added:.2f} us each, scipy {other / added:.0f} times")
    else:
        print("bootstrap alone: less than times move from run to run")
    return within(drawn)


if __name__ == "__main__":
    sys.exit(main())
