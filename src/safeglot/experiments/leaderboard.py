"""Models of one or several runs ranked by safety, with M-ALERT's published figures."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safeglot.errors import UsageError
from safeglot.experiments.beside import ASSUMPTION, Besides, no_rank
from safeglot.experiments.cells import estimate_cell, tabled
from safeglot.experiments.field import Asked, Field, fields_of, part_of
from safeglot.experiments.malert import APPROXIMATE, CATEGORIES, Published, name_in, published
from safeglot.experiments.runs import FinishedRun, judges_of, read_runs
from safeglot.report.numbers.percent import count, percent
from safeglot.report.table import ResultCell, ResultRow, ResultTable, columns, number, said, word
from safeglot.score.frame import Sheet, frame_of, sheet_of
from safeglot.score.models.ranking import Difference, Standing, average_of, standings
from safeglot.score.safety.matches_and_gaps import exact_matches
from safeglot.score.safety.pairs import join
from safeglot.score.safety.safety import safety_by_category
from safeglot.types import Estimate

MOST_LISTED = 12
"""Languages that a title lists; more are counted."""
ALL_PAIRS = 8
"""Up to so many models all differences of two are shown, of more those of neighbours."""
_MATCHES = {"consistency": "exact_match", "by_chance": "exact_match_expected"}
_METRICS = {
    "safety_macro32": "macro average of 32 categories",
    "safety_macro": "macro average of the categories",
    "safety_micro": "micro average over prompts",
    "safety_macro6": "average of the 6 macro categories",
    "safety_macro_of_macros": "average of the macro categories",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Board:
    """The models of a field in the order of their average, with all differences of two."""

    field: Field
    order: Sequence[Standing]
    pairs: Sequence[Difference]
    beside: Besides

    @property
    def of(self) -> str:
        """What the numbers are of."""
        field = self.field
        listed, n = ", ".join(field.languages), len(field.languages)
        mean = f"mean over {listed if n <= MOST_LISTED else f'{n} languages'}"
        return f"{average_name(field.metric)}, {field.language or mean}, judged by {field.judge}"


def compare(
    paths: Sequence[Path], wanted: Asked, *, reference: str | None = None
) -> list[ResultTable]:
    """Return the leaderboard of each judge, the differences, and published tables beside it.

    Raises: UsageError.
    """
    runs = runs_to_compare(paths, reference)
    return tables_of(runs, boards_of(runs, wanted), wanted, reference)


def runs_to_compare(paths: Sequence[Path], reference: str | None) -> list[FinishedRun]:
    """Return the runs. Raises: UsageError where there is nothing to compare."""
    if not paths and reference is None:
        raise UsageError(
            "compare: no run given. Name runs, such as runs/first, or give --reference m-alert "
            "for the published table alone."
        )
    return read_runs(paths, what="compare") if paths else []


def boards_of(runs: Sequence[FinishedRun], wanted: Asked) -> list[Board]:
    """Return a board for each judge that all runs share. Raises: UsageError as `fields_of`."""
    boards = []
    for field in fields_of(runs, wanted) if runs else ():
        order, pairs = standings(
            field.entrants, metric=field.metric, language=field.language, level=field.level
        )
        boards.append(Board(field=field, order=order, pairs=pairs, beside=Besides(field)))
    return boards


def tables_of(
    runs: Sequence[FinishedRun], boards: Sequence[Board], wanted: Asked, reference: str | None
) -> list[ResultTable]:
    """Return the tables of the boards, and published ones beside the runs'."""
    tables = [table for board in boards for table in _tables(board)]
    if reference is not None:
        tables += list(_against_published(runs, wanted, published()))
    return tables


def unchecked(field: Field) -> Iterator[str]:
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


def average_name(metric: str) -> str:
    """Return what an average is over, in words."""
    return _METRICS.get(metric, metric)


def _tables(board: Board) -> Iterator[ResultTable]:
    yield _ranks(board)
    if board.pairs:
        yield _differences(board)


def _ranks(board: Board) -> ResultTable:
    field, order = board.field, board.order
    n, level = len(order), f"{100 * field.level:g}%"
    return ResultTable(
        **said(
            "ranks",
            of=board.of,
            judge=field.judge,
            n=n,
            level=level,
            alpha=1 - field.level,
            beside=ASSUMPTION,
        ),
        rows=tuple(_rank_row(standing, board.beside.cells(standing.name)) for standing in order),
        notes=(*unchecked(field), *field.notes, *_unranked(order)),
    )


def _unranked(order: Sequence[Standing]) -> Iterator[str]:
    for standing in order:
        if standing.invalid is not None:
            yield (
                f"{standing.name} has no rank: {percent(standing.invalid)}% of its answers are "
                "unusable (in the language with most), and what is no answer counts as safe; see "
                "competent-safe."
            )


def _rank_row(standing: Standing, beside: Sequence[ResultCell]) -> ResultRow:
    rank = "no data" if standing.invalid is None else no_rank(standing.invalid)
    if standing.best is not None:
        rank = (
            f"{standing.best}"
            if standing.best == standing.worst
            else f"{standing.best} to {standing.worst}"
        )
    return (
        word(rank),
        word(standing.name),
        _average(standing.average)
        if standing.invalid is None
        else number(None, reason="too much unusable"),
        *beside,
        number(standing.average.n),
        number(standing.average.missing),
    )


def _average(e: Estimate) -> ResultCell:
    """Return an average, and of what part it is where something has no verdict at all."""
    if e.value is None:
        return number(None, reason="no data")
    part = part_of(e)
    return ResultCell(text=f"({part})" if part else "", value=e.value, low=e.low, high=e.high)


