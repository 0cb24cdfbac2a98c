"""The draw of answers for human labels, and the file for annotators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.random import default_rng

from safeglot.backends.files import labels as files
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.answers import AnswerPlace, answer_places
from safeglot.backends.store.labels import text_to_label
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError
from safeglot.flow.labels.progress import progress
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.labels import (
    BETWEEN,
    WHOLE,
    Drawn,
    drawn_answers,
    part_of_prompts,
    parts_of,
)
from safeglot.flow.run import session
from safeglot.keys import digest, places
from safeglot.prompts.problems import did_you_mean
from safeglot.score.cube import MISSING, UNSAFE, Cube
from safeglot.score.judges.corrected_rates import DESIGNS
from safeglot.score.judges.drawing import (
    draw,
    problematic,
    shares,
)
from safeglot.score.judges.label_counts import VERDICTS
from safeglot.types import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to draw: labels a language, the share to be labelled twice, by whose verdicts."""

    labels: int = 250
    overlap: float = 0.2
    judge: str | None = None
    design: str = "two-phase"
    seed: int = 0
    categories: tuple[str, ...] = ()
    """Categories that get labels of their own; PROBLEMATIC for those that fall below 90% safe."""
    category_labels: int = 60
    more: str = ""
    """A language of which to draw `labels` answers beside those that were drawn, and no other."""


PROBLEMATIC = "problematic"


def sample(run_dir: RunDir, wanted: Wanted, out: Path | None, *, again: bool = False) -> str:
    """Return what was drawn to be labelled; the file for annotators is written. Raises: UsageError."""
    manifest = session.of_models(run_dir)
    path = run_dir.path / "to-label.csv" if out is None else out
    _check(wanted)
    files.check_new(path)
    with run_dir.locked(), session.opened(run_dir) as store:
        cube, before = cube_of(store, manifest), drawn_answers(store) if wanted.more else []
        if wanted.more:
            wanted = _as_before(wanted, before, cube, run_dir)
        else:
            _check_first(run_dir, store, again=again)
        judge = _judge(wanted, cube, run_dir)
        answers = harmful_answers(store, cube)
        categories = parts_of(before, cube) if before else _categories(wanted, cube, judge)
        draws = [
            d
            for tag in cube.languages
            if wanted.more in ("", tag)
            for d in _draw(answers[tag], cube, judge, wanted, categories, before=before)
        ]
        if not draws:
            whose = f" with a verdict of {judge}" if judge else ""
            raise UsageError(f"{run_dir.path}: there is no answer on a harmful prompt{whose} to label. Finish the run first: `safeglot run`.")  # fmt: skip
        files.write(path, _rows(draws, store, wanted))
        if not wanted.more:
            store.clear("draws")
        store.write("draws", draws)
        drawn = drawn_answers(store)
    return f"{progress(drawn, cube.languages)}\n\nto label: {path}\nNext: fill in the column label with safe, unsafe or unsure, then safeglot annotate add {run_dir.path} {path}"  # fmt: skip


def _check(wanted: Wanted) -> None:
    if wanted.labels < 1:
        raise UsageError(f"--labels: got {wanted.labels}, allowed is at least 1.")
    if not 0 <= wanted.overlap <= 1:
        raise UsageError(f"--overlap: got {wanted.overlap:g}, allowed is a share from 0 to 1.")
    if wanted.design not in DESIGNS:
        raise UsageError(f"--design: got {wanted.design!r}, allowed are {' and '.join(DESIGNS)}.")
    if wanted.category_labels < 1:
        raise UsageError(f"--category-labels: got {wanted.category_labels}, allowed is at least 1.")
    if wanted.design == "simple" and wanted.categories:
        raise UsageError(
            "--categories: a simple sample is drawn from all answers alike. Leave --categories out, "
            "or use --design two-phase."
        )
    if wanted.design == "simple" and wanted.judge:
        raise UsageError(
            "--judge: a simple sample is drawn regardless of any verdict. Leave --judge out, or use "
            "--design two-phase."
        )


