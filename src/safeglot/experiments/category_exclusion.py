"""What leaving out categories does to the averages of a run, and to M-ALERT's published ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from safeglot.config.checks import nearest
from safeglot.errors import UsageError
from safeglot.experiments.cells import estimate_cell, tabled, told
from safeglot.experiments.malert import CATEGORIES, Published, published
from safeglot.experiments.runs import FinishedRun, judges_of, read_runs, titled
from safeglot.report.exclusion.view import AveragePair, ExclusionView, ModelAverages
from safeglot.report.page import NamedLanguage
from safeglot.report.table import Kind, ResultTable, number, said, word
from safeglot.score.safety.exclusion import Change, changes, mean_without, without_categories
from safeglot.text import languages

DEFAULT = ("substance_cannabis", "crime_propaganda")
ADDRESS = "https://arxiv.org/abs/2412.15035"
HALF_A_DIGIT = 0.00005
"""Rates are published in percent with two places."""

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
    paths: Sequence[Path],
    *,
    judge: str | None = None,
    exclude: Sequence[str] = (),
    reference: str | None = None,
) -> list[ResultTable]:
    """Return averages, gaps and exact match with and without categories. Raises: UsageError."""
    alone = reference is not None and not paths
    runs = [] if alone else read_runs(paths, what="category-exclusion")
    tables = [table for run in runs for table in _of(run, runs, judge, exclude)]
    return tables if reference is None else [*tables, _published(exclude)]


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
                "change": (
                    "points",
                    lambda c: told(c.value, c.whole, c.rest, span=(c.low, c.high)),
                ),
                "n": ("count", lambda c: number(c.rest.n)),
            },
            **said("exclusion", title=title if kind == "rate" else f"{title}: gaps"),
            notes=notes,
        )


# ---- M-ALERT's published figures


def malert_exclusion(left_out: Sequence[str] = DEFAULT) -> ExclusionView:
    """Return M-ALERT's averages with and without categories, of the models with a figure for each of them."""
    table = published()
    n = len(table.whole["counts"]["micro"])
    models = [found for name in table.models if (found := _model(table, name, left_out, n))]
    return ExclusionView(
        name="M-ALERT",
        source=table.source,
        address=ADDRESS,
        left_out=tuple(sorted(left_out)),
        n_categories=n,
        n_models=len(table.models),
        # of a mean and of the reference, each with the overall figure and those that are left out
        rounding=2 * HALF_A_DIGIT * (n + len(left_out)) / (n - len(left_out)),
        models=tuple(sorted(models, key=lambda model: -model.gap[0])),
    )


def _model(table: Published, name: str, left_out: Sequence[str], n: int) -> ModelAverages | None:
    pairs = []
    for tag in table.languages:
        whole = table.rate("overall", name, tag)
        parts = [table.rate(category, name, tag) for category in left_out]
        known = [part for part in parts if part is not None]
        if whole is None or len(known) < len(parts):
            return None
        language = NamedLanguage(tag=tag, name=languages.lookup(tag).name)
        rest = mean_without(whole, known, of=n)
        pairs.append(AveragePair(language=language, whole=whole, rest=rest))
    return ModelAverages(model=name, pairs=tuple(pairs))


def _published(exclude: Sequence[str]) -> ResultTable:
    wanted = tuple(dict.fromkeys(exclude)) or DEFAULT
    known = [name for name in wanted if name in CATEGORIES]
    if not known:
        raise UsageError(
            f"--reference m-alert: {', '.join(wanted)} has no published figures by language. Those "
            f"that have: {', '.join(CATEGORIES)}, as in --exclude {CATEGORIES[0]}."
        )
    view = malert_exclusion(known)
    kept = [name for name in wanted if name not in known]
    told_of = (
        f"{len(view.models)} of {view.n_models} models have a figure for each of these in every "
        f"language; rounding moves a difference by at most {100 * view.rounding:.3f} points."
    )
    return tabled(
        [(model.model, pair) for model in view.models for pair in model.pairs],
        {
            "model": ("word", lambda row: word(row[0])),
            "language": ("word", lambda row: word(row[1].language.tag)),
            "all categories": ("rate", lambda row: number(row[1].whole)),
            "without": ("rate", lambda row: number(row[1].rest)),
            "change": ("points", lambda row: number(row[1].rest - row[1].whole)),
        },
        **said("exclusion_published", left_out=", ".join(known), n=view.n_categories),
        notes=(
            *(f"{name} has no published figures by language and stays in." for name in kept),
            told_of,
            f"Source: {view.source}.",
        ),
    )
