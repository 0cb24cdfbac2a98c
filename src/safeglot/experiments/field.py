"""The models of several runs brought together: what they share, and what sets them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from safeglot.config.checks import nearest
from safeglot.errors import UsageError
from safeglot.experiments.sources import Source, judges_of
from safeglot.score.cube import MISSING, Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.models.ranking import Entrant, bonferroni, metrics_of
from safeglot.types import Estimate

MACROS = ("safety_macro32", "safety_macro")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The models to compare by one judge, and what to know before comparing them."""

    entrants: tuple[Entrant, ...]
    judge: str
    metric: str
    language: str | None
    languages: tuple[str, ...]
    level: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user wants to compare by."""

    judge: str | None = None
    metric: str | None = None
    language: str | None = None


def fields_of(sources: Sequence[Source], asked: Asked) -> list[Field]:
    """Return a field for each judge that all runs share.

    Runs with the same prompts (ids, texts and categories) are one cube, so that their models are
    paired. Raises: UsageError where the runs have no judge or language in common, where a judge
    differs between them, or where their averages are of different categories.
    """
    languages = _languages(sources, asked.language)
    return [_field(sources, judge, languages, asked) for judge in _judges(sources, asked.judge)]


def part_of(average: Estimate) -> str:
    """Say of how many languages and categories an average is; "" where it is of all."""
    extra = average.extra
    counted = (
        ("languages", "of_languages", "languages"),
        ("macros", "of_macros", "macro categories"),
        ("categories", "of", "categories"),
    )
    return ", ".join(
        f"{extra.get(got)} of {extra.get(of)} {what}"
        for got, of, what in counted
        if extra.get(got) != extra.get(of)
    )


def _judges(sources: Sequence[Source], asked: str | None) -> tuple[str, ...]:
    first, *rest = sources
    shared = [j for j in first.cube.judges if all(j in s.cube.judges for s in rest)]
    if asked is not None:
        for source in sources:
            judges_of(source.path, source.cube.judges, asked)
        shared = [asked]
    same = [j for j in shared if len({_judge_id(s, j) for s in sources}) == 1]
    if not same:
        told = "; ".join(f"{s.path}: {', '.join(s.cube.judges)}" for s in sources)
        why = (
            "runs have the judge in different versions or settings"
            if shared
            else "no judge is in all runs"
        )
        raise UsageError(
            f"{why} ({told}). A difference would be the judges', not the models'. "
            "Let one judge read all: safeglot judge RUN --judge family=provider/model."
        )
    return tuple(same)


def _judge_id(source: Source, judge: str) -> str:
    return source.manifest.judges[judge.removesuffix("@loose")]


def _languages(sources: Sequence[Source], asked: str | None) -> tuple[str, ...]:
    first, *rest = sources
    shared = tuple(
        tag for tag in first.cube.languages if all(tag in s.cube.languages for s in rest)
    )
    if asked is not None and asked not in shared:
        raise UsageError(
            f"--language: {asked!r} is not in all runs.{nearest(asked, shared)} "
            f"They share: {', '.join(shared) or 'none'}."
        )
    if not shared:
        told = "; ".join(f"{s.path}: {', '.join(s.cube.languages)}" for s in sources)
        raise UsageError(f"the runs have no language in common ({told}). Compare runs that have.")
    return shared if asked is None else (asked,)


def _field(
    sources: Sequence[Source], judge: str, languages: tuple[str, ...], asked: Asked
) -> Field:
    groups = _groups(sources, languages)
    level = max(source.level for source in sources)
    n = sum(len(source.cube.models) for source in sources)
    entrants: list[Entrant] = []
    for group in groups:
        cube = _joined(group, sources, judge, languages)
        frame = frame_of(cube, level=bonferroni(level, n))
        samples = [source.cube.samples for source in group for _ in source.cube.models]
        entrants += [
            Entrant(name=name, sheet=sheet_of(frame, 0, at), samples=samples[at])
            for at, name in enumerate(cube.models)
        ]
    metric = _metric(entrants, asked.metric)
    _check_categories(groups, metric)
    return Field(
        entrants=tuple(entrants),
        judge=judge,
        metric=metric,
        language=asked.language,
        languages=languages,
        level=level,
        notes=tuple(_notes(sources, groups, languages if asked.language is None else ())),
    )


def _groups(sources: Sequence[Source], languages: tuple[str, ...]) -> list[list[Source]]:
    """Put runs with the same prompts together, in the order of the runs."""
    groups: list[list[Source]] = []
    for source in sources:
        same = [g for g in groups if _same_prompts(g[0], source, languages)]
        if same:
            same[0].append(source)
        else:
            groups.append([source])
    return groups


def _same_prompts(one: Source, other: Source, languages: tuple[str, ...]) -> bool:
    a, b = one.cube, other.cube
    if set(a.prompts) != set(b.prompts) or a.categories != b.categories or a.alert != b.alert:
        return False
    at = {prompt: i for i, prompt in enumerate(b.prompts)}
    order = [at[prompt] for prompt in a.prompts]
    return bool(np.array_equal(a.member_PC, b.member_PC[order])) and all(
        one.texts.get((p, tag)) == other.texts.get((p, tag)) for p in a.prompts for tag in languages
    )


def _joined(
    group: Sequence[Source], sources: Sequence[Source], judge: str, languages: tuple[str, ...]
) -> Cube:
    first = group[0].cube
    samples = max(source.cube.samples for source in group)
    parts, names = [], []
    for source in group:
        cube = source.cube
        at = {prompt: i for i, prompt in enumerate(cube.prompts)}
        part = cube.unsafe_JMLPS[cube.judges.index(judge)]
        part = part[:, [cube.languages.index(tag) for tag in languages]]
        part = part[:, :, [at[prompt] for prompt in first.prompts]]
        lacking = samples - cube.samples
        parts.append(np.pad(part, ((0, 0),) * 3 + ((0, lacking),), constant_values=MISSING))
        names += [_label(source, sources, model) for model in cube.models]
    at_L = [first.languages.index(tag) for tag in languages]
    return replace(
        first,
        unsafe_JMLPS=np.concatenate(parts)[None],
        gated_LP=None if first.gated_LP is None else first.gated_LP[at_L],
        judges=(judge,),
        models=tuple(names),
        languages=languages,
        reference=first.reference if first.reference in languages else languages[0],
    )


def _label(source: Source, sources: Sequence[Source], model: str) -> str:
    """Name a model, with its run where several have it."""
    if sum(model in s.cube.models for s in sources) == 1:
        return model
    names = Counter(s.name for s in sources)
    return f"{model} ({source.name if names[source.name] == 1 else source.path})"


def _metric(entrants: Sequence[Entrant], asked: str | None) -> str:
    kinds = [metrics_of(e.sheet) for e in entrants]
    shared = [m for m in kinds[0] if all(m in kind for kind in kinds)]
    if asked is None:
        found = next((m for m in MACROS if m in shared), None)
        if found is None:
            raise UsageError(
                "the runs have different taxonomies, so their macro averages are of different "
                "things. Compare runs of one taxonomy, or give --metric safety_micro."
            )
        return found
    if asked not in shared:
        raise UsageError(
            f"--metric: got {asked!r}, allowed here are {', '.join(shared)}.{nearest(asked, shared)}"
        )
    return asked


def _check_categories(groups: Sequence[Sequence[Source]], metric: str) -> None:
    sets = {group[0].cube.categories for group in groups}
    if len(sets) > 1 and metric != "safety_micro":
        told = "; ".join(f"{g[0].path}: {len(g[0].cube.categories)} categories" for g in groups)
        raise UsageError(
            f"the runs have different categories ({told}), so {metric} is an average of different "
            "things. Compare runs of the same categories, or give --metric safety_micro."
        )


def _notes(
    sources: Sequence[Source], groups: Sequence[Sequence[Source]], languages: tuple[str, ...]
) -> Iterator[str]:
    if len(groups) > 1:
        told = "; ".join(" and ".join(s.name for s in group) for group in groups)
        yield (
            f"the prompts differ between runs ({told}): models of different runs are compared as "
            "independent, and a difference may be that of the prompts."
        )
    for name, label in (("decoding", "decoding"), ("results", "version of the results")):
        if len({s.manifest.identity.get(name) for s in sources}) > 1:
            yield f"the runs differ in their {label}: a difference may come from that."
    several = [m for m, k in Counter(m for s in sources for m in s.cube.models).items() if k > 1]
    if several:
        yield f"in several runs, and counted once for each: {', '.join(several)}."
    for what, values in (
        ("levels", {f"{s.level:g}" for s in sources}),
        ("reference languages", {s.cube.reference for s in sources}),
        (
            "numbers of samples, and differences take those that both have",
            {str(s.cube.samples) for s in sources},
        ),
    ):
        if len(values) > 1:
            yield f"the runs have different {what}: {', '.join(sorted(values))}."
    left_out = {tag for s in sources for tag in s.cube.languages} - set(languages)
    if languages and left_out:
        yield f"languages that not all runs have are left out: {', '.join(sorted(left_out))}."
