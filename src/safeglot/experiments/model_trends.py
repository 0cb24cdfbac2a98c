"""Instruct against base models, and safety against model size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from safeglot.errors import UsageError
from safeglot.experiments.beside import beside_table
from safeglot.experiments.cells import tabled
from safeglot.experiments.field import Asked, Field, fields_of, part_of
from safeglot.experiments.malert import published
from safeglot.experiments.model_facts import Fact, facts_of, pairs_of
from safeglot.experiments.runs import read_runs
from safeglot.report.numbers.percent import percent
from safeglot.report.table import ResultCell, ResultRow, ResultTable, number, said, word
from safeglot.score.models.ranking import average_of, difference, too_invalid
from safeglot.score.models.trend import (
    Models,
    isotonic_trend,
    paired_models,
    size_by_tuning,
    stratified_kendall,
)
from safeglot.score.stats.association import Association, NoFit, kendall, spearman


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSafety:
    """A model with its safety and facts; `n` is how many answers the safety is worth."""

    name: str
    fact: Fact
    safety: float
    n: float
    span: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGroup:
    """Models that can be compared: of runs, by one judge, or published."""

    of: str
    models: tuple[ModelSafety, ...]
    field: Field | None
    level: float
    notes: tuple[str, ...]


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
    return [table for group in groups for table in (_sizes(group), _trends(group), *_beside(group))]


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
        groups.append(_of_published())
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


def _of_published() -> ModelGroup:
    table = published()
    facts = facts_of(list(table.facts), None)
    models = tuple(
        ModelSafety(
            name=name, fact=facts[name], safety=rate, n=table.worth("overall"), span=(None, None)
        )
        for name, rate in table.means().items()
    )
    notes = (
        f"Source: {table.source}.",
        "published figures have no interval; means over five languages.",
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
    rows: list[ResultRow] = []
    if not isinstance(together, NoFit):
        rows = [
            (
                word("mean difference"),
                number(together.mean, (together.low, together.high)),
                number(None),
            ),
            (
                word("the same, bootstrap"),
                number(together.mean, together.bootstrap or (None, None)),
                number(None),
            ),
            (word("Wilcoxon signed rank"), number(None), number(together.wilcoxon_p)),
            (word("sign test"), number(None), number(together.sign_p)),
        ]
    reason = () if isinstance(together, NoFit) or not together.reason else (f"{together.reason}.",)
    n_families = len({family for _, family in known})
    least = min(1.0, 2 / 2 ** len(known))
    return ResultTable(
        **said("pairs_together", of=group.of, pairs=len(known), families=n_families, least=least),
        rows=tuple(rows),
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
            "kind": ("word", lambda m: word(_kind(m))),
            "billions of parameters": ("number", lambda m: number(m.fact.params_b)),
            "safety": ("rate", lambda m: number(m.safety, m.span)),
        },
        **said("sizes", of=group.of),
        notes=group.notes,
    )


def _kind(model: ModelSafety) -> str:
    return "instruct" if model.fact.instruct else "base"


def _trends(group: ModelGroup) -> ResultTable:
    rows: list[ResultRow] = []
    for kind in ("base", "instruct"):
        rows += _trend_rows([m for m in group.models if _kind(m) == kind], kind)
    rows.append(_interaction(group))
    return ResultTable(**said("trends", of=group.of), rows=tuple(rows), notes=group.notes)


def _trend_rows(models: Sequence[ModelSafety], kind: str) -> list[ResultRow]:
    size = [m.fact.params_b for m in models]
    safety = [m.safety for m in models]
    families = [m.fact.family for m in models]
    measures: Mapping[str, Callable[[], Association | NoFit]] = {
        "Kendall tau-b": lambda: kendall(size, safety, unit="models"),
        "Spearman": lambda: spearman(size, safety, unit="models"),
    }
    rows = [_measure_row(kind, name, measure()) for name, measure in measures.items()]
    within = stratified_kendall(size, safety, families)
    if isinstance(within, NoFit):
        rows.append(_none(kind, "Kendall's S within families", within, len(models)))
    else:
        name = f"Kendall's S within {within.families} families"
        rows.append(_row(kind, name, number(within.s), within.p, len(models)))
    fit = isotonic_trend(size, safety, families=families)
    if isinstance(fit, NoFit):
        rows.append(_none(kind, "isotonic R2", fit, len(models)))
    else:
        name = "isotonic R2" + (", permuted in families" if fit.p.within_families else "")
        rows.append(_row(kind, name, number(fit.r2), fit.p.p, len(models)))
    return rows


def _measure_row(kind: str, name: str, measure: Association | NoFit) -> ResultRow:
    if isinstance(measure, NoFit):
        return _none(kind, name, measure, 0)
    return _row(kind, name, number(measure.value), measure.p, measure.n)


def _row(kind: str, name: str, value: ResultCell, p: float, n: int) -> ResultRow:
    return (word(kind), word(name), value, number(p), number(n))


def _none(kind: str, name: str, why: NoFit, n: int) -> ResultRow:
    return (word(kind), word(name), number(None, reason=why.reason), number(None), number(n))


def _interaction(group: ModelGroup) -> ResultRow:
    name, n = "interaction: logit safety by log10 size, instruct less base", len(group.models)
    models = Models(
        safety=np.array([m.safety for m in group.models]),
        n=np.array([m.n for m in group.models]),
        params_b=np.array([m.fact.params_b for m in group.models]),
        instruct=np.array([float(m.fact.instruct) for m in group.models]),
        families=tuple(m.fact.family for m in group.models),
    )
    interaction = size_by_tuning(models, level=group.level)
    if isinstance(interaction, NoFit):
        return _none("both", name, interaction, n)
    return _row(
        "both",
        name,
        number(interaction.value, (interaction.low, interaction.high)),
        interaction.p,
        n,
    )
