"""Measure what the translation stage costs beside the models: asking, checking, choosing, writing.

    python benchmarks/translate.py [--quick]

Choosing: 15,000 prompts in 5 languages by 3 translators with 2 estimators, 225,000 candidates. The
texts are those of the bundled prompts with a number behind each. Told are the hard checks, the
choice with the gate, and writing the set, each alone, with the peak memory of the process and,
on Linux, of all its processes together (what they share counts once).

Asking: the same stage from prompts to a finished set with translators that answer at once, so
that what is left is safeglot's own work: requests, keys, store, log. Exits with 1 where a limit
is not met: 0.2 ms CPU a prompt and language for asking, 30 s and 500 MB for the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SRC = Path(__file__).resolve().parent.parent / "src"
sys.path.insert(0, str(SRC))
LANGUAGES = ("de", "es", "fr", "it", "sw")
PROMPTS, TRANSLATORS = 15_000, 3
MAX_S, MAX_MB, MAX_MS_EACH = 30.0, 500.0, 0.2


def clock() -> float:
    """Return wall time: several processes share the checks."""
    return time.perf_counter()


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Watch the memory of this process and all that it starts, each half second."""
    found, ended = {"together_mb": 0.0}, threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            held = sum(map(held_mb, tree(os.getpid())))
            found["together_mb"] = max(found["together_mb"], held)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield found
    finally:
        ended.set()
        watching.join()


def tree(pid: int) -> list[int]:
    """Return a process and all below it; itself alone where the system does not tell."""
    try:
        paths = list(Path(f"/proc/{pid}/task").glob("*/children"))
        below = [int(word) for path in paths for word in path.read_text().split()]
    except OSError:  # it has ended
        return []
    return [pid, *(one for child in below for one in tree(child))]


def held_mb(pid: int) -> float:
    """Return what a process holds, of what is shared its part; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def texts() -> list[dict[str, str]]:
    """Return the bundled prompts, a text for each language."""
    path = SRC / "safeglot" / "prompts" / "mini.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def candidates(n: int) -> list[Any]:
    """Return the candidates of n prompts, all languages and translators of a prompt together."""
    from safeglot.types import Candidate, Source

    rows, found = texts(), []
    for i in range(n):
        row = rows[i % len(rows)]
        for tag in LANGUAGES:
            source = Source(prompt=f"p{i}", text=f"{row['en']} ({i})", language="en", target=tag)
            found += [
                Candidate(source=source, translator=f"mt-{k}", text=f"{row[tag]} ({i}){'.' * k}")
                for k in range(TRANSLATORS)
            ]
    return found


def choosing(n: int) -> dict[str, float]:
    """Time the checks, the choice and the writing."""
    import numpy as np

    from safeglot.backends.files.translation_folder import TranslationFolder, translation_row
    from safeglot.flow.translation.checks import hard_checks
    from safeglot.translate.base import Scale
    from safeglot.translate.choice.choice import Gate
    from safeglot.translate.choice.outcomes import Scope, choose_rows
    from safeglot.types import CandidateRow

    given = candidates(n)
    rng = np.random.default_rng(0)
    started = clock()
    faults = hard_checks(given)
    checked = clock()
    quality = rng.beta(8, 4, (len(given), 2))
    rows = [
        CandidateRow(
            prompt=one.source.prompt,
            language=one.source.target,
            translator=one.translator,
            text=one.text,
            faults=found,
            quality={"e0": float(a), "e1": float(b)},
        )
        for one, found, (a, b) in zip(given, faults, quality, strict=True)
    ]
    built = clock()
    scale = Scale(worst=0.0, best=1.0)
    scope = Scope(
        prompts=[f"p{i}" for i in range(n)],
        languages=LANGUAGES,
        translators=[f"mt-{k}" for k in range(TRANSLATORS)],
        scales={"e0": scale, "e1": scale},
    )
    outcomes, ranks = choose_rows(rows, scope, Gate())
    chosen = clock()
    with tempfile.TemporaryDirectory() as place:
        folder = TranslationFolder(Path(place))
        about = {"source": "", "categories": ["c"], "kind": "harmful"}
        rows_out = (translation_row(one, about) for one in outcomes)
        folder.write_rows(rows, rows_out, ranks=ranks)
    written = clock()
    return {
        "candidates": len(given),
        "checks_s": checked - started,
        "choice_s": chosen - built,
        "write_s": written - chosen,
        "all_s": written - started,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def asking(n: int) -> dict[str, float]:
    """Time the whole stage with translators that answer at once."""
    import asyncio

    from safeglot.backends.console import Console
    from safeglot.backends.engine.engine import Route
    from safeglot.backends.store.store import Store
    from safeglot.config.settings import Config
    from safeglot.flow.translation.asking import Asking, open_bench
    from safeglot.flow.translation.translators import TranslationSteps
    from safeglot.translate.translators.llm import LlmTranslator
    from safeglot.types import Reply, Source

    class AtOnce:
        async def answer(self, _request: Any) -> Reply:
            await asyncio.sleep(0)
            return Reply(text="Ein Satz, der schon da war.", n_tokens=7)

        async def close(self) -> None:
            """Nothing is held."""

    rows = texts()
    sources = [
        Source(prompt=f"p{i}", text=f"{rows[i % len(rows)]['en']} ({i})", language="en", target=tag)
        for i in range(n)
        for tag in LANGUAGES
    ]
    route = Route(model=AtOnce(), lane="at once", concurrency=64, fixed=True)
    with tempfile.TemporaryDirectory() as place:
        asked = Asking(
            config=Config(),
            steps=TranslationSteps(
                translators=(LlmTranslator(name="mt", model="m"),), engines={"m": lambda: route}
            ),
            log=Path(place) / "log.jsonl",
            console=Console(quiet=True),
        )
        store = Store(Path(place) / "replies.db")

        async def work() -> None:
            async with open_bench(asked, store) as bench:
                await bench.candidates(sources)

        started = time.process_time()
        asyncio.run(work())
        spent = time.process_time() - started
        store.close()
    return {
        "texts": len(sources),
        "cpu_s": spent,
        "ms_each": 1e3 * spent / len(sources),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def alone(case: str, n: int) -> dict[str, float]:
    """Run one case in a process of its own."""
    command = [sys.executable, __file__, "--case", case, "--prompts", str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the prompts")
    parser.add_argument("--case", choices=["choosing", "asking"])
    parser.add_argument("--prompts", type=int, default=PROMPTS)
    given = parser.parse_args()
    if given.case:
        with watched() as together:
            found = {"choosing": choosing, "asking": asking}[given.case](given.prompts)
        print(json.dumps(found | together))
        return 0
    n = PROMPTS // 10 if given.quick else PROMPTS
    chosen, asked = alone("choosing", n), alone("asking", n)
    peak_mb = max(chosen["peak_mb"], chosen["together_mb"])
    for name, row in (("choosing", chosen), ("asking", asked)):
        print(f"{name:9}" + "  ".join(f"{key} {value:,.3f}" for key, value in row.items()))
    over = [
        *([f"choosing took {chosen['all_s']:.1f} s"] if chosen["all_s"] > MAX_S else []),
        *([f"choosing took {peak_mb:.0f} MB"] if peak_mb > MAX_MB else []),
        *([f"asking took {asked['ms_each']:.3f} ms"] if asked["ms_each"] > MAX_MS_EACH else []),
    ]
    print("over the limit: " + "; ".join(over) if over else "within all limits")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
