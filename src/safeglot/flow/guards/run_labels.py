"""The labels of a run as what guards are tested on: of which answers they are, drawn from how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safeglot.backends.files.manifest import GuardDraw, Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.answers import AnswerPlace
from safeglot.backends.store.labels import text_to_label
from safeglot.backends.store.store import Store
from safeglot.backends.store.verdicts import verdict_rows
from safeglot.errors import UsageError
from safeglot.flow.labels.draw import harmful_answers, parts
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.labels import Drawn, drawn_answers, parts_of
from safeglot.flow.run import session
from safeglot.keys import digest
from safeglot.prompts.reading.label_columns import ANSWERS
from safeglot.prompts.reading.label_rows import SAFE, UNSAFE, LabelledSet, LabelledText
from safeglot.report.finding.commands import command
from safeglot.score.cube import MISSING, Cube
from safeglot.score.judges.label_counts import VERDICTS
from safeglot.types import Prompt

SPLIT = 0.5
"""The mean of an answer's labels where people are divided: it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRun:
    """The labelled answers of a run as texts, with how they were drawn; they are numbered from 1 on."""

    run_dir: RunDir
    manifest: Manifest
    labelled: LabelledSet
    draw: GuardDraw
    answers: Mapping[str, int]
    """Language -> all its answers on harmful prompts."""
    prompts: tuple[Prompt, ...]
    drawn: tuple[Drawn, ...]
    """What each text is in the run."""

    def verdicts(self, judge: str) -> Iterator[tuple[Any, ...]]:
        """Yield the verdicts of a judge of the run: the text's number, then the columns as they are stored."""
        numbers = {d.id: n for n, d in enumerate(self.drawn, start=1)}
        with session.opened(self.run_dir) as store:
            for response, *columns in verdict_rows(store, judge):
                if response in numbers:
                    yield (numbers[response], *columns)


def run_of(files: Sequence[str]) -> RunDir | None:
    """Return the run whose labels are meant; None for files of texts. Raises: UsageError for a run among files."""
    runs = [run for file in files if (run := RunDir(Path(file))).exists()]
    if runs and len(files) > 1:
        raise UsageError(
            f"{runs[0].path}: is a run, and its labels are tested on by themselves. "
            f"Give it alone: {command('guards', str(runs[0].path))}"
        )
    return runs[0] if runs else None


def read(run_dir: RunDir, languages: Sequence[str]) -> LabelledRun:
    """Return the labelled answers of a run, of some languages or of all. Raises: UsageError."""
    about = run_dir.require().read_manifest()
    if about.guards is not None:
        again = command("guards", about.source.name, "--out", str(run_dir.path))
        raise UsageError(
            f"{run_dir.path}: is a test of guards itself. A further guard joins it by the file that "
            f"it was begun with: {again} --judge FAMILY=PROVIDER/MODEL"
        )
    with session.opened(run_dir) as store:
        every = [d for d in drawn_answers(store) if not languages or d.language in languages]
        drawn = [d for d in every if d.human >= 0 and d.human != SPLIT]
        _check_labels(run_dir, len(every), len(drawn))
        cube = cube_of(store, about)
        answers = harmful_answers(store, cube)
        sizes = {
            tag: _sizes(run_dir, [d for d in every if d.language == tag], answers[tag], cube)
            for tag in about.languages
            if any(d.language == tag for d in drawn)
        }
        unread = _leave_out_unread(sizes, drawn)
        known = tuple(d for d in drawn if d.stratum in sizes[d.language])
        texts = tuple(_texts(store, known))
        prompts = {p.id: p for p in store.prompts()}
    by = every[0].judge
    return LabelledRun(
        run_dir=run_dir,
        manifest=about,
        draw=GuardDraw(
            judge=by,
            sizes=sizes,
            prompts={tag: len({a.prompt for a in answers[tag]}) for tag in sizes},
        ),
        labelled=LabelledSet(
            side=ANSWERS,
            languages=tuple(sizes),
            categories=tuple(dict.fromkeys(t.category for t in texts)),
            n_prompts=len({t.id for t in texts}),
            counts=Counter((t.language, UNSAFE if t.unsafe else SAFE) for t in texts),
            digest=digest("labelled", *(map(str, zip(texts, known, strict=True)))),
            notes=tuple(_notes(by, len(every) - len(drawn), unread)),
            texts=texts,
        ),
        answers={tag: len(answers[tag]) for tag in about.languages},
        prompts=tuple(prompts[name] for name in dict.fromkeys(t.id for t in texts)),
        drawn=known,
    )


