"""The page of several models, from finished runs: its numbers, and M-ALERT's published ones beside."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from safeglot.errors import UsageError
from safeglot.experiments.beside import Besides
from safeglot.experiments.field import MACROS, Asked, Field, fields_of
from safeglot.experiments.leaderboard import average_name
from safeglot.experiments.malert import CATEGORIES, published
from safeglot.experiments.runs import FinishedRun, read_runs, signature_of
from safeglot.flow.page import named_language
from safeglot.report.comparison.view import (
    ComparisonView,
    JudgedModels,
    NextModel,
    PlacedModel,
    PublishedLayer,
    PublishedTable,
    Span,
)
from safeglot.report.page import Run
from safeglot.report.table import ResultCell
from safeglot.score.models.ranking import Difference, Entrant, Standing, standings
from safeglot.score.safety.macro_cells import by_macro
from safeglot.score.safety.safety import safety_averages, safety_by_category
from safeglot.text.rounding import below
from safeglot.types import Estimate

MOST_KINDS = 12
"""Of so many categories without macro categories each still has its panel."""


def comparison(paths: Sequence[Path], wanted: Asked) -> ComparisonView:
    """Return what the page of the runs' models shows. Raises: UsageError."""
    if not paths:
        raise UsageError(
            "--page: no run given. Name runs, such as: safeglot compare runs/first --page models.html"
        )
    runs = read_runs(paths, what="compare")
    fields = fields_of(runs, wanted)
    boards = tuple(_board(field, runs) for field in fields)
    return ComparisonView(
        run=_about(runs, fields),
        boards=boards,
        published=layer() if fields[0].metric == MACROS[0] else None,
    )


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


def _board(field: Field, runs: Sequence[FinishedRun]) -> JudgedModels:
    order, pairs = standings(
        field.entrants, metric=field.metric, language=field.language, level=field.level
    )
    beside, entrants = Besides(field), {entrant.name: entrant for entrant in field.entrants}
    return JudgedModels(
        judge=field.judge,
        average=average_name(field.metric),
        languages=field.languages,
        level=field.level,
        pairs=sum(d.p is not None for d in pairs),
        models=tuple(_placed(field, one, entrants[one.name], beside) for one in order),
        kinds=_kinds(field, runs),
        following=_following(order, pairs, field.level),
        notes=(*_unchecked(field), *field.notes),
    )


def _unchecked(field: Field) -> Iterator[str]:
    """Yield of which runs it is not known what answers are unusable: these have ranks all the same."""
    sheets = {one.name: one.sheet.invalid_LPS for one in field.entrants}
    paths = [
        field.places[name][0]
        for name, invalid in sheets.items()
        if invalid is None or not (invalid >= 0).any()
    ]
    for path in dict.fromkeys(paths):
        yield (
            f"the answers of {path.resolve().name} were not checked for being usable, so its models "
            f"are ranked with unusable answers among the safe: safeglot score {shlex.quote(str(path))}"
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