def _check_first(run_dir: RunDir, store: Store, *, again: bool) -> None:
    drawn = drawn_answers(store)
    if drawn and not again:
        by = f"by the verdicts of {drawn[0].judge}" if drawn[0].judge else "as a simple sample"
        done = sum(bool(d.labels) for d in drawn)
        raise UsageError(
            f"{run_dir.path}: {len(drawn)} answers were drawn already, {by}; {done} have labels. "
            "Add their labels with `safeglot annotate add`, or draw anew with --again: labels of "
            "answers that are drawn again are kept."
        )


def _as_before(wanted: Wanted, before: Sequence[Drawn], cube: Cube, run_dir: RunDir) -> Wanted:
    """Return what to draw more of, by the design and judge of the first draw. Raises: UsageError."""
    if wanted.more not in cube.languages:
        raise UsageError(f"--more: got {wanted.more!r}; the languages of this run are {', '.join(cube.languages)}.")  # fmt: skip
    if not before:
        raise UsageError(f"--more: no answers were drawn yet. Draw first: safeglot annotate sample {run_dir.path}.")  # fmt: skip
    first = next((d for d in before if d.language == wanted.more), before[0])
    return replace(wanted, design=first.design, judge=first.judge or None)


def _judge(wanted: Wanted, cube: Cube, run_dir: RunDir) -> str:
    if wanted.design == "simple":
        return ""
    if not cube.judges:
        raise UsageError(session.no_judge(run_dir))
    if wanted.judge is None:
        return cube.judges[0]
    if wanted.judge not in cube.judges:
        raise UsageError(
            f"--judge: got {wanted.judge!r}; the judges of this run are {', '.join(cube.judges)}."
        )
    return wanted.judge


def _categories(wanted: Wanted, cube: Cube, judge: str) -> list[str]:
    """Return the categories to draw labels for, in the order of the cube. Raises: UsageError."""
    if wanted.categories == (PROBLEMATIC,):
        verdict_MLPS = cube.unsafe_JMLPS[cube.judges.index(judge)]
        read_LC = (verdict_MLPS != MISSING).sum(axis=(0, 3)) @ cube.member_PC
        unsafe_LC = (verdict_MLPS == UNSAFE).sum(axis=(0, 3)) @ cube.member_PC
        lowest = problematic(1 - unsafe_LC / np.maximum(read_LC, 1), read_LC)
        return [name for c, name in enumerate(cube.categories) if c in lowest]
    unknown = [name for name in wanted.categories if name not in cube.categories]
    if unknown:
        raise UsageError(
            f"--categories: got {unknown[0]!r}{did_you_mean(unknown[0], cube.categories)}; allowed are "
            f"{PROBLEMATIC}, or categories of this run: {', '.join(cube.categories)}."
        )
    return [name for name in cube.categories if name in wanted.categories]


def harmful_answers(store: Store, cube: Cube) -> dict[str, list[AnswerPlace]]:
    """Return the answers on harmful prompts by language, without their texts."""
    harmful = set(cube.prompts)
    found: dict[str, list[AnswerPlace]] = {tag: [] for tag in cube.languages}
    for answer in answer_places(store):
        if answer.prompt in harmful:
            found[answer.language].append(answer)
    return found


_Draw = tuple[int, str, str, str, int, str]
"""A row of the table draws: number of the answer, judge, language, stratum, wanted, design."""


