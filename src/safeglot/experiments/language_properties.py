"""Whether gaps go with a property of languages: resources, script, or what the user gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

from safeglot.backends.files.rundir import RunDir
from safeglot.errors import InputErrors, UsageError
from safeglot.experiments.malert import published
from safeglot.experiments.rows import check_columns, number_of, read_rows
from safeglot.experiments.runs import judges_of, read_estimates
from safeglot.report.numbers.interpretation import LIMIT_WORDS, is_interpretable
from safeglot.report.table import ResultRow, ResultTable, number, said, word
from safeglot.score.models.regression import leave_one_out, meta_regression, permuted_slope
from safeglot.score.stats.association import NoFit, spearman
from safeglot.score.stats.intervals import z_of
from safeglot.text import languages
from safeglot.text.close_languages import (
    Lineage,
    kilometres,
    lineage,
    other_morphology,
    unshared_branches,
)
from safeglot.types import Estimate

SOURCES = (
    "resource class by Joshi et al. 2020; script by Unicode CLDR (Unicode License v3); family, "
    "branches and place by Glottolog 5.1 (CC BY 4.0); morphology, features 20A to 29A, by WALS "
    "v2020.4 (CC BY 4.0); tokens by the run's own model"
)
ENOUGH = 10
"""Languages from which a p value is more than a description."""
UNPAIRED = (
    "published averages are not paired by prompt: the errors of their gaps are those of independent "
    "ones, of numbers of prompts inferred from the percentages, and are too wide"
)
_GAPS = {"gap": "gap to the reference", "gap_corrected": "gap after correction by human labels"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What is known of languages; a property that a language lacks is absent."""

    values: Mapping[str, Mapping[str, float]]
    """Property -> language -> number."""
    families: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGaps:
    """The gaps of one model by one judge, with their sampling variances."""

    run: str
    model: str
    judge: str
    metric: str
    level: float
    by_language: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...] = ()
    tokens: Mapping[str, float] = field(default_factory=dict)
    """How many times the tokens of the reference the same requests take for this model."""


def language_properties(
    paths: Sequence[Path],
    *,
    judge: str | None = None,
    properties: Path | None = None,
    reference: str | None = None,
) -> list[ResultTable]:
    """Return each model's gaps regressed on each property of languages. Raises: UsageError."""
    if not paths and reference is None:
        raise UsageError("language-properties: no run given. Name the folder of a run.")
    groups = []
    for path in paths:
        manifest = RunDir(path).read_manifest()
        groups.append((manifest.languages, manifest.reference, list(_gaps_of(path, judge))))
    if reference is not None:
        groups.append((published().languages, "en", list(_published_gaps())))
    tables: list[ResultTable] = []
    for tags, source, of_models in groups:
        known = packaged(tags, source) if properties is None else _read(properties, tags)
        known = _varied(known, {tag for gaps in of_models for tag in gaps.by_language})
        for kind in dict.fromkeys((gaps.judge, gaps.metric) for gaps in of_models):
            told = [g for g in of_models if (g.judge, g.metric) == kind]
            tables += _tables([(g, _with_tokens(known, g, source, properties)) for g in told])
    return tables


def _with_tokens(
    known: Properties, gaps: ModelGaps, reference: str, file: Path | None
) -> Properties:
    """Return the package's properties with the tokens that a model takes, where it counted them."""
    if file is not None or len(set(gaps.tokens.values())) < 2:
        return known
    own = {f"tokens for one of {reference}": gaps.tokens}
    return replace(known, values={**known.values, **own})


def _varied(known: Properties, tags: set[str]) -> Properties:
    """Return the properties that differ between languages; one alone is kept, to say that it does not."""
    apart = {
        name: values
        for name, values in known.values.items()
        if len({value for tag, value in values.items() if tag in tags}) > 1
    }
    same = [name for name in known.values if name not in apart]
    if not apart or not same:
        return known
    told = f"{known.source} (of one value here, and left out: {', '.join(same)})"
    return replace(known, values=apart, source=told)


def _published_gaps() -> Iterator[ModelGaps]:
    """Yield the differences of published averages; their errors are those of unpaired averages."""
    table, n = published(), published().worth("overall")
    for model in table.models:
        rates = {tag: table.rate("overall", model, tag) for tag in table.languages}
        known = {tag: rate for tag, rate in rates.items() if rate is not None}
        if english := known.pop("en", None):
            own = english * (1 - english)
            yield ModelGaps(
                run="M-ALERT, published",
                model=model,
                judge="Llama Guard 3",
                metric="gap",
                level=0.95,
                by_language={t: (p - english, (own + p * (1 - p)) / n) for t, p in known.items()},
                notes=(f"{UNPAIRED}.", f"Source: {table.source}."),
            )


