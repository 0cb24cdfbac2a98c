"""The page of a run: what the report shows, read from its folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.page_folder import clear_folder, write_folder
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.answers import count_answers, main_answer_counts
from safeglot.backends.store.arrays import LOOSE
from safeglot.backends.store.failures import (
    Lost,
    arm_losses,
    lost_answers,
    lost_variants,
    lost_verdicts,
    unread_replies,
    unread_verdicts,
)
from safeglot.backends.store.stop import stored_looks
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import count_prompts, main_text_counts
from safeglot.config.registry import EMBEDDED_JUDGES
from safeglot.flow.answer_rows import ShownAnswers
from safeglot.flow.measure import translations
from safeglot.flow.measure.estimates import signature
from safeglot.flow.measure.models import ranks_of
from safeglot.flow.measure.plans import Place, left_out_of, notes_of_plan, plan_of_run
from safeglot.flow.measure.stop import stop_notes
from safeglot.flow.outcomes import judge_serving_notes, serving_notes
from safeglot.flow.run import session
from safeglot.flow.run.manifest import SHARD
from safeglot.judge.guards.beginnings import by_beginning
from safeglot.judge.guards.caveats import UNCORRECTED
from safeglot.report.answer_files import AnswerFiles
from safeglot.report.page import (
    MOST_WITHIN,
    AnswerRow,
    AnswersBeside,
    MissingRow,
    Note,
    Page,
    PlanLook,
    Run,
    RunPlan,
    named_language,
)
from safeglot.report.results_json import from_json
from safeglot.score.catalogue.metrics import ASSUMPTIONS, METRICS, SOURCES
from safeglot.types import Estimate

ABOUT_ROW = 400
"""Bytes that a page needs for an answer beside its texts."""


def page_of(run: RunDir, most_answers: int, folder: Path | None = None) -> Page:
    """Return the page of a run, filled from its results and its store.

    With a folder, answers that are too many for a page are written there, and of fewer it is cleared.
    """
    estimates, _ = from_json(run.read_results())
    with session.opened(run) as store:
        manifest = run.read_manifest()
        said = (*serving_notes(store), *judge_serving_notes(manifest))
        left_out = left_out_of(store, manifest)
        of_plan = notes_of_plan(store, manifest, left_out)
        stopped = tuple(of_plan or stop_notes(store, manifest))
        about = _run(
            run, manifest, estimates, signature(store, manifest), said=said, stopped=stopped
        )
        answers = ShownAnswers(store, manifest, most_answers)
        within, beside = _answers(answers, about, folder)
        return Page(
            run=about,
            estimates=estimates,
            missing=tuple(_missing(store, manifest, left_out)),
            answers=within,
            beside=beside,
            shown=answers.shown,
            unread=_unread(store, manifest),
            ranks=ranks_of(store, manifest, about.rated[0]) if about.rated else {},
            n_answers_total=count_answers(store),
            assumptions=ASSUMPTIONS,
            references=_references(estimates),
            plan=_plan(store, manifest, of_plan),
        )


def _plan(store: Store, manifest: Manifest, notes: Sequence[str]) -> RunPlan | None:
    name = plan_of_run(manifest)
    if not name:
        return None
    told = " ".join(f"{note}." for note in notes)
    looks = tuple(PlanLook(**look._asdict()) for look in stored_looks(store))
    return RunPlan(name=name, told=told, looks=looks)


def _references(estimates: Iterable[Estimate]) -> tuple[tuple[str, str], ...]:
    """Return the sources of the methods that gave these estimates, in the order of the catalogue."""
    metrics = {estimate.metric for estimate in estimates}
    used = {
        key
        for entry in METRICS
        if any(fnmatchcase(name, pattern) for name in metrics for pattern in entry.names)
        for key in entry.sources
    }
    return tuple((key, text) for key, text in SOURCES.items() if key in used)


def _run(
    run: RunDir,
    manifest: Manifest,
    estimates: list[Estimate],
    line: str,
    *,
    said: Iterable[str] = (),
    stopped: Iterable[str] = (),
) -> Run:
    taxonomy = manifest.taxonomy
    macros: dict[str, tuple[str, ...]] = {}
    used = {e.category for e in estimates if e.category}
    for category, macro in taxonomy.macro.items():
        if category in used:
            name = taxonomy.macro_names.get(macro, macro)
            macros[name] = (*macros.get(name, ()), category)
    judges = tuple(dict.fromkeys(e.judge for e in estimates if e.judge))
    return Run(
        title=run.path.resolve().name,
        folder=str(run.path),
        reference=manifest.reference,
        languages=tuple(named_language(tag) for tag in manifest.languages),
        models=manifest.models,
        judges=judges or tuple(manifest.judges),
        macros=macros,
        macro_names=taxonomy.macro_names,
        settings=manifest.settings,
        signature=line,
        versions=manifest.versions,
        notes=(
            *(Note(text=f"{text}.", of_part=True) for text in stopped),
            *(Note(text=f"{text}.") for text in said),
            *_notes(manifest, judges, estimates),
        ),
        uncovered={j: manifest.uncovered.get(_base(j), ()) for j in judges},
        refusals_only=tuple(j for j in judges if j.partition("=")[0] in EMBEDDED_JUDGES),
    )


def _base(judge: str) -> str:
    return judge.removesuffix(LOOSE)


def _notes(
    manifest: Manifest, judges: tuple[str, ...], estimates: list[Estimate]
) -> tuple[Note, ...]:
    general = [Note(text=text, of_part=text.startswith(SHARD)) for text in manifest.notes]
    # where some languages have labels, the page says of the others that they have none
    corrected = {
        e.judge for e in estimates if e.metric == "safety_corrected" and e.value is not None
    }
    return (
        *general,
        *(
            Note(text=text, judge=judge, of_part=text in unchecked(manifest, _base(judge)))
            for judge in judges
            for text in (
                *unchecked(manifest, _base(judge)),
                *manifest.judge_notes.get(_base(judge), ()),
            )
            if text != UNCORRECTED or not (judge in corrected or manifest.guards)
        ),
    )


def unchecked(manifest: Manifest, judge: str) -> tuple[str, ...]:
    """Return what stands wherever the numbers of a judge stand that failed its first check."""
    check = manifest.checks.get(judge)
    if check is None or not check.fault:
        return ()
    return (
        f"{judge} failed its first check and was used all the same (--unchecked-judge): {check.fault}",
    )


def _missing(store: Store, manifest: Manifest, left_out: Counter[Place]) -> Iterator[MissingRow]:
    answers = list(lost_answers(store))
    # other unread verdicts belong to a pass that guards a judge, and are counted there
    unread = (
        lost for lost in unread_verdicts(store) if lost.kind.rpartition(": ")[0] in manifest.judges
    )
    by_stage = (
        ("probe", lost_variants(store)),
        ("mitigation", lost_variants(store, "mitigation")),
        ("generate", answers),
        ("judge", lost_verdicts(store)),
        ("judge", unread),
    )
    for stage, rows in by_stage:
        yield from (_row(stage, lost) for lost in rows)
    yield from _untranslated(store, manifest)
    for loss in arm_losses(store):
        yield _row(f"arm {loss.arm}", Lost("", *loss[1:]))
    yield from _not_asked(store, manifest, answers, left_out)


def _row(stage: str, lost: Lost) -> MissingRow:
    told = lost._asdict()
    n, example = told.pop("n"), told.pop("example")
    return MissingRow(stage=stage, count=n, example=(example or "")[:300], **told)


def _unread(store: Store, manifest: Manifest) -> dict[str, tuple[tuple[str, int], ...]]:
    texts: dict[str, list[tuple[str, int]]] = {}
    for judge, text, n in unread_replies(store):
        if judge in manifest.judges:
            texts.setdefault(judge, []).append((text, n))
    return {judge: by_beginning(pairs) for judge, pairs in texts.items()}


def _not_asked(
    store: Store, manifest: Manifest, failed: Iterable[Lost], left_out: Counter[Place]
) -> Iterator[MissingRow]:
    texts, ended = main_text_counts(store), Counter(main_answer_counts(store))
    for lost in failed:
        ended[lost.model, lost.language] += lost.n
    for model in manifest.models:
        for language in manifest.languages:
            ended[model, language] += sum(
                n for place, n in left_out.items() if place[:2] == (model, language)
            )
            left = texts.get(language, 0) * manifest.samples - ended[model, language]
            if left > 0:
                yield _row("generate", Lost(model, language, "not asked yet", left, ""))


def _untranslated(store: Store, manifest: Manifest) -> Iterator[MissingRow]:
    """Yield a row for the prompts that have no text in a language, and that no gate took out."""
    texts = count_prompts(store) * len(manifest.languages)
    if sum(main_text_counts(store).values()) == texts:  # none lacks: most runs, and large ones
        return
    lost: dict[tuple[str, str], list[str]] = {}
    for (_, language), fate in translations.fates(store, manifest.languages).items():
        if fate.kind in (translations.FAILED, translations.WAITING):
            lost.setdefault((language, fate.reason), []).append(fate.message)
    for (language, reason), messages in lost.items():
        yield _row("translate", Lost("", language, reason, len(messages), min(messages)))


def _answers(
    answers: ShownAnswers, shown: Run, folder: Path | None
) -> tuple[tuple[AnswerRow, ...], AnswersBeside | None]:
    """Return the answers that stand in the page, and what it says of those in the folder beside it."""
    rows = answers.rows()
    if folder is None:
        return tuple(rows), None
    held, size = [], 0
    for row in rows:
        held.append(row)
        size += len(row.prompt.encode()) + len(row.answer.encode()) + ABOUT_ROW
        if size > MOST_WITHIN:
            files = AnswerFiles(shown)
            write_folder(folder, files.texts(chain(held, rows)))
            return (), files.beside(folder.name)
    clear_folder(folder)
    return tuple(held), None