def _differences(board: Board) -> ResultTable:
    field, order, pairs = board.field, board.order, board.pairs
    notes = field.notes
    if len(order) > ALL_PAIRS:
        names = [standing.name for standing in order]
        near = set(itertools.pairwise(names))
        notes = (*notes, f"{len(pairs)} pairs were tested; those of neighbours are shown.")
        pairs = [d for d in pairs if (d.first, d.second) in near]
    return tabled(
        pairs,
        {
            "first": ("word", lambda d: word(d.first)),
            "second": ("word", lambda d: word(d.second)),
            "first less second": (
                "points",
                lambda d: number(d.value, (d.low, d.high), reason="no data"),
            ),
            "p": ("p", lambda d: number(d.p, reason="no data")),
            "p Holm": ("p", lambda d: number(d.p_holm, reason="no data")),
            "compared": ("word", lambda d: word("paired" if d.paired else "independent")),
            "n": ("count", lambda d: number(d.n)),
        },
        **said("differences", of=board.of, level=f"{100 * field.level:g}%"),
        notes=notes,
    )


# ---- published figures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mine:
    """A model of a run, by one judge."""

    name: str
    judge: str
    sheet: Sheet
    path: Path


def _against_published(
    runs: Sequence[FinishedRun], wanted: Asked, table: Published
) -> Iterator[ResultTable]:
    mine = [model for run in runs for model in _models_of(run, wanted.judge)]
    tags = [tag for tag in table.languages if wanted.language in (None, tag)]
    if not tags:
        raise UsageError(
            f"--language: {wanted.language!r} is not in M-ALERT's table, which has "
            f"{', '.join(table.languages)}."
        )
    yield _published_table("macro average of 32 categories", "overall", mine, (table, tags))
    for category in CATEGORIES:
        if not mine or any(category in model.sheet.frame.cube.categories for model in mine):
            yield _published_table(category, category, mine, (table, tags))
    others = [f"en-{tag}" for tag in tags if tag != "en"]
    if wanted.language is None:
        others.append("all")
    if others:
        yield _published_table("exact match with English", "consistency", mine, (table, others))
        yield _by_chance(mine, table, others)


def _models_of(run: FinishedRun, judge: str | None) -> Iterator[_Mine]:
    cube = run.cube
    frame = frame_of(cube, level=run.level)
    for name in judges_of(run.path, cube.judges, judge):
        for index, model in enumerate(cube.models):
            sheet = sheet_of(frame, cube.judges.index(name), index)
            yield _Mine(name=model, judge=name, sheet=sheet, path=run.path)


def _published_table(
    title: str, kind: str, mine: Sequence[_Mine], of: tuple[Published, Sequence[str]]
) -> ResultTable:
    table, tags = of
    own = [_own_row(model, kind, tags) for model in mine]
    theirs = [
        (
            *(word(name), word("M-ALERT, published")),
            *(table.cell(kind, name, tag) for tag in tags),
            word(count(table.n(kind))),
        )
        for name in table.whole[kind]
    ]
    matched = [(model.name, name_in(table.whole[kind], model.name)) for model in mine]
    notes = [f"{name} is {known} in the published table." for name, known in matched if known]
    return ResultTable(
        **said("published", of=title),
        columns=columns(
            {"model": "word", "by": "word", **dict.fromkeys(tags, "rate"), "n a language": "word"}
        ),
        rows=(*own, *theirs),
        assumptions=(APPROXIMATE,),
        notes=(*notes, f"Source: {table.source}."),
    )


def _by_chance(mine: Sequence[_Mine], table: Published, pairs: Sequence[str]) -> ResultTable:
    """Return what the exact match would be of languages that know nothing of each other."""
    theirs = [
        (word(name), word("M-ALERT, published"), *(number(table.unrelated(name, p)) for p in pairs))
        for name in table.whole["consistency"]
    ]
    return ResultTable(
        **said("by_chance"),
        columns=columns({"model": "word", "by": "word", **dict.fromkeys(pairs, "rate")}),
        rows=(*(_own_row(model, "by_chance", pairs)[:-1] for model in mine), *theirs),
    )


def _own_row(model: _Mine, kind: str, tags: Sequence[str]) -> ResultRow:
    found = [_own_estimate(model.sheet, kind, tag) for tag in tags]
    ns = sorted({e.n for e in found if e is not None})
    n = " to ".join(count(n) for n in dict.fromkeys((*ns[:1], *ns[-1:])))
    by = word(f"{model.path.resolve().name}, {model.judge}")
    return (word(model.name), by, *(_own_cell(e, kind) for e in found), word(n or "0"))


def _own_cell(estimate: Estimate | None, kind: str) -> ResultCell:
    if estimate is None:
        return number(None, reason="not in the run")
    cell, of, got = estimate_cell(estimate), *map(estimate.extra.get, ("of", "categories"))
    if cell.value is None or kind != "overall" or got == of:
        return cell
    return replace(cell, text=f"({got} of {of} categories)")


def _own_estimate(sheet: Sheet, kind: str, tag: str) -> Estimate | None:
    cube = sheet.frame.cube
    if kind in _MATCHES:
        whole = tag != "all" or set(cube.languages) == set(published().languages)
        if cube.reference != "en" or len(cube.languages) < 2 or not whole:
            return None
        language = None if tag == "all" else tag.removeprefix("en-")
        rows = exact_matches(sheet, join(sheet))
        asked = (_MATCHES[kind], language)
        return next((e for e in rows if (e.metric, e.language) == asked), None)
    if tag not in cube.languages:
        return None
    if kind == "overall":
        return average_of(sheet, "safety_macro32", tag) if cube.alert else None
    rows = safety_by_category(sheet)
    return next((e for e in rows if e.language == tag and e.category == kind), None)
