"""Instruct against base models, and safety against model size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from safeglot.errors import UsageError
from safeglot.experiments.beside import beside_table
from safeglot.experiments.cells import tabled
from safeglot.experiments.field import Asked, Field, fields_of, part_of
from safeglot.experiments.malert import published
from safeglot.experiments.model_facts import ModelGroup, ModelSafety, facts_of, pairs_of
from safeglot.experiments.runs import read_runs
from safeglot.experiments.size_covariates import size_table
from safeglot.report.numbers.percent import percent
from safeglot.report.table import ResultCell, ResultRow, ResultTable, number, said, word
from safeglot.score.models.ranking import (
    Entrant,
    are_paired,
    average_of,
    by_category,
    difference,
    too_invalid,
)
from safeglot.score.models.trend import (
    Interaction,
    Isotonic,
    Stratified,
    isotonic_trend,
    logit_safety,
    paired_models,
    size_by_tuning,
    stratified_kendall,
)
from safeglot.score.stats.association import Association, NoFit, kendall, spearman

Pair: TypeAlias = tuple[Entrant, Entrant]
"""An instruct model and its base model."""


def base_vs_instruct(
    paths: Sequence[Path], wanted: Asked, *, facts: Path | None = None, reference: str | None = None
) -> list[ResultTable]:
    """Return instruct models against their base models, pair by pair. Raises: UsageError."""
    groups = _groups(paths, wanted, facts, reference, what="base-vs-instruct")
    return [table for group in groups for table in (*_pair_tables(group), *_beside(group))]


def model_size(
    paths: Sequence[Path], wanted: Asked, *, facts: Path | None = None, reference: str | None = None
) -> list[ResultTable]:
    """Return whether safety rises with size, in base and in instruct models. Raises: UsageError."""
    groups = _groups(paths, wanted, facts, reference, what="model-size")
    return [
        table
        for group in groups
        for table in (_sizes(group), _trends(group), size_table(group), *_beside(group))
    ]


def _beside(group: ModelGroup) -> Iterator[ResultTable]:
    if group.field is not None:
        yield beside_table(group.field, group.of)


def _groups(
    paths: Sequence[Path], wanted: Asked, facts: Path | None, reference: str | None, *, what: str
) -> list[ModelGroup]:
    groups: list[ModelGroup] = []
    if paths or reference is None:
        fields = fields_of(read_runs(paths, what=what), wanted)
        groups += [_of_runs(field, facts) for field in fields]
    if reference is not None:
        groups.append(_of_published(facts))
    return groups


def _of_runs(field: Field, facts: Path | None) -> ModelGroup:
    known = facts_of([e.name for e in field.entrants], facts)
    models, notes = [], list(field.notes)
    for entrant in field.entrants:
        average = average_of(entrant.sheet, field.metric, field.language)
        if average.value is None:
            notes.append(f"{entrant.name} has no data and is left out.")
            continue
        if invalid := too_invalid(entrant.sheet, field.language):
            notes.append(
                f"{entrant.name} is left out: {percent(invalid)}% of its answers are invalid (in the "
                "language with most), and what is no answer counts as safe."
            )
            continue
        if part := part_of(average):
            notes.append(f"{entrant.name}: the average is of {part}.")
        worth = average.extra.get("n_eff")
        models.append(
            ModelSafety(
                name=entrant.name,
                fact=known[entrant.name],
                safety=average.value,
                n=float(worth) if isinstance(worth, int | float) else float(average.n),
                span=(average.low, average.high),
            )
        )
    of = f"{field.metric}, {field.language or 'mean over languages'}, judged by {field.judge}"
    return ModelGroup(
        of=of, models=tuple(models), field=field, level=field.level, notes=tuple(notes)
    )


def _of_published(file: Path | None) -> ModelGroup:
    table = published()
    facts = facts_of(list(table.facts), file)
    models = tuple(
        ModelSafety(
            name=name, fact=facts[name], safety=rate, n=table.worth("overall"), span=(None, None)
        )
        for name, rate in table.means().items()
    )
    notes = (
        f"Source: {table.source}.",
        "published figures have no interval; means over five languages. Of base models no category is published, so there is no table of categories.",
    )
    of = "M-ALERT's published means over languages"
    return ModelGroup(of=of, models=models, field=None, level=0.95, notes=notes)


# ---- base against instruct


def _pair_tables(group: ModelGroup) -> Iterator[ResultTable]:
    there = {model.name: model for model in group.models}
    names = pairs_of({name: model.fact for name, model in there.items()})
    if not names:
        raise UsageError(
            f"base-vs-instruct: no instruct model has its base model beside it among "
            f"{', '.join(there)}. Give runs of both, and name the base model in a column base of "
            "--models."
        )
    pairs = [
        _TunedPair(there[a], there[b], _difference(group, there[a], there[b])) for a, b in names
    ]
    yield tabled(
        pairs,
        {
            "instruct": ("word", lambda p: word(p.instruct.name)),
            "base": ("word", lambda p: word(p.base.name)),
            "family": ("word", lambda p: word(p.instruct.fact.family)),
            "instruct safety": ("rate", lambda p: number(p.instruct.safety, p.instruct.span)),
            "base safety": ("rate", lambda p: number(p.base.safety, p.base.span)),
            "instruct less base": ("points", lambda p: p.difference),
        },
        **said("pairs", of=group.of) | ({} if group.field else {"assumptions": ()}),
        notes=group.notes,
    )
    yield _pairs_together(group, pairs)
    if group.field is not None:
        entrants = {e.name: e for e in group.field.entrants}
        yield from _by_category(group, [(entrants[a], entrants[b]) for a, b in names])


def _by_category(group: ModelGroup, pairs: Sequence[Pair]) -> Iterator[ResultTable]:
    """Yield a table of all categories for the pairs that answered the same prompts."""
    frames: dict[int, list[Pair]] = {}
    for pair in filter(are_paired, pairs):
        frames.setdefault(id(pair[0].sheet.frame.whole), []).append(pair)
    for alike in frames.values():
        language = group.field.language if group.field else None
        each = [by_category([pair], language=language, level=group.level) for pair in alike]
        rows: list[ResultRow] = []
        for category, d in by_category(alike, language=language, level=group.level).items():
            known = [own.value for of in each if (own := of[category]).value is not None]
            higher = f"{sum(value > 0 for value in known)} of {len(known)}"
            value = number(d.value, (d.low, d.high), reason="no data")
            p = (number(d.p), number(d.p_holm))
            rows.append((word(category), value, *p, word(higher), number(d.n)))
        named = "; ".join(f"{instruct.name} and {base.name}" for instruct, base in alike)
        yield ResultTable(
            **said("pairs_by_category", of=group.of, pairs=named),
            rows=tuple(rows),
            notes=group.notes,
        )


class _TunedPair(NamedTuple):
    instruct: ModelSafety
    base: ModelSafety
    difference: ResultCell


def _difference(group: ModelGroup, instruct: ModelSafety, base: ModelSafety) -> ResultCell:
    """Return the paired difference within runs, that of the averages for published figures."""
    if group.field is None:
        return number(instruct.safety - base.safety)
    entrants = {e.name: e for e in group.field.entrants}
    d = difference(
        (entrants[instruct.name], entrants[base.name]),
        metric=group.field.metric,
        language=group.field.language,
        level=group.level,
    )
    return number(d.value, (d.low, d.high), reason="no data")


def _pairs_together(group: ModelGroup, pairs: Sequence[_TunedPair]) -> ResultTable:
    differences = [(pair.difference.value, pair.instruct.fact.family) for pair in pairs]
    known = [(value, family) for value, family in differences if value is not None]
    together = paired_models([v for v, _ in known], [f for _, f in known], level=group.level)
    found: list[tuple[str, ResultCell, float | None]] = []
    if not isinstance(together, NoFit):
        nothing = number(None)
        found = [
            ("mean difference", number(together.mean, (together.low, together.high)), None),
            ("Wilcoxon signed rank", nothing, together.wilcoxon_p),
            ("sign test", nothing, together.sign_p),
        ]
    reason = () if isinstance(together, NoFit) or not together.reason else (f"{together.reason}.",)
    n_families = len({family for _, family in known})
    least = min(1.0, 2 / 2 ** len(known))
    return ResultTable(
        **said("pairs_together", of=group.of, pairs=len(known), families=n_families, least=least),
        rows=tuple((word(name), cell, number(p)) for name, cell, p in found),
        notes=(*group.notes, *reason),
    )


# ---- size


def _sizes(group: ModelGroup) -> ResultTable:
    ordered = sorted(group.models, key=lambda m: (m.fact.instruct, m.fact.params_b, m.name))
    return tabled(
        ordered,
        {
            "model": ("word", lambda m: word(m.name)),
            "family": ("word", lambda m: word(m.fact.family)),
            "kind": ("word", lambda m: word(m.fact.kind)),
            "billions of parameters": ("number", lambda m: number(m.fact.params_b)),
            "safety": ("rate", lambda m: number(m.safety, m.span)),
        },
        **said("sizes", of=group.of),
        notes=group.notes,
    )


def _trends(group: ModelGroup) -> ResultTable:
    rows: list[ResultRow] = []
    for kind in ("base", "instruct"):
        rows += _trend_rows([m for m in group.models if m.fact.kind == kind], kind)
    rows.append(_interaction(group))
    return ResultTable(**said("trends", of=group.of), rows=tuple(rows), notes=group.notes)


def _trend_rows(models: Sequence[ModelSafety], kind: str) -> Iterator[ResultRow]:
    size, safety, families, n = *_columns(models), len(models)
    for name, measure in (("Kendall tau-b", kendall), ("Spearman", spearman)):
        rank = measure(size, safety, unit="models")
        yield _row(kind, name, rank, 0 if isinstance(rank, NoFit) else rank.n)
    within = stratified_kendall(size, safety, families)
    told = "" if isinstance(within, NoFit) else f"{within.families} "
    yield _row(kind, f"Kendall's S within {told}families", within, n)
    fit = isotonic_trend(size, safety, families=families)
    told = "" if isinstance(fit, NoFit) or not fit.p.within_families else ", permuted in families"
    yield _row(kind, f"isotonic R2{told}", fit, n)


def _columns(models: Sequence[ModelSafety]) -> tuple[list[float], list[float], list[str]]:
    facts = [m.fact for m in models]
    return [f.params_b for f in facts], [m.safety for m in models], [f.family for f in facts]


def _row(
    kind: str, name: str, found: Association | Stratified | Isotonic | Interaction | NoFit, n: int
) -> ResultRow:
    p: float | None = None
    match found:
        case NoFit():
            value = number(None, reason=found.reason)
        case Stratified():
            value, p = number(found.s), found.p
        case Isotonic():
            value, p = number(found.r2), found.p.p
        case Interaction():
            value, p = number(found.value, (found.low, found.high)), found.p
        case Association():
            value, p = number(found.value), found.p
    return (word(kind), word(name), value, number(p), number(n))


def _interaction(group: ModelGroup) -> ResultRow:
    size, safety, families = _columns(group.models)
    found = size_by_tuning(
        logit_safety(safety, [m.n for m in group.models]),
        np.log10(size),
        tuned=[m.fact.instruct for m in group.models],
        families=families,
        level=group.level,
    )
    name = "interaction: logit safety by log10 size, instruct less base"
    return _row("both", name, found, len(group.models))
