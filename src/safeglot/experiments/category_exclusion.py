"""What leaving out categories does to the averages of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from safeglot.config.checks import nearest
from safeglot.errors import UsageError
from safeglot.experiments.cells import estimate_cell, tabled
from safeglot.experiments.runs import FinishedRun, judges_of, read_runs, titled
from safeglot.report.numbers.interpretation import is_interpretable, reason_of
from safeglot.report.table import Kind, ResultCell, ResultTable, number, said, word
from safeglot.score.safety.exclusion import Change, changes, without_categories

DEFAULT = ("substance_cannabis", "crime_propaganda")

_NAMES: Mapping[str, tuple[str, Kind]] = {
    "safety_macro32": ("macro average", "rate"),
    "safety_macro": ("macro average", "rate"),
    "safety_micro": ("micro average", "rate"),
    "exact_match": ("exact match with the reference", "rate"),
    "gap": ("macro gap to the reference", "points"),
}
OWN_REQUESTS = (
    "the languages have requests of their own, so gaps and matches, which need pairs, are left out."
)


def category_exclusion(
    paths: Sequence[Path], *, judge: str | None = None, exclude: Sequence[str] = ()
) -> list[ResultTable]:
    """Return averages, gaps and exact match with and without categories. Raises: UsageError."""
    runs = read_runs(paths, what="category-exclusion")
    return [table for run in runs for table in _of(run, runs, judge, exclude)]


def _of(
    run: FinishedRun, runs: Sequence[FinishedRun], judge: str | None, exclude: Sequence[str]
) -> Iterator[ResultTable]:
    cube = run.cube
    left_out, notes = excluded(run, exclude)
    if cube.unpaired:
        notes = (*notes, OWN_REQUESTS)
    for name, (m, model) in product(
        judges_of(run.path, cube.judges, judge), enumerate(cube.models)
    ):
        pairs = changes(cube, left_out, judge=cube.judges.index(name), model=m, level=run.level)
        title = f"{model}, judged by {name}: without {', '.join(left_out)}"
        remaining = without_categories(cube, left_out)
        sizes = (
            f"{len(cube.categories)} categories and {len(cube.prompts)} prompts; without these "
            f"{len(remaining.categories)} and {len(remaining.prompts)}."
        )
        yield from _tables(titled(run, runs, title), pairs, (*notes, sizes))


def excluded(run: FinishedRun, exclude: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the categories to leave out, and notes on those of the default that are not there.

    Raises: UsageError for a category that the run does not have, and where none would be left.
    """
    there = run.cube.categories
    wanted = tuple(dict.fromkeys(exclude)) or DEFAULT
    unknown = [name for name in wanted if name not in there]
    if unknown and (exclude or len(unknown) == len(wanted)):
        raise UsageError(
            f"--exclude: {run.path} has no category {unknown[0]!r}.{nearest(unknown[0], there)} "
            f"Its categories: {', '.join(there)}. Name some of these, as in --exclude {there[0]}."
            if there
            else f"--exclude: the prompts of {run.path} have no categories. Give them some: --columns category=COLUMN."
        )
    left_out = tuple(name for name in wanted if name in there)
    if len(left_out) == len(there):
        raise UsageError(
            f"--exclude: leaves no category of {run.path}. Its categories: {', '.join(there)}. "
            "Leave out fewer."
        )
    return left_out, tuple(f"the run has no category {name}." for name in unknown)


def _tables(title: str, pairs: Sequence[Change], notes: tuple[str, ...]) -> Iterator[ResultTable]:
    kinds: dict[Kind, list[Change]] = {"rate": [], "points": []}
    for change in pairs:
        kinds[_NAMES[change.whole.metric][1]].append(change)
    for kind, part in kinds.items():
        if not part:
            continue
        yield tabled(
            part,
            {
                "figure": ("word", lambda c: word(_NAMES[c.whole.metric][0])),
                "language": ("word", lambda c: word(c.whole.language or "all")),
                "all categories": (kind, lambda c: estimate_cell(c.whole)),
                "without": (kind, lambda c: estimate_cell(c.rest)),
                "change": ("points", _changed),
                "n": ("count", lambda c: number(c.rest.n)),
            },
            **said("exclusion", title=title if kind == "rate" else f"{title}: gaps"),
            notes=notes,
        )


def _changed(change: Change) -> ResultCell:
    for side in (change.whole, change.rest):
        if not is_interpretable(side):
            return number(None, reason=reason_of(side))
    return number(change.value, (change.low, change.high), reason="no data")
