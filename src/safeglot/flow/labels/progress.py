"""How many labels are wanted and there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from safeglot.backends.files.rundir import RunDir
from safeglot.flow.measure.judges.labels import (
    BETWEEN,
    UNSURE,
    WHOLE,
    Drawn,
    drawn_answers,
)
from safeglot.flow.run import session
from safeglot.report.layout import Grid
from safeglot.score.judges.label_counts import VERDICTS

_WIDE = 1_000
"""Columns of a table that is not folded."""


def status(run_dir: RunDir) -> str:
    """Return how many labels are wanted and there. Raises: UsageError."""
    languages = run_dir.require().read_manifest().languages
    with session.opened(run_dir) as store:
        drawn = drawn_answers(store)
    if not drawn:
        return (
            f"{run_dir.path}: no answers were drawn for labels. "
            f"Draw some: safeglot annotate sample {run_dir.path}"
        )
    by = f"by the verdicts of {drawn[0].judge}" if drawn[0].judge else "as a simple random sample"
    return f"answers drawn {by}\n{progress(drawn, languages)}"


def progress(drawn: Sequence[Drawn], languages: Sequence[str]) -> str:
    """Return a table of the labels that are wanted and there, by language and stratum."""
    names = sorted({d.stratum for d in drawn}, key=_order)
    rows = []
    for language in languages:
        here = [d for d in drawn if d.language == language]
        cells = [f"{sum(d.human >= 0 for d in own)} of {len(own)}" for name in names for own in [[d for d in here if d.stratum == name]]]  # fmt: skip
        done = sum(min(len(d.labels), d.wanted) for d in here)
        twice = [d for d in here if d.wanted > 1]
        both = sum(len(d.labels) > 1 for d in twice)
        unsure = sum(label == UNSURE for d in here for label in d.labels.values())
        rows.append(
            (language, *cells, f"{both} of {len(twice)}", unsure, f"{done} of {sum(d.wanted for d in here)}")
        )  # fmt: skip
    heads = [f"labelled, {name}" for name in names]
    return table(("language", *heads, "labelled twice", "unsure", "labels"), rows)


def _order(stratum: str) -> tuple[str, int]:
    category, _, verdict = stratum.rpartition(BETWEEN)
    return category, [*VERDICTS.values(), WHOLE].index(verdict)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows below their columns, the first to the left, the others to the right."""
    cells, left = [[*map(str, row)] for row in rows], [i == 0 for i in range(len(columns))]
    return "\n".join(Grid(heads=columns, rows=cells, left=left, ruled=False).lines(_WIDE))
