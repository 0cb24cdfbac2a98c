"""Safety on size beside what else the file of models knows of them: tokens, alignment, year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from safeglot.experiments.malert import published
from safeglot.experiments.model_facts import COVARIATES, Fact, ModelGroup, ModelSafety
from safeglot.report.table import ResultRow, ResultTable, number, said, word
from safeglot.score.arrays import Floats
from safeglot.score.models.covariates import SizeTerm, size_terms
from safeglot.score.models.ranking import average_of
from safeglot.score.models.trend import logit_safety
from safeglot.score.stats.association import NoFit
from safeglot.text import languages

SIZE = "log10 size"
RICH = 4
"""From this resource class a language counts among those of many resources."""


def size_table(group: ModelGroup) -> ResultTable:
    """Return size alone, size with the covariates held, and whether its slope differs by another."""
    rows: list[ResultRow] = []
    notes = list(group.notes)
    for kind in ("base", "instruct"):
        models = [m for m in group.models if m.fact.kind == kind]
        terms = _terms([m.fact for m in models])
        known = np.flatnonzero(~np.isnan(list(terms.values())).any(axis=0)).tolist()
        rows += [_row(kind, *line) for line in _lines(group, models, known, terms)]
        if lacking := [m.name for i, m in enumerate(models) if i not in known]:
            notes.append(
                f"{kind} models of which a covariate is not known stand in the lines of size "
                f"alone: {', '.join(lacking)}."
            )
    if not any(m.fact.numbers or m.fact.alignment for m in group.models):
        notes.append(f"no covariates: --models may have the columns {', '.join(COVARIATES)}.")
    return ResultTable(**said("size_terms", of=group.of), rows=tuple(rows), notes=tuple(notes))


def _terms(facts: Sequence[Fact]) -> dict[str, Floats]:
    """Return size and what is known of any of the models, NaN where it is not of one; shapes (n,)."""
    terms = {SIZE: [float(np.log10(fact.params_b)) for fact in facts]}
    for name in dict.fromkeys(name for fact in facts for name in fact.numbers):
        terms[name] = [fact.numbers.get(name, np.nan) for fact in facts]
    for one in sorted(set().union(*(fact.alignment or () for fact in facts))):
        terms[f"alignment {one}"] = [
            np.nan if fact.alignment is None else float(one in fact.alignment) for fact in facts
        ]
    return {name: np.array(x) for name, x in terms.items()}


def _lines(
    group: ModelGroup,
    models: Sequence[ModelSafety],
    known: Sequence[int],
    terms: Mapping[str, Floats],
) -> Iterator[tuple[str, SizeTerm | NoFit]]:
    """Yield the slopes over all models of a kind, and over those whose covariates are known."""
    families = [m.fact.family for m in models]
    logit_n = logit_safety([m.safety for m in models], [m.n for m in models])
    alone = {SIZE: terms[SIZE]}
    yield f"{SIZE}, alone", size_terms(logit_n, alone, families, level=group.level)[SIZE]

    def joint(of: Mapping[str, Floats]) -> dict[str, SizeTerm | NoFit]:
        return size_terms(logit_n[known], of, [families[i] for i in known], level=group.level)

    held = {name: x[known] for name, x in terms.items()}
    if len(held) > 1:
        yield from ((f"{name}, the others held", one) for name, one in joint(held).items())
    for name, x in held.items():
        if name.startswith("alignment") and len(set(x)) > 1:
            # each less its mean, so that the product is not nearly one of them
            product = (held[SIZE] - held[SIZE].mean()) * (x - x.mean())
            yield (both := f"{SIZE} x {name}"), joint({**held, both: product})[both]
    gap_n, name = _resource_gap(group, models), f"{SIZE} x language of class {RICH} or 5"
    if isinstance(gap_n, NoFit):
        yield name, gap_n
    else:
        yield name, size_terms(gap_n, alone, families, level=group.level)[SIZE]


def _resource_gap(group: ModelGroup, models: Sequence[ModelSafety]) -> Floats | NoFit:
    """Return logit safety in languages of many resources less that in the others; shape (n,)."""
    field = group.field
    tags = published().languages if field is None else field.languages
    classes = {tag: languages.lookup(tag).resource_class for tag in tags}
    sides = [
        [tag for tag, of in classes.items() if of is not None and (of >= RICH) is rich]
        for rich in (True, False)
    ]
    if field is None or not all(sides):
        return NoFit(reason="the languages are of one group by resource class")
    sheets = {entrant.name: entrant.sheet for entrant in field.entrants}
    logits = []
    for side in sides:
        found = [[average_of(sheets[m.name], field.metric, tag) for tag in side] for m in models]
        rates = [[e.value for e in row if e.value is not None] for row in found]
        if any(len(known) < len(side) for known in rates):
            return NoFit(reason="a model has no data in one of the languages")
        n = [sum(e.n for e in row) for row in found]
        logits.append(logit_safety([sum(known) / len(known) for known in rates], n))
    return logits[0] - logits[1]


def _row(kind: str, name: str, found: SizeTerm | NoFit) -> ResultRow:
    if isinstance(found, NoFit):
        cells = [number(None, reason=found.reason), *[number(None)] * 4]
    else:
        cells = [
            number(found.value, (found.low, found.high)),
            *map(number, (found.p.p, found.p.least, found.inflation, found.models)),
        ]
    return (word(kind), word(name), *cells)