def packaged(tags: Sequence[str], reference: str = "en") -> Properties:
    """Return what the package knows of languages: classes, scripts, and distances to the reference."""
    known = {tag: languages.lookup(tag) for tag in tags}
    lines = {tag: line for tag in tags if (line := lineage(tag)) is not None}
    values: dict[str, Mapping[str, float | None]] = {
        "resource class (0 to 5)": {tag: of.resource_class for tag, of in known.items()},
        "non-Latin script": {tag: float(of.script != "Latn") for tag, of in known.items()},
    }
    if home := lineage(reference):
        for name, distance in _DISTANCES.items():
            values[name.format(reference)] = {tag: distance(of, home) for tag, of in lines.items()}
    return Properties(
        values={
            name: {tag: float(x) for tag, x in of.items() if x is not None}
            for name, of in values.items()
        },
        families=_whole({tag: lines[tag].family if tag in lines else "" for tag in tags}),
        source=SOURCES,
    )


_DISTANCES: Mapping[str, Callable[[Lineage, Lineage], float | None]] = {
    "branches not shared with {}": unshared_branches,
    "1,000 km from {}": lambda a, b: None if (km := kilometres(a, b)) is None else km / 1000,
    "morphology other than in {}": other_morphology,
}


def _read(path: Path, tags: Sequence[str]) -> Properties:
    rows = read_rows(path, flag="--properties", key="language")
    check_columns(rows, ("language",), None, flag="--properties")
    names = [name for name in rows[0].fields if name not in ("language", "family")]
    values: dict[str, dict[str, float]] = {name: {} for name in names}
    families: dict[str, str] = {}
    wrong = [] if names else [f"--properties: {path} has no column of numbers. Give one."]
    for row in rows:
        try:
            tag = languages.canonical(row.fields.get("language", ""))
        except languages.UnknownLanguage as error:
            wrong.append(f"--properties: {row.where}: {error}.")
            continue
        if tag in families:
            wrong.append(f"--properties: {row.where}: {tag} is given twice. Keep one row.")
        families[tag] = row.fields.get("family", "")
        for name in names:
            text = row.fields.get(name, "")
            value = number_of(text)
            if value is not None:
                values[name][tag] = value
            elif text:
                wrong.append(
                    f"--properties: {row.where}: {name} is {text!r}; give a number, or nothing "
                    "where it is not known."
                )
    if not wrong and not set(families) & set(tags):
        wrong.append(f"--properties: {path} has none of the run's languages: {', '.join(tags)}.")
    if wrong:
        raise InputErrors(wrong)
    return Properties(values=values, families=_whole(families), source=str(path))


def _whole(families: Mapping[str, str]) -> dict[str, str]:
    """Return the families where each language has one, else none."""
    return dict(families) if all(families.values()) else {}


def _gaps_of(path: Path, wanted: str | None) -> Iterator[ModelGaps]:
    every = read_estimates(path)
    rows = [e for e in every if e.metric in _GAPS and e.category is None]
    tokens = [e for e in every if e.metric == "token_premium" and e.value is not None]
    judges = judges_of(path, tuple(dict.fromkeys(e.judge for e in rows if e.judge)), wanted)
    if RunDir(path).read_manifest().unpaired:
        raise UsageError(
            f"{path}: its languages have requests of their own, so a difference may be that of the requests "
            "and says nothing of a language's properties. Run the same requests in all: without --unpaired."
        )
    if not rows:
        raise UsageError(
            f"{path}: has one language, so there are no gaps. Run with several: --languages."
        )
    kinds = dict.fromkeys((e.metric, e.judge, e.model) for e in rows)
    tags = tuple(dict.fromkeys(str(e.language) for e in rows))
    for metric, judge, model in kinds:
        if judge not in judges:
            continue
        mine = [e for e in rows if (e.metric, e.judge, e.model) == (metric, judge, model)]
        known = {str(e.language): v for e in mine if (v := _figure(e)) is not None}
        mute = [str(e.language) for e in mine if not is_interpretable(e)]
        # a language without labels has no corrected gap, not even an empty one: name it all the same
        lost = [tag for tag in tags if tag not in known and tag not in mute]
        name = model or "all models together"
        yield ModelGaps(
            run=path.resolve().name,
            model=name,
            judge=str(judge),
            metric=metric,
            level=next((e.level for e in mine if e.level), 0.95),
            by_language=known,
            notes=tuple(_lost(name, lost, mute)),
            tokens={str(e.language): float(e.value or 0) for e in tokens if e.model == model},
        )


def _lost(name: str, lost: Sequence[str], mute: Sequence[str]) -> Iterator[str]:
    if lost:
        yield f"{name}: no gap in {', '.join(lost)}, left out."
    if mute:
        yield (
            f"{name}: the gap is not interpreted in {', '.join(mute)}, left out: more than "
            f"{LIMIT_WORDS} of the planned verdicts are missing or of the answers invalid, there or "
            "in the reference."
        )


