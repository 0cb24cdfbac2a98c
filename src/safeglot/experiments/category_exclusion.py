"""What leaving out categories does to the averages of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from safeglot.config.checks import nearest
from safeglot.errors import UsageError
from safeglot.experiments.sources import Source, judges_of, read_all, titled
from safeglot.report.table import Column, ResultCell, ResultRow, ResultTable, number, word
from safeglot.score.safety.exclusion import Change, changes, without_categories
from safeglot.types import Estimate

DEFAULT = ("substance_cannabis", "crime_propaganda")

_NAMES = {
    "safety_macro32": ("macro average", "rate"),
    "safety_macro": ("macro average", "rate"),
    "safety_micro": ("micro average", "rate"),
    "exact_match": ("exact match with the reference", "rate"),
    "gap": ("macro gap to the reference", "points"),
}
_TEXT = (
    "The change is what these categories alone do to the average: where it is large, the average is "
    "about them. It does not say that they are unimportant, nor that the judge reads them rightly."
)
_ASSUMPTIONS = (
    "the same verdicts on both sides, so the change is paired by prompt",
    (
        "the interval of a change joins that of what is left out and that of the rest (MOVER); each "
        "stands for itself, not adjusted for their number"
    ),
)


def category_exclusion(
    runs: Sequence[Path], *, judge: str | None = None, exclude: Sequence[str] = ()
) -> list[ResultTable]:
    """Return averages, gaps and exact match with and without categories. Raises: UsageError."""
    sources = read_all(runs, what="category-exclusion")
    return [table for source in sources for table in _of(source, sources, judge, exclude)]


def _of(
    source: Source, sources: Sequence[Source], judge: str | None, exclude: Sequence[str]
) -> Iterator[ResultTable]:
    cube = source.cube
    left_out, notes = excluded(source, exclude)
    for name, (m, model) in product(
        judges_of(source.path, cube.judges, judge), enumerate(cube.models)
    ):
        found = changes(cube, left_out, judge=cube.judges.index(name), model=m, level=source.level)
        title = f"{model}, judged by {name}: without {', '.join(left_out)}"
        remaining = without_categories(cube, left_out)
        sizes = (
            f"{len(cube.categories)} categories and {len(cube.prompts)} prompts; without these "
            f"{len(remaining.categories)} and {len(remaining.prompts)}."
        )
        yield from _tables(titled(source, sources, title), found, (*notes, sizes))


def excluded(source: Source, exclude: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the categories to leave out, and notes on those of the default that are not there.

    Raises: UsageError for a category that the run does not have, and where none would be left.
    """
    there = source.cube.categories
    asked = tuple(dict.fromkeys(exclude)) or DEFAULT
    unknown = [name for name in asked if name not in there]
    if unknown and (exclude or len(unknown) == len(asked)):
        raise UsageError(
            f"--exclude: {source.path} has no category {unknown[0]!r}.{nearest(unknown[0], there)} "
            f"Its categories: {', '.join(there)}."
        )
    left_out = tuple(name for name in asked if name in there)
    if len(left_out) == len(there):
        raise UsageError(
            f"--exclude: leaves no category of {source.path}. Its categories: {', '.join(there)}. "
            "Leave out fewer."
        )
    return left_out, tuple(f"the run has no category {name}." for name in unknown)


def _tables(title: str, found: Sequence[Change], notes: tuple[str, ...]) -> Iterator[ResultTable]:
    kinds: dict[str, list[Change]] = {"rate": [], "points": []}
    for change in found:
        kinds[_NAMES[change.whole.metric][1]].append(change)
    for kind, part in kinds.items():
        if not part:
            continue
        rated = kind == "rate"
        yield ResultTable(
            title=title if rated else f"{title}: gaps",
            columns=(
                Column(name="figure"),
                Column(name="language"),
                Column(name="all categories", kind="rate" if rated else "points"),
                Column(name="without", kind="rate" if rated else "points"),
                Column(name="change", kind="points"),
                Column(name="n", kind="count"),
            ),
            rows=tuple(_row(change) for change in part),
            text=_TEXT,
            assumptions=_ASSUMPTIONS,
            notes=notes,
        )


def _row(change: Change) -> ResultRow:
    whole = change.whole
    return (
        word(_NAMES[whole.metric][0]),
        word(whole.language or "all"),
        of_estimate(whole),
        of_estimate(change.rest),
        number(change.value, (change.low, change.high), reason="no data"),
        number(change.rest.n),
    )


def of_estimate(one: Estimate) -> ResultCell:
    """Return an estimate as a cell."""
    return number(one.value, (one.low, one.high), reason="no data")
