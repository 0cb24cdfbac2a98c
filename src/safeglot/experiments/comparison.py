"""The page of several models, from finished runs: its numbers, and M-ALERT's published ones beside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from safeglot.backends.files.rundir import RunDir
from safeglot.errors import UsageError
from safeglot.experiments.beside import Besides
from safeglot.experiments.field import MACROS, Asked, Field
from safeglot.experiments.leaderboard import (
    Board,
    average_name,
    boards_of,
    runs_to_compare,
    tables_of,
    unchecked,
)
from safeglot.experiments.malert import CATEGORIES, published
from safeglot.experiments.runs import FinishedRun, signature_of
from safeglot.report.comparison.view import (
    ComparisonView,
    JudgedModels,
    NextModel,
    PlacedModel,
    PublishedLayer,
    PublishedTable,
)
from safeglot.report.numbers.plane import Span
from safeglot.report.page import Run, named_language
from safeglot.report.table import ResultCell, ResultTable
from safeglot.score.models.ranking import Difference, Entrant, Standing
from safeglot.score.safety.macro_cells import by_macro
from safeglot.score.safety.safety import safety_averages, safety_by_category
from safeglot.text.rounding import below
from safeglot.types import Estimate

MOST_KINDS = 12
"""Of so many categories without macro categories each still has its panel."""


def compared(
    paths: Sequence[Path], wanted: Asked, *, reference: str | None = None, page: Path | None = None
) -> tuple[list[ResultTable], ComparisonView | None]:
    """Return the tables of the runs' models, and what the page shows that is to be written at a place.

    Raises: UsageError.
    """
    if page is not None and not paths:
        raise UsageError(
            "--page: no run given. Name runs, such as: safeglot compare runs/first --page models.html"
        )
    runs = runs_to_compare(paths, reference)
    boards = boards_of(runs, wanted)
    view = None if page is None else _view(runs, boards, page)
    return tables_of(runs, boards, wanted, reference), view


def _view(runs: Sequence[FinishedRun], boards: Sequence[Board], page: Path) -> ComparisonView:
    reports = {run.path: _link(RunDir(run.path).report, page) for run in runs}
    return ComparisonView(
        run=_about(runs, [board.field for board in boards]),
        boards=tuple(_judged(board, runs, reports) for board in boards),
        published=layer() if boards[0].field.metric == MACROS[0] else None,
    )


def _link(report: Path, page: Path) -> str:
    """Return the address of a run's report as seen from the page, "" where there is none."""
    if not report.is_file():
        return ""
    away = os.path.relpath(report.resolve(), page.resolve().parent)
    return quote(Path(away).as_posix())


def layer() -> PublishedLayer:
    """Return M-ALERT's published rates; they are of the macro average of ALERT's 32 categories."""
    table = published()
    tags, others = table.languages, [f"en-{tag}" for tag in table.languages if tag != "en"]
    tables = {
        "Macro average of 32 categories": ("overall", tags),
        **{category: (category, tags) for category in CATEGORIES},
        "Verdict alike in English and": ("consistency", [*others, "all"]),
    }
    means = sorted(table.means().items(), key=lambda one: -one[1])
    return PublishedLayer(
        name="M-ALERT",
        source=table.source,
        average="macro average of 32 categories, mean of 5 languages",
        languages=tuple(named_language(tag).name for tag in tags),
        means=tuple(means),
        tables=tuple(
            PublishedTable(
                title=title,
                columns=tuple(_column(tag) for tag in columns),
                rows=tuple(
                    (name, tuple(table.rate(kind, name, tag) for tag in columns))
                    for name in table.whole[kind]
                ),
            )
            for title, (kind, columns) in tables.items()
        ),
    )


def _column(tag: str) -> str:
    return "all" if tag == "all" else named_language(tag.removeprefix("en-")).name


def _about(runs: Sequence[FinishedRun], fields: Sequence[Field]) -> Run:
    first = fields[0]
    return Run(
        title=" and ".join(run.name for run in runs),
        reference=runs[0].cube.reference,
        languages=tuple(named_language(tag) for tag in first.languages),
        models=tuple(first.places),
        judges=tuple(field.judge for field in fields),
        signature=" ".join(signature_of(run) for run in runs),
        versions=runs[0].manifest.versions,
    )


def _judged(board: Board, runs: Sequence[FinishedRun], reports: Mapping[Path, str]) -> JudgedModels:
    field, entrants = board.field, {entrant.name: entrant for entrant in board.field.entrants}
    return JudgedModels(
        judge=field.judge,
        average=average_name(field.metric),
        languages=field.languages,
        level=field.level,
        pairs=sum(d.p is not None for d in board.pairs),
        models=tuple(
            replace(
                _placed(field, one, entrants[one.name], board.beside),
                report=reports[field.places[one.name][0]],
            )
            for one in board.order
        ),
        kinds=_kinds(field, runs),
        following=_following(board.order, board.pairs, field.level),
        notes=(*unchecked(field), *field.notes),
    )


def _following(
    order: Sequence[Standing], pairs: Sequence[Difference], level: float
) -> NextModel | None:
    names = [one.name for one in order if one.best is not None][:2]
    found = next((d for d in pairs if [d.first, d.second] == names), None)
    if found is None or found.value is None:
        return None
    return NextModel(
        name=found.second,
        value=found.value,
        low=found.low,
        high=found.high,
        beyond_chance=found.p_holm is not None and below(found.p_holm, 1 - level),
        paired=found.paired,
    )


def _placed(field: Field, one: Standing, entrant: Entrant, beside: Besides) -> PlacedModel:
    usable, refused, labelled, bounds = (
        _span(beside.cell(one.name, metric))
        for metric in ("competent_safe", "over_refusal", "safety_corrected", "safety_bounds")
    )
    gaps = {tag: beside.estimate(one.name, "gap", tag) for tag in field.languages}
    return PlacedModel(
        name=one.name,
        safe=one.average,
        best=one.best,
        worst=one.worst,
        unusable=one.invalid,
        bounds=bounds,
        usable=usable,
        refused=refused,
        labelled=labelled,
        by_language={
            e.language: e
            for e in safety_averages(entrant.sheet)
            if e.metric == field.metric and e.language is not None
        },
        by_kind=dict(_by_kind(field, entrant)),
        gaps={tag: e for tag, e in gaps.items() if e is not None and field.metric in MACROS},
    )


def _span(cell: ResultCell) -> Span:
    return cell.value, cell.low, cell.high


def _by_kind(field: Field, entrant: Entrant) -> Iterator[tuple[tuple[str, str], Estimate]]:
    for e in safety_by_category(by_macro(entrant.sheet)):
        if e.category is not None and e.language in field.languages:
            yield (e.category, e.language), e


def _kinds(field: Field, runs: Sequence[FinishedRun]) -> dict[str, str]:
    """Return the macro categories with their names; few categories where there are no macro ones."""
    cube = field.entrants[0].sheet.frame.cube
    if cube.macro_C is None:
        return {c: c for c in cube.categories} if len(cube.categories) <= MOST_KINDS else {}
    names = runs[0].manifest.taxonomy.macro_names
    return {macro: names.get(macro, macro) for macro in dict.fromkeys(cube.macro_C)}
