"""Human labels: answers are drawn, labels read back, progress and cost counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from numpy.random import default_rng

from safeglot.backends.files import labels as files
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.answers import AnswerPlace, answer_places
from safeglot.backends.store.labels import text_to_label
from safeglot.backends.store.store import Store
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.labels import (
    ALLOWED,
    STRATA,
    UNSURE,
    WHOLE,
    Drawn,
    drawn_answers,
    known_rates,
)
from safeglot.flow.run import session
from safeglot.keys import digest
from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.prompts.reading import tables
from safeglot.score.cube import Cube
from safeglot.score.judges.allocation import budget
from safeglot.score.judges.corrected_rates import DESIGNS
from safeglot.score.judges.drawing import LabelPlan, Rates, assumed, draw, faults, shares
from safeglot.types import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to draw: labels a language, the share to be labelled twice, by whose verdicts."""

    labels: int = 250
    overlap: float = 0.2
    judge: str | None = None
    design: str = "two-phase"
    seed: int = 0


# ---- drawing


def sample(run_dir: RunDir, wanted: Wanted, out: Path | None, *, again: bool = False) -> str:
    """Return what was drawn to be labelled; the file for annotators is written. Raises: UsageError."""
    manifest = run_dir.require().read_manifest()
    path = run_dir.path / "to-label.csv" if out is None else out
    _check(wanted)
    files.check_new(path)
    with run_dir.locked(), session.opened(run_dir) as store:
        _check_first(run_dir, store, again=again)
        cube = cube_of(store, manifest)
        judge = _judge(wanted, cube, run_dir)
        answers = _answers(store, cube)
        draws = [d for tag in cube.languages for d in _draw(answers[tag], cube, judge, wanted)]
        if not draws:
            whose = f" with a verdict of {judge}" if judge else ""
            raise UsageError(f"{run_dir.path}: there is no answer on a harmful prompt{whose} to label. Finish the run first: `safeglot run`.")  # fmt: skip
        files.write(path, _rows(draws, store, wanted))
        store.clear("draws")
        store.write("draws", draws)
        drawn = drawn_answers(store)
    return f"{_progress(drawn, cube.languages)}\n\nto label: {path}\nNext: fill in the column label with safe, unsafe or unsure, then safeglot annotate add {run_dir.path} {path}"  # fmt: skip


def _check(wanted: Wanted) -> None:
    if wanted.labels < 1:
        raise UsageError(f"--labels: got {wanted.labels}, allowed is at least 1.")
    if not 0 <= wanted.overlap <= 1:
        raise UsageError(f"--overlap: got {wanted.overlap:g}, allowed is a share from 0 to 1.")
    if wanted.design not in DESIGNS:
        raise UsageError(f"--design: got {wanted.design!r}, allowed are {' and '.join(DESIGNS)}.")
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


def _judge(wanted: Wanted, cube: Cube, run_dir: RunDir) -> str:
    if wanted.design == "simple":
        return ""
    if not cube.judges:
        raise UsageError(f"{run_dir.path}: has no judge yet. Name one: safeglot judge {run_dir.path} --judge family=provider/model.")  # fmt: skip
    if wanted.judge is None:
        return cube.judges[0]
    if wanted.judge not in cube.judges:
        raise UsageError(
            f"--judge: got {wanted.judge!r}; the judges of this run are {', '.join(cube.judges)}."
        )
    return wanted.judge


def _answers(store: Store, cube: Cube) -> dict[str, list[AnswerPlace]]:
    """Return the answers on harmful prompts by language, without their texts."""
    harmful = set(cube.prompts)
    found: dict[str, list[AnswerPlace]] = {tag: [] for tag in cube.languages}
    for answer in answer_places(store):
        if answer.prompt in harmful:
            found[answer.language].append(answer)
    return found


_Draw = tuple[str, str, str, str, int, str]
"""A row of the table draws: response, judge, language, stratum, wanted, design."""


def _draw(answers: list[AnswerPlace], cube: Cube, judge: str, wanted: Wanted) -> Iterator[_Draw]:
    """Yield the drawn answers of one language: within a stratum all have the same chance."""
    strata = _strata(answers, cube, judge)
    sizes = [len(members) for members in strata.values()]
    counts = shares(sizes[0], sizes[1], wanted.labels) if judge else (wanted.labels,)
    for (name, members), n in zip(strata.items(), counts, strict=True):
        language = members[0].language if members else ""
        seed = int(digest("labels", wanted.seed, language, name)[:12], 16)
        groups = [cube.models.index(a.model) for a in members]
        chosen, twice = draw(groups, n, overlap=wanted.overlap, seed=seed)
        for position in chosen.tolist():
            times = 2 if position in twice else 1
            yield members[position].key, judge, language, name, times, wanted.design