def _figure(e: Estimate) -> tuple[float, float] | None:
    """Return a gap with its variance, that of a normal interval as wide as the estimate's."""
    if e.value is None or e.low is None or e.high is None or not e.level or not is_interpretable(e):
        return None
    return e.value, ((e.high - e.low) / (2 * z_of(e.level))) ** 2


def _tables(models: Sequence[tuple[ModelGaps, Properties]]) -> Iterator[ResultTable]:
    """Yield the tables of all models by one judge, each with what is known of languages for it."""
    first = models[0][0]
    lines = [(gaps, of, name) for gaps, of in models if gaps.by_language for name in of.values]
    of = f"{first.run}: {_GAPS[first.metric]}, judged by {first.judge}"
    n = max(len(gaps.by_language) for gaps, _ in models)
    few = n < ENOUGH
    told = (
        f"Descriptive only: with {n} languages nothing can be shown of languages in general"
        if few
        else "A slope says that the gap is associated with the property over these languages"
    )
    slopes = f"{len(lines)} {'slope' if len(lines) == 1 else 'slopes'}"
    yield ResultTable(
        **said(
            "slopes", of=f"{of}{' (descriptive only)' if few else ''}", said=told, slopes=slopes
        ),
        rows=tuple(_slope_row(*line) for line in lines),
        notes=tuple(dict.fromkeys(note for pair in models for note in _notes(*pair))),
    )
    yield _left_out(of, lines)
    if len(models[0][1].values) > 1:
        # the model whose gaps may be read in the most languages
        yield _together(of, *max(models, key=lambda pair: len(pair[0].by_language)))


def _notes(gaps: ModelGaps, known: Properties) -> Iterator[str]:
    yield from gaps.notes
    yield f"Properties: {known.source}."
    for name, values in known.values.items():
        lacking = [tag for tag in gaps.by_language if tag not in values]
        if lacking:
            yield f"{name}: not known of {', '.join(lacking)}, which are left out."
    if not known.families:
        yield "no families given: related languages count as independent."


_Points: TypeAlias = tuple[list[float], list[float], list[float]]


def _points(
    gaps: ModelGaps, known: Properties, name: str
) -> tuple[_Points, list[str], list[str] | None]:
    """Return the property, the gaps and their variances, with the languages and their families."""
    values = known.values[name]
    tags = [tag for tag in gaps.by_language if tag in values]
    d, v = ([gaps.by_language[tag][i] for tag in tags] for i in (0, 1))
    families = [known.families[tag] for tag in tags] if known.families else None
    return ([values[tag] for tag in tags], d, v), tags, families


def _slope_row(gaps: ModelGaps, known: Properties, name: str) -> ResultRow:
    (x, d, v), tags, families = _points(gaps, known, name)
    about, n = (word(gaps.model), word(name)), number(len(tags))
    fit = meta_regression(x, d, v, level=gaps.level)
    permuted = permuted_slope(x, d, families=families)
    if isinstance(fit, NoFit) or isinstance(permuted, NoFit):
        why = fit.reason if isinstance(fit, NoFit) else ""
        nothing = number(None)
        return (*about, number(None, reason=why), *[nothing] * 5, n)
    rank = spearman(x, d)
    return (
        *about,
        number(fit.coef[1], (fit.low[1], fit.high[1])),
        number(fit.p[1]),
        number(permuted.p),
        number(permuted.least),
        number(None, reason=rank.reason) if isinstance(rank, NoFit) else number(rank.value),
        number(fit.tau2**0.5),
        n,
    )


def _left_out(of: str, lines: Sequence[tuple[ModelGaps, Properties, str]]) -> ResultTable:
    rows = []
    for gaps, known, name in lines:
        points, *units = _points(gaps, known, name)
        for unit, names in zip(("language", "family"), units, strict=True):
            if names is not None:
                slopes = dict(leave_one_out(*points, names))
                about = (word(gaps.model), word(name), word(f"one {unit}"))
                rows.append((*about, *_extremes(slopes)))
    return ResultTable(**said("slopes_without", of=of), rows=tuple(rows))


def _extremes(slopes: Mapping[str, float | None]) -> ResultRow:
    known = {left_out: slope for left_out, slope in slopes.items() if slope is not None}
    if not known:
        why = number(None, reason="too few are left")
        return (why, word(""), why, word(""))
    low, high = min(known, key=lambda k: known[k]), max(known, key=lambda k: known[k])
    return (number(known[low]), word(low), number(known[high]), word(high))


def _together(of: str, gaps: ModelGaps, known: Properties) -> ResultTable:
    rows = []
    for a, b in combinations(known.values, 2):
        tags = [t for t in gaps.by_language if t in known.values[a] and t in known.values[b]]
        rank = spearman([known.values[a][t] for t in tags], [known.values[b][t] for t in tags])
        value = None if isinstance(rank, NoFit) else rank.value
        why = rank.reason if isinstance(rank, NoFit) else ""
        rows.append((word(a), word(b), number(value, reason=why), number(len(tags))))
    return ResultTable(**said("properties", of=of), rows=tuple(rows))