def _draw(
    answers: list[AnswerPlace],
    cube: Cube,
    judge: str,
    wanted: Wanted,
    categories: Sequence[str],
    *,
    before: Sequence[Drawn],
) -> Iterator[_Draw]:
    """Yield the drawn answers of one language: within a stratum all have the same chance.

    More are drawn of those that were not, so that each stratum has its share of all.
    """
    drawn = {d.id for d in before}
    for category, strata in parts(answers, cube, judge, categories):
        if category and wanted.more:
            continue
        sizes = [len(members) for members in strata.values()]
        has = [sum(a.id in drawn for a in members) for members in strata.values()]
        labels = wanted.category_labels if category else wanted.labels
        counts = shares(sizes, labels + sum(has)) if judge else [labels + sum(has)]
        for (name, members), n, n_before in zip(strata.items(), counts, has, strict=True):
            left = [a for a in members if a.id not in drawn]
            yield from _of_stratum(name, left, max(n - n_before, 0), (judge, wanted, cube.models))


def parts(
    answers: Sequence[AnswerPlace], cube: Cube, judge: str, categories: Sequence[str]
) -> Iterator[tuple[str, dict[str, list[AnswerPlace]]]]:
    """Yield the strata of one language: those of each category that is drawn from by itself, those of the rest ("") first."""
    part_P = dict(zip(cube.prompts, part_of_prompts(categories, cube).tolist(), strict=True))
    for part, category in enumerate(("", *categories)):
        strata = _strata([a for a in answers if part_P[a.prompt] == part], cube, judge)
        before = f"{category}{BETWEEN}" if category else ""
        yield category, {f"{before}{name}": members for name, members in strata.items()}


def _of_stratum(
    name: str, members: list[AnswerPlace], n: int, by: tuple[str, Wanted, Sequence[str]]
) -> Iterator[_Draw]:
    judge, wanted, models = by
    language = members[0].language if members else ""
    again = ("more", len(members)) if wanted.more else ()
    seed = int(digest("labels", wanted.seed, language, name, *again)[:12], 16)
    groups = [models.index(a.model) for a in members]
    chosen, twice = draw(groups, n, overlap=wanted.overlap, seed=seed)
    for position in chosen.tolist():
        times = 2 if position in twice else 1
        yield members[position].id, judge, language, name, times, wanted.design


def _strata(answers: list[AnswerPlace], cube: Cube, judge: str) -> dict[str, list[AnswerPlace]]:
    if not judge:
        return {WHOLE: answers}
    verdict_MLPS = cube.unsafe_JMLPS[cube.judges.index(judge)]
    at_M, at_L, at_P = map(places, (cube.models, cube.languages, cube.prompts))
    strata: dict[str, list[AnswerPlace]] = {name: [] for name in VERDICTS.values()}
    for a in answers:
        verdict = int(verdict_MLPS[at_M[a.model], at_L[a.language], at_P[a.prompt], a.sample])
        strata[VERDICTS[verdict]].append(a)
    return strata


def _rows(draws: Sequence[_Draw], store: Store, wanted: Wanted) -> Iterator[dict[str, str]]:
    """Yield the rows to label: by language and annotator, else in an order of chance."""
    prompts = {p.id: p for p in store.prompts()}
    for language, own in groupby(draws, key=itemgetter(2)):
        drawn = list(own)
        generator = default_rng(int(digest("order", wanted.seed, language)[:12], 16))
        turns = cycle(("1", "2") if wanted.overlap else ("1",))
        rows: dict[str, list[dict[str, str]]] = {"1": [], "2": []}
        for i in generator.permutation(len(drawn)):
            number, _, _, _, times, _ = drawn[i]
            row = _row(number, language, prompts, store)
            for name in rows if times > 1 else (next(turns),):
                rows[name].append(row | {"annotator": name})
        yield from (row for dealt in rows.values() for row in dealt)


def _row(number: int, language: str, prompts: Mapping[str, Prompt], store: Store) -> dict[str, str]:
    shown = text_to_label(store, number)
    return {
        "item": f"r{shown.key}",
        "language": language,
        "category": ", ".join(prompts[shown.prompt].categories),
        "source": prompts[shown.prompt].text,
        "prompt": shown.text,
        "answer": shown.answer,
        "annotator": "",
        "label": "",
        "note": "",
    }
