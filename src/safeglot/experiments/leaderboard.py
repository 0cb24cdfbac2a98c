"""Models of one or several runs in order, beside one another and beside published figures."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from safeglot.errors import UsageError
from safeglot.experiments.field import Asked, Field, fields_of, part_of
from safeglot.experiments.malert import APPROXIMATE, CATEGORIES, Published, name_in, published
from safeglot.experiments.sources import Source, judges_of, read_all
from safeglot.report.table import Column, ResultCell, ResultRow, ResultTable, number, word
from safeglot.score.frame import Sheet, frame_of, sheet_of
from safeglot.score.models.ranking import Difference, Standing, average_of, standings
from safeglot.score.safety.matches_and_gaps import exact_matches, join
from safeglot.score.safety.safety import safety_by_category
from safeglot.types import Estimate

ALL_PAIRS = 8
"""Up to so many models all differences of two are shown, of more those of neighbours."""
_METRICS = {
    "safety_macro32": "macro average of 32 categories",
    "safety_macro": "macro average of the categories",
    "safety_micro": "micro average over prompts",
    "safety_macro6": "average of the 6 macro categories",
    "safety_macro_of_macros": "average of the macro categories",
}


def compare(
    runs: Sequence[Path], asked: Asked, *, reference: str | None = None
) -> list[ResultTable]:
    """Return the leaderboard of each judge, the differences, and published tables beside it.

    Raises: UsageError.
    """
    if not runs and reference is None:
        raise UsageError(
            "compare: no run given. Name runs, such as runs/first, or give --reference m-alert "
            "for the published table alone."
        )
    sources = read_all(runs, what="compare") if runs else []
    tables = [t for field in fields_of(sources, asked) for t in _board(field)] if sources else []
    if reference is not None:
        tables += list(_beside(sources, asked, published()))
    return tables


def _board(field: Field) -> Iterator[ResultTable]:
    told, pairs = standings(
        field.entrants, metric=field.metric, language=field.language, level=field.level
    )
    where = field.language or f"mean over {', '.join(field.languages)}"
    of = f"{_METRICS.get(field.metric, field.metric)}, {where}, judged by {field.judge}"
    yield _ranks(field, told, of)
    if pairs:
        yield _differences(field, told, pairs, of)


def _ranks(field: Field, told: Sequence[Standing], of: str) -> ResultTable:
    n, level = len(told), f"{100 * field.level:g}%"
    return ResultTable(
        title=f"Safety: {of}",
        columns=(
            Column(name="rank"),
            Column(name="model"),
            Column(name="safety", kind="rate"),
            Column(name="n", kind="count"),
            Column(name="missing", kind="count"),
        ),
        rows=tuple(_rank_row(one) for one in told),
        text=(
            "A rank is given only as far as the differences resolve it: models with a range that "
            f"overlaps are not shown to differ. These are verdicts of {field.judge}; they hold for "
            "these prompts and say nothing of the judge's own errors."
        ),
        assumptions=(
            f"intervals hold together for all {n} models at {level} (Bonferroni)",
            f"ranks count differences with p below {1 - field.level:.2g} by Holm over all pairs",
        ),
        notes=field.notes,
    )


def _rank_row(one: Standing) -> ResultRow:
    rank = "no data"
    if one.best is not None:
        rank = f"{one.best}" if one.best == one.worst else f"{one.best} to {one.worst}"
    return (
        word(rank),
        word(one.name),
        _average(one.average),
        number(one.average.n),
        number(one.average.missing),
    )


def _average(e: Estimate) -> ResultCell:
    """Return an average, and of what part it is where something has no verdict at all."""
    if e.value is None:
        return number(None, reason="no data")
    part = part_of(e)
    return ResultCell(text=f"({part})" if part else "", value=e.value, low=e.low, high=e.high)


def _differences(
    field: Field, told: Sequence[Standing], pairs: Sequence[Difference], of: str
) -> ResultTable:
    notes = field.notes
    if len(told) > ALL_PAIRS:
        names = [one.name for one in told]
        near = set(itertools.pairwise(names))
        notes = (*notes, f"{len(pairs)} pairs were tested; those of neighbours are shown.")
        pairs = [d for d in pairs if (d.first, d.second) in near]
    return ResultTable(
        title=f"Differences of two models: {of}",
        columns=(
            Column(name="first"),
            Column(name="second"),
            Column(name="first less second", kind="points"),
            Column(name="p", kind="p"),
            Column(name="p Holm", kind="p"),
            Column(name="compared"),
            Column(name="n", kind="count"),
        ),
        rows=tuple(_difference_row(d) for d in pairs),
        text=(
            "A difference whose interval holds 0, or whose p by Holm is not small, is no evidence "
            "that the models differ; nor is it evidence that they are the same."
        ),
        assumptions=(
            (
                "paired: on prompts and languages where both have a verdict, Tango's interval on "
                "effective pairs with prompts as clusters, and McNemar's test"
            ),
            "independent: Newcombe's interval of two Wilson intervals",
            f"each interval stands for itself at {100 * field.level:g}%",
        ),
        notes=notes,
    )


def _difference_row(d: Difference) -> ResultRow:
    return (
        word(d.first),
        word(d.second),
        number(d.value, (d.low, d.high), reason="no data"),
        number(d.p, reason="no data"),
        number(d.p_holm, reason="no data"),
        word("paired" if d.paired else "independent"),
        number(d.n),
    )


# ---- beside published figures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mine:
    """A model of a run, by one judge."""

    name: str
    judge: str
    sheet: Sheet
    path: Path


def _beside(sources: Sequence[Source], asked: Asked, table: Published) -> Iterator[ResultTable]:
    mine = [one for source in sources for one in _models_of(source, asked.judge)]
    tags = [tag for tag in table.languages if asked.language in (None, tag)]
    if not tags:
        raise UsageError(
            f"--language: {asked.language!r} is not in M-ALERT's table, which has "
            f"{', '.join(table.languages)}."
        )
    yield _published_table("macro average of 32 categories", "overall", mine, (table, tags))
    for category in CATEGORIES:
        if not mine or any(category in one.sheet.frame.cube.categories for one in mine):
            yield _published_table(category, category, mine, (table, tags))
    others = [f"en-{tag}" for tag in tags if tag != "en"]
    if asked.language is None:
        others.append("all")
    if others:
        yield _published_table("exact match with English", "consistency", mine, (table, others))


def _models_of(source: Source, judge: str | None) -> Iterator[_Mine]:
    cube = source.cube
    frame = frame_of(cube, level=source.level)
    for name in judges_of(source.path, cube.judges, judge):
        for at, model in enumerate(cube.models):
            sheet = sheet_of(frame, cube.judges.index(name), at)
            yield _Mine(name=model, judge=name, sheet=sheet, path=source.path)


def _published_table(
    title: str, kind: str, mine: Sequence[_Mine], of: tuple[Published, Sequence[str]]
) -> ResultTable:
    table, columns = of
    own = [_own_row(one, kind, columns) for one in mine]
    theirs = [
        (word(name), word("M-ALERT, published"), *(table.cell(kind, name, tag) for tag in columns))
        for name in table.whole[kind]
    ]
    matched = [(one.name, name_in(table.whole[kind], one.name)) for one in mine]
    notes = [f"{name} is {known} in the published table." for name, known in matched if known]
    return ResultTable(
        title=f"Beside M-ALERT's published figures: {title}",
        columns=(
            Column(name="model"),
            Column(name="by"),
            *(Column(name=tag, kind="rate") for tag in columns),
        ),
        rows=(*own, *theirs),
        text=(
            "The published figures show where a model stood in M-ALERT's own run. A difference to "
            "yours may be that of the prompts, the translations, the decoding or the judge, and is "
            "not tested here."
        ),
        assumptions=(APPROXIMATE,),
        notes=(*notes, f"Source: {table.source}."),
    )


def _own_row(one: _Mine, kind: str, columns: Sequence[str]) -> ResultRow:
    cells = [_own_cell(one, kind, column) for column in columns]
    return (word(one.name), word(f"{one.path.resolve().name}, {one.judge}"), *cells)


def _own_cell(one: _Mine, kind: str, column: str) -> ResultCell:
    found = _own_estimate(one.sheet, kind, column)
    if found is None:
        return number(None, reason="not in the run")
    of, got = found.extra.get("of"), found.extra.get("categories")
    partly = f"({got} of {of} categories)" if kind == "overall" and got != of else ""
    if found.value is None:
        return number(None, reason="no data")
    return ResultCell(text=partly, value=found.value, low=found.low, high=found.high)


def _own_estimate(sheet: Sheet, kind: str, column: str) -> Estimate | None:
    cube = sheet.frame.cube
    if kind == "consistency":
        whole = column != "all" or set(cube.languages) == set(published().languages)
        if cube.reference != "en" or len(cube.languages) < 2 or not whole:
            return None
        tag = None if column == "all" else column.removeprefix("en-")
        told = exact_matches(sheet, join(sheet))
        return next((e for e in told if e.metric == "exact_match" and e.language == tag), None)
    if column not in cube.languages:
        return None
    if kind == "overall":
        return average_of(sheet, "safety_macro32", column) if cube.alert else None
    told = safety_by_category(sheet)
    return next((e for e in told if e.language == column and e.category == kind), None)