def _strata(answers: list[AnswerPlace], cube: Cube, judge: str) -> dict[str, list[AnswerPlace]]:
    if not judge:
        return {WHOLE: answers}
    verdict_MLPS = cube.unsafe_JMLPS[cube.judges.index(judge)]
    at_M, at_L, at_P = (
        {name: i for i, name in enumerate(names)}
        for names in (cube.models, cube.languages, cube.prompts)
    )
    strata: dict[str, list[AnswerPlace]] = {name: [] for name in STRATA.values()}
    for a in answers:
        verdict = int(verdict_MLPS[at_M[a.model], at_L[a.language], at_P[a.prompt], a.sample])
        if verdict in STRATA:
            strata[STRATA[verdict]].append(a)
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
            key, _, _, _, times, _ = drawn[i]
            row = _row(key, language, prompts, store)
            for name in rows if times > 1 else (next(turns),):
                rows[name].append(row | {"annotator": name})
        yield from (row for dealt in rows.values() for row in dealt)


def _row(key: str, language: str, prompts: Mapping[str, Prompt], store: Store) -> dict[str, str]:
    shown = text_to_label(store, key)
    return {
        "item": f"r{key}",
        "language": language,
        "category": ", ".join(prompts[shown.prompt].categories),
        "source": prompts[shown.prompt].text,
        "prompt": shown.text,
        "answer": shown.answer,
        "annotator": "",
        "label": "",
        "note": "",
    }


# ---- reading back


def add(run_dir: RunDir, paths: Sequence[Path]) -> str:
    """Return what is labelled after storing the labels of the files. Raises: InputErrors with every problem."""
    manifest = run_dir.require().read_manifest()
    with run_dir.locked(), session.opened(run_dir) as store:
        drawn = {f"r{d.response}": d for d in drawn_answers(store)}
        if not drawn:
            raise UsageError(
                f"{run_dir.path}: no answers were drawn for labels yet. "
                f"Draw some: safeglot annotate sample {run_dir.path}."
            )
        labels = _read_labels(paths, drawn)
        changed = sum(drawn[i].labels.get(name, label) != label for (i, name), (label, _) in labels.items())  # fmt: skip
        store.write(
            "labels",
            [(drawn[i].response, name, *pair) for (i, name), pair in labels.items()],
        )
        now = drawn_answers(store)
    read = f"{len(labels)} labels read" + (f", {changed} of them changed" if changed else "")
    return f"{read}\n{_progress(now, manifest.languages)}"


_Labels = dict[tuple[str, str], tuple[str, str]]
"""(item, annotator) -> (label, note)."""


def _read_labels(paths: Sequence[Path], drawn: Mapping[str, Drawn]) -> _Labels:
    problems, labels = Problems(), dict[tuple[str, str], tuple[str, str, str]]()
    for path in paths:
        text, fault = files.read(path)
        if fault:
            problems.add(str(path), fault)
            continue
        before = len(problems.found)
        table = tables.parse(text, str(path), path.suffix, problems)
        lacking = [c for c in ("item", "label") if c not in table.columns]
        if lacking and (table.columns or len(problems.found) == before):
            problems.add(str(path), f"has no column {' and '.join(lacking)} (columns: {', '.join(table.columns) or 'none'}); keep those of the file to label")  # fmt: skip
            continue
        filled = [_take(row, drawn, labels, problems) for row in table.rows]
        if not any(filled) and len(problems.found) == before:
            problems.add(str(path), "has no label filled in; allowed are safe, unsafe and unsure")
    problems.stop()
    return {key: (label, note) for key, (label, note, _) in labels.items()}


def _cell(row: tables.Row, column: str) -> str:
    value = row.cells.get(column)
    return "" if value is None else str(value).strip()


def _take(
    row: tables.Row,
    drawn: Mapping[str, Drawn],
    labels: dict[tuple[str, str], tuple[str, str, str]],
    problems: Problems,
) -> bool:
    """Return whether a row has a label; it is noted in `labels`."""
    item, name = _cell(row, "item"), _cell(row, "annotator") or "1"
    label = _cell(row, "label").casefold()
    if not item and not label:
        return False
    if item not in drawn:
        near = did_you_mean(item, drawn) if len(drawn) <= 2000 else ""
        problems.add(row.place, f"item {item!r} is not among the answers drawn for this run{near}")
    if not label:
        return False
    if label not in ALLOWED:
        problems.add(row.place, f"label {_cell(row, 'label')!r}: allowed are {', '.join(ALLOWED)}, or nothing where it is not done{did_you_mean(label, ALLOWED)}")  # fmt: skip
        return True
    first = labels.setdefault((item, name), (label, _cell(row, "note"), row.place))
    if first[0] != label:
        problems.add(row.place, f"annotator {name!r} labels item {item} {label}, and {first[0]} at {first[2]}; keep one")  # fmt: skip
    return True


# ---- telling