def _check_labels(run_dir: RunDir, drawn: int, labelled: int) -> None:
    run = str(run_dir.path)
    if not drawn:
        how = command("annotate", "sample", run, "--design", "simple")
        raise UsageError(f"{run}: no answers were drawn for people's labels. Draw some: {how}")
    if not labelled:
        raise UsageError(
            f"{run}: {drawn} answers were drawn for labels, and none has one yet that says safe or unsafe. "
            f"Label them, in the browser: {command('label', run)}, or in a file: {command('annotate', 'add', run)} FILE"
        )


def _sizes(
    run_dir: RunDir, here: Sequence[Drawn], answers: Sequence[AnswerPlace], cube: Cube
) -> dict[str, int]:
    """Return how many answers each stratum of a language has. Raises: UsageError where they are not those of the draw."""
    strata: dict[str, list[AnswerPlace]] = {}
    if here[0].judge in ("", *cube.judges):
        for _, own in parts(answers, cube, here[0].judge, parts_of(list(here), cube)):
            strata |= own
    place = {a.id: (name, a.model) for name, members in strata.items() for a in members}
    moved = sum(place.get(d.id, ("",))[0] != d.stratum for d in here)
    again = command("annotate", "sample", str(run_dir.path), "--again")
    if moved:
        raise UsageError(
            f"{run_dir.path}: {moved} of {len(here)} answers in {here[0].language} have another verdict of "
            f"{here[0].judge}, or none, than when they were drawn, so nobody knows of how many they were drawn. "
            f"Draw anew, labels are kept: {again}"
        )
    n, among = Counter(d.stratum for d in here), Counter(place.values())
    drawn = Counter(place[d.id] for d in here)
    for (stratum, model), size in among.items():
        if size * n[stratum] >= len(strata[stratum]) and not drawn[stratum, model]:
            raise UsageError(
                f"{run_dir.path}: none of the answers of {model} in {here[0].language} was drawn: they came "
                f"after the draw. Draw anew, labels are kept: {again}"
            )
    return {name: len(members) for name, members in strata.items() if members}


def _leave_out_unread(sizes: Mapping[str, dict[str, int]], drawn: Sequence[Drawn]) -> int:
    """Return how many answers there are in strata without a verdict and label, which are left out."""
    labelled = {(d.language, d.stratum) for d in drawn}
    lost = [
        own.pop(name)
        for tag, own in sizes.items()
        for name in list(own)
        if name.endswith(VERDICTS[MISSING]) and (tag, name) not in labelled
    ]
    return sum(lost)


def _texts(store: Store, drawn: Sequence[Drawn]) -> Iterator[LabelledText]:
    categories = {p.id: p.categories[0] for p in store.prompts()}
    samples: Counter[tuple[str, str]] = Counter()
    for d in drawn:
        shown, place = text_to_label(store, d.id), (d.prompt, d.language)
        yield LabelledText(
            d.prompt,
            d.language,
            shown.text,
            shown.answer,
            d.human > SPLIT,
            categories[d.prompt],
            samples[place],
        )
        samples[place] += 1


def _notes(by: str, unlabelled: int, unread: int) -> Iterator[str]:
    how = f"by the verdicts of {by}" if by else "regardless of verdicts"
    yield f"answers that were drawn {how}; each label stands for as many as its stratum has for each of its labels"
    if unlabelled:
        yield f"{unlabelled} of them have no label that says safe or unsafe; the others stand for them"
    if unread:
        yield f"{unread} answers without a verdict of {by} have no label: no rate holds them"
