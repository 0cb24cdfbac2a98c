"""Models of several runs in one comparison, paired where their prompts are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from safeglot.config.checks import nearest
from safeglot.errors import UsageError
from safeglot.experiments.runs import FinishedRun, judges_of
from safeglot.score.arrays import Bools, Bytes
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
    places: Mapping[str, tuple[Path, str]]
    """Name of an entrant -> the run that it is of, and its model there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user wants to compare by."""

    judge: str | None = None
    metric: str | None = None
    language: str | None = None


def fields_of(runs: Sequence[FinishedRun], wanted: Asked) -> list[Field]:
    """Return a field for each judge that all runs share.

    Runs with the same prompts (ids, texts and categories) are one cube, so that their models are
    paired. Raises: UsageError where the runs have no judge or language in common, where a judge
    differs between them, or where their averages are of different categories.
    """
    languages = _languages(runs, wanted.language)
    return [_field(runs, judge, languages, wanted) for judge in _judges(runs, wanted.judge)]


def part_of(average: Estimate) -> str:
    """Return of how many languages and categories an average is; "" where it is of all."""
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


def _judges(runs: Sequence[FinishedRun], wanted: str | None) -> tuple[str, ...]:
    first, *rest = runs
    shared = [j for j in first.cube.judges if all(j in s.cube.judges for s in rest)]
    if wanted is not None:
        for run in runs:
            judges_of(run.path, run.cube.judges, wanted)
        shared = [wanted]
    same = [j for j in shared if len({judge_id(s, j) for s in runs}) == 1]
    if not same:
        listed = "; ".join(f"{s.path}: {', '.join(s.cube.judges)}" for s in runs)
        why = (
            "runs have the judge in different versions or settings"
            if shared
            else "no judge is in all runs"
        )
        raise UsageError(
            f"{why} ({listed}). A difference would be the judges', not the models'. "
            "Let one judge read all: safeglot judge RUN --judge family=provider/model."
        )
    return tuple(same)


def judge_id(run: FinishedRun, judge: str) -> str:
    """Return the judge's name, versions and settings in a run: where they differ it is another judge."""
    return run.manifest.judges[judge.removesuffix("@loose")]


def _languages(runs: Sequence[FinishedRun], wanted: str | None) -> tuple[str, ...]:
    first, *rest = runs
    shared = tuple(
        tag for tag in first.cube.languages if all(tag in s.cube.languages for s in rest)
    )
    if wanted is not None and wanted not in shared:
        raise UsageError(
            f"--language: {wanted!r} is not in all runs.{nearest(wanted, shared)} "
            f"They share: {', '.join(shared) or 'none'}."
        )
    if not shared:
        listed = "; ".join(f"{s.path}: {', '.join(s.cube.languages)}" for s in runs)
        raise UsageError(f"the runs have no language in common ({listed}). Compare runs that have.")
    return shared if wanted is None else (wanted,)


def _field(
    runs: Sequence[FinishedRun], judge: str, languages: tuple[str, ...], wanted: Asked
) -> Field:
    groups = _groups(runs, languages)
    level = max(run.level for run in runs)
    n = sum(len(run.cube.models) for run in runs)
    entrants: list[Entrant] = []
    places: dict[str, tuple[Path, str]] = {}
    for group in groups:
        cube = _joined(group, runs, judge, languages)
        frame = frame_of(cube, level=bonferroni(level, n))
        samples = [run.cube.samples for run in group for _ in run.cube.models]
        entrants += [
            Entrant(name=name, sheet=sheet_of(frame, 0, index), samples=samples[index])
            for index, name in enumerate(cube.models)
        ]
        members = [(run.path, model) for run in group for model in run.cube.models]
        places |= dict(zip(cube.models, members, strict=True))
    metric = _metric(entrants, wanted.metric)
    _check_categories(groups, metric)
    return Field(
        entrants=tuple(entrants),
        judge=judge,
        metric=metric,
        language=wanted.language,
        languages=languages,
        level=level,
        notes=tuple(_notes(runs, groups, languages if wanted.language is None else ())),
        places=places,
    )


def _groups(runs: Sequence[FinishedRun], languages: tuple[str, ...]) -> list[list[FinishedRun]]:
    """Return runs with the same prompts together, in the order of the runs."""
    groups: list[list[FinishedRun]] = []
    for run in runs:
        same = [g for g in groups if _same_prompts(g[0], run, languages)]
        if same:
            same[0].append(run)
        else:
            groups.append([run])
    return groups


def _same_prompts(first: FinishedRun, second: FinishedRun, languages: tuple[str, ...]) -> bool:
    a, b = first.cube, second.cube
    if a.categories != b.categories or a.alert != b.alert:
        return False
    order = _order(a.prompts, b.prompts)
    return order is not None and all(
        np.array_equal(one, other)
        for one, other in (
            (a.member_PC, b.member_PC[order]),
            *((_texts(first, tag), _texts(second, tag)[order]) for tag in languages),
        )
    )


def _texts(run: FinishedRun, language: str) -> Any:
    return run.text_LP[run.cube.languages.index(language)]


def _order(prompts: Sequence[str], there: Sequence[str]) -> Any:
    """Return the place of each prompt in another order of them; None where they are not the same."""
    if len(prompts) != len(there):
        return None
    if all(map(str.__eq__, prompts, there)):
        return slice(None)
    place_of = {prompt: i for i, prompt in enumerate(there)}
    order = [place_of.get(prompt, -1) for prompt in prompts]
    return None if -1 in order else order


