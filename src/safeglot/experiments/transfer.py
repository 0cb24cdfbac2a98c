"""How far safety in the reference language carries over to each other language, by kind of harm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from safeglot.errors import UsageError
from safeglot.experiments.cells import estimate_cell, tabled, told
from safeglot.experiments.runs import FinishedRun, judges_of, read_runs, titled
from safeglot.report.table import ResultTable, number, said, word
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.transfer import transfers


def transfer(paths: Sequence[Path], *, judge: str | None = None) -> list[ResultTable]:
    """Return P(safe in a language | safe in the reference), its value by chance beside it. Raises: UsageError."""
    runs = read_runs(paths, what="transfer")
    return [table for run in runs for table in _of(run, runs, judge)]


def _of(run: FinishedRun, runs: Sequence[FinishedRun], judge: str | None) -> Iterator[ResultTable]:
    cube = run.cube
    if cube.unpaired or len(cube.languages) < 2:
        raise UsageError(
            f"{run.path}: transfer compares answers to the same requests in two languages, and this "
            f"run has {'requests of each language’s own' if cube.unpaired else 'one language'}. Run "
            "prompts with translations: safeglot run PROMPTS --languages en,de,sw"
        )
    frame = frame_of(cube, level=run.level)
    for name, (m, model) in product(
        judges_of(run.path, cube.judges, judge), enumerate(cube.models)
    ):
        rows = transfers(sheet_of(frame, cube.judges.index(name), m))
        reference = cube.reference
        yield tabled(
            rows,
            {
                "language": ("word", lambda t: word(str(t.given_safe.language))),
                "harm": ("word", lambda t: word(t.given_safe.category or "all")),
                f"safe, if safe in {reference}": ("rate", lambda t: estimate_cell(t.given_safe)),
                "n": ("count", lambda t: number(t.given_safe.n)),
                "if unrelated": ("rate", lambda t: told(t.unrelated, t.given_safe)),
                f"safe, if unsafe in {reference}": (
                    "rate",
                    lambda t: estimate_cell(t.given_unsafe),
                ),
                "n unsafe": ("count", lambda t: number(t.given_unsafe.n)),
            },
            **said(
                "transfer",
                title=titled(run, runs, f"{model}, judged by {name}: from {reference}"),
                reference=reference,
            ),
        )