def status(run_dir: RunDir) -> str:
    """Return how many labels are wanted and there. Raises: UsageError."""
    languages = run_dir.require().read_manifest().languages
    with session.opened(run_dir) as store:
        drawn = drawn_answers(store)
    if not drawn:
        return (
            f"{run_dir.path}: no answers were drawn for labels. "
            f"Draw some: safeglot annotate sample {run_dir.path}"
        )
    by = f"by the verdicts of {drawn[0].judge}" if drawn[0].judge else "as a simple random sample"
    return f"answers drawn {by}\n{_progress(drawn, languages)}"


def _progress(drawn: Sequence[Drawn], languages: Sequence[str]) -> str:
    names = list(dict.fromkeys(d.stratum for d in drawn))
    names.sort(key=[*STRATA.values(), WHOLE].index)
    rows = []
    for language in languages:
        here = [d for d in drawn if d.language == language]
        cells = [f"{sum(d.human >= 0 for d in own)} of {len(own)}" for name in names for own in [[d for d in here if d.stratum == name]]]  # fmt: skip
        done = sum(min(len(d.labels), d.wanted) for d in here)
        twice = [d for d in here if d.wanted > 1]
        both = sum(len(d.labels) > 1 for d in twice)
        unsure = sum(label == UNSURE for d in here for label in d.labels.values())
        rows.append(
            (language, *cells, f"{both} of {len(twice)}", unsure, f"{done} of {sum(d.wanted for d in here)}")
        )  # fmt: skip
    heads = [f"labelled, {name}" for name in names]
    return table(("language", *heads, "labelled twice", "unsure", "labels"), rows)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows below their columns, the first to the left, the others to the right."""
    cells = [tuple(map(str, row)) for row in (columns, *rows)]
    wide = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(
            text.rjust(w) if i else text.ljust(w)
            for i, (text, w) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in cells
    )


# ---- planning


PLANNING = (
    "These are planning numbers for a normal 95% interval. The interval that is reported (MOVER) and "
    "the floor of 30 labels a verdict add 20 to 30%. The table says how many labels make the "
    "judge's errors known to this width, not that the judge is good."
)


def plan_labels(run_dir: RunDir | None, planned: LabelPlan) -> str:
    """Return how many labels a wanted half-width needs in each language. Raises: UsageError."""
    if problems := list(faults(planned)):
        raise InputErrors(problems)
    if run_dir is None and planned.unsafe_rate is None:
        raise UsageError(
            "nothing to plan for: give a run, whose verdicts say how many answers are judged unsafe, "
            "or --unsafe-rate with the share that you expect, as in --unsafe-rate 0.07."
        )
    cases = [("-", planned.unsafe_rate or 0.0, None, None)] if run_dir is None else _cases(run_dir)
    rows = []
    for language, q, judged, known in cases:
        if judged == 0:
            rows.append((language, "-", "-", "no verdict that could be read", "-", "-"))
            continue
        share = q if planned.unsafe_rate is None else planned.unsafe_rate
        for name, rates in assumed(share, planned, known):
            rows.append((language, f"{share:.3f}", name, *_needed(share, rates, planned, judged)))
    heads = ("language", "judged unsafe", "errors assumed", "labels", "of judged unsafe", "of judged safe")  # fmt: skip
    return f"labels for +-{planned.half_width:g} on the unsafe rate\n\n{table(heads, rows)}\n\n{PLANNING}"


_Case = tuple[str, float, int | None, Rates | None]
"""(language, share judged unsafe, answers judged, PPV and false omission rate by labels).

Of None judged it is not known how many there are to label; with 0 there is nothing to plan from.
"""


def _cases(run_dir: RunDir) -> Iterator[_Case]:
    """Yield the case of each language of a run."""
    manifest = run_dir.require().read_manifest()
    with session.opened(run_dir) as store:
        cube, drawn = cube_of(store, manifest), drawn_answers(store)
    if not cube.judges:
        raise UsageError(f"{run_dir.path}: has no judge yet. Name one: safeglot judge {run_dir.path} --judge family=provider/model.")  # fmt: skip
    judge = next((d.judge for d in drawn if d.judge in cube.judges), cube.judges[0])
    yield from known_rates(judge, drawn, cube)


def _needed(
    q: float, rates: Rates | None, planned: LabelPlan, judged: int | None
) -> tuple[str, str, str]:
    if rates is None:
        return "its errors alone give another share", "-", "-"
    try:
        needed = budget(
            q, ppv=rates[0], false_omission=rates[1], half_width=planned.half_width, judged=judged
        )
    except ValueError:
        return f"out of reach with {judged} judged", "-", "-"
    if judged is not None and (
        needed.judged_unsafe > q * judged + 0.5 or needed.judged_safe > (1 - q) * judged + 0.5
    ):
        return f"out of reach with {judged} judged", "-", "-"
    return str(needed.n), str(needed.judged_unsafe), str(needed.judged_safe)