def _joined(
    group: Sequence[FinishedRun],
    runs: Sequence[FinishedRun],
    judge: str,
    languages: tuple[str, ...],
) -> Cube:
    first = group[0].cube
    at_L = [first.languages.index(tag) for tag in languages]
    verdicts = [run.cube.unsafe_JMLPS[run.cube.judges.index(judge)] for run in group]
    return replace(
        first,
        unsafe_JMLPS=_aligned(group, languages, verdicts)[None],
        outcome_MLPS=_aligned(group, languages, [run.cube.outcome_MLPS for run in group]),
        invalid_MLPS=_aligned(group, languages, [run.cube.invalid_MLPS for run in group]),
        gated_LP=None if first.gated_LP is None else first.gated_LP[at_L],
        unneeded_MLP=_unneeded(group, languages),
        judges=(judge,),
        models=tuple(_label(run, runs, model) for run in group for model in run.cube.models),
        languages=languages,
        reference=first.reference if first.reference in languages else languages[0],
    )


def _aligned(
    group: Sequence[FinishedRun], languages: tuple[str, ...], of_MLPS: Sequence[Bytes | None]
) -> Any:
    """Return the arrays of several runs under one another, in the first one's order of prompts.

    None where one of them has none. Of samples that a run lacks nothing is known.
    """
    samples = max(run.cube.samples for run in group)
    parts = []
    for run, given in zip(group, of_MLPS, strict=True):
        if given is None:
            return None
        cube = run.cube
        part = given[:, [cube.languages.index(tag) for tag in languages]]
        part = part[:, :, _order(group[0].cube.prompts, cube.prompts)]
        lacking = samples - cube.samples
        parts.append(np.pad(part, ((0, 0),) * 3 + ((0, lacking),), constant_values=MISSING))
    return np.concatenate(parts)


def _unneeded(group: Sequence[FinishedRun], languages: tuple[str, ...]) -> Bools | None:
    """Return what the plans of the runs left out; None where none of them stopped early."""
    cubes = [run.cube for run in group]
    if all(cube.unneeded_MLP is None for cube in cubes):
        return None
    left_out = [
        np.zeros(cube.unsafe_JMLPS.shape[1:4], dtype=np.int8) if cube.unneeded_MLP is None
        else cube.unneeded_MLP.astype(np.int8)
        for cube in cubes
    ]  # fmt: skip
    stacked: Bytes = _aligned(group, languages, [of_MLP[..., np.newaxis] for of_MLP in left_out])
    return stacked[..., 0] > 0


def _label(run: FinishedRun, runs: Sequence[FinishedRun], model: str) -> str:
    """Return a model's name, with its run where several have it."""
    if sum(model in s.cube.models for s in runs) == 1:
        return model
    names = Counter(s.name for s in runs)
    return f"{model} ({run.name if names[run.name] == 1 else run.path})"


def _metric(entrants: Sequence[Entrant], wanted: str | None) -> str:
    kinds = [metrics_of(e.sheet) for e in entrants]
    shared = [m for m in kinds[0] if all(m in kind for kind in kinds)]
    if wanted is None:
        macro = next((m for m in MACROS if m in shared), None)
        if macro is None:
            raise UsageError(
                "the runs have different taxonomies, so their macro averages are of different "
                "things. Compare runs of one taxonomy, or give --metric safety_micro."
            )
        return macro
    if wanted not in shared:
        raise UsageError(
            f"--metric: got {wanted!r}, allowed here are {', '.join(shared)}.{nearest(wanted, shared)}"
        )
    return wanted


def _check_categories(groups: Sequence[Sequence[FinishedRun]], metric: str) -> None:
    sets = {group[0].cube.categories for group in groups}
    if len(sets) > 1 and metric != "safety_micro":
        listed = "; ".join(f"{g[0].path}: {len(g[0].cube.categories)} categories" for g in groups)
        raise UsageError(
            f"the runs have different categories ({listed}), so {metric} is an average of different "
            "things. Compare runs of the same categories, or give --metric safety_micro."
        )


def _notes(
    runs: Sequence[FinishedRun], groups: Sequence[Sequence[FinishedRun]], languages: tuple[str, ...]
) -> Iterator[str]:
    if len(groups) > 1:
        listed = "; ".join(" and ".join(s.name for s in group) for group in groups)
        yield (
            f"the prompts differ between runs ({listed}): models of different runs are compared as "
            "independent, and a difference may be that of the prompts."
        )
    for name, label in (("decoding", "decoding"), ("results", "version of the results")):
        if len({s.manifest.identity.get(name) for s in runs}) > 1:
            yield f"the runs differ in their {label}: a difference may come from that."
    if own := [s.name for s in runs if s.cube.unpaired]:
        yield (
            f"the languages of {', '.join(own)} have requests of their own: a mean over them is of other "
            "requests in each, and what sets its languages apart may be the requests."
        )
    several = [m for m, k in Counter(m for s in runs for m in s.cube.models).items() if k > 1]
    if several:
        yield f"in several runs, and counted once for each: {', '.join(several)}."
    for what, values in (
        ("levels", {f"{s.level:g}" for s in runs}),
        ("reference languages", {s.cube.reference for s in runs}),
        (
            "numbers of samples, and differences take those that both have",
            {str(s.cube.samples) for s in runs},
        ),
    ):
        if len(values) > 1:
            yield f"the runs have different {what}: {', '.join(sorted(values))}."
    left_out = {tag for s in runs for tag in s.cube.languages} - set(languages)
    if languages and left_out:
        yield f"languages that not all runs have are left out: {', '.join(sorted(left_out))}."
