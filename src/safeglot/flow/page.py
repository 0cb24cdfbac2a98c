"""The page of a run: what the report shows, read from its folder."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.answers import count_answers, main_answer_counts, main_answers
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
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import main_text_counts, main_texts
from safeglot.flow.measure import translations
from safeglot.flow.measure.estimates import signature
from safeglot.flow.measure.stop import stop_notes
from safeglot.flow.outcomes import judge_serving_notes, serving_notes
from safeglot.flow.run import session
from safeglot.judge.guards.beginnings import by_beginning
from safeglot.judge.guards.caveats import UNCORRECTED
from safeglot.report.page import (
    AnswerRow,
    AnswerVerdict,
    MissingRow,
    NamedLanguage,
    Note,
    Page,
    Run,
)
from safeglot.report.results_json import from_json
from safeglot.score.causes.attribution import ASSUMPTIONS
from safeglot.text import languages
from safeglot.types import Estimate, Prompt, Verdict


def page_of(run: RunDir, most_answers: int) -> Page:
    """Return the page of a run, filled from its results and its store."""
    estimates, _ = from_json(run.read_results())
    with session.opened(run) as store:
        manifest = run.read_manifest()
        return Page(
            run=_run(
                run,
                manifest,
                estimates,
                signature(store, manifest),
                said=(
                    *stop_notes(store, manifest),
                    *serving_notes(store),
                    *judge_serving_notes(manifest),
                ),
            ),
            estimates=estimates,
            missing=tuple(_missing(store, manifest)),
            answers=tuple(_answers(store, manifest, most_answers)),
            unread=_unread(store, manifest),
            n_answers_total=count_answers(store),
            assumptions=ASSUMPTIONS,
        )


def _run(
    run: RunDir,
    manifest: Manifest,
    estimates: list[Estimate],
    line: str,
    *,
    said: Iterable[str] = (),
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
        reference=manifest.reference,
        languages=tuple(_language(tag) for tag in manifest.languages),
        models=manifest.models,
        judges=judges or tuple(manifest.judges),
        macros=macros,
        settings=manifest.settings,
        signature=line,
        versions=manifest.versions,
        notes=(
            *(Note(text=f"{text}.") for text in said),
            *_notes(manifest, judges, estimates),
        ),
        uncovered={j: manifest.uncovered.get(_base(j), ()) for j in judges},
    )


def _base(judge: str) -> str:
    return judge.removesuffix(LOOSE)


def _notes(
    manifest: Manifest, judges: tuple[str, ...], estimates: list[Estimate]
) -> tuple[Note, ...]:
    general = [Note(text=text) for text in manifest.notes]
    # where some languages have labels, the page says of the others that they have none
    corrected = {
        e.judge for e in estimates if e.metric == "safety_corrected" and e.value is not None
    }
    return (
        *general,
        *(
            Note(text=text, judge=judge)
            for judge in judges
            for text in (
                *unchecked(manifest, _base(judge)),
                *manifest.judge_notes.get(_base(judge), ()),
            )
            if text != UNCORRECTED or judge not in corrected
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


def _language(tag: str) -> NamedLanguage:
    known = languages.lookup(tag)
    return NamedLanguage(
        tag=tag, name=known.name, direction="rtl" if known.direction == "rtl" else "ltr"
    )


def _missing(store: Store, manifest: Manifest) -> Iterator[MissingRow]:
    answers = list(lost_answers(store))
    # other unread verdicts belong to a pass that guards a judge, and are counted there
    unread = (
        lost for lost in unread_verdicts(store) if lost.kind.rpartition(": ")[0] in manifest.judges
    )
    by_stage = (
        ("probe", lost_variants(store)),
        ("generate", answers),
        ("judge", lost_verdicts(store)),
        ("judge", unread),
    )
    for stage, rows in by_stage:
        for lost in rows:
            yield MissingRow(
                stage=stage,
                model=lost.model,
                language=lost.language,
                kind=lost.kind,
                count=lost.n,
                example=(lost.example or "")[:300],
            )
    yield from _untranslated(store, manifest)
    yield from _lost_arm_texts(store)
    yield from _not_asked(store, manifest, answers)


def _lost_arm_texts(store: Store) -> Iterator[MissingRow]:
    for loss in arm_losses(store):
        yield MissingRow(
            stage=f"arm {loss.arm}",
            model="",
            language=loss.language,
            kind=loss.kind,
            count=loss.n,
            example=loss.example[:300],
        )


def _unread(store: Store, manifest: Manifest) -> dict[str, tuple[tuple[str, int], ...]]:
    texts: dict[str, list[tuple[str, int]]] = {}
    for judge, text, n in unread_replies(store):
        if judge in manifest.judges:
            texts.setdefault(judge, []).append((text, n))
    return {judge: by_beginning(pairs) for judge, pairs in texts.items()}


def _not_asked(store: Store, manifest: Manifest, failed: Iterable[Lost]) -> Iterator[MissingRow]:
    texts, ended = main_text_counts(store), Counter(main_answer_counts(store))
    for lost in failed:
        ended[lost.model, lost.language] += lost.n
    for model in manifest.models:
        for language in manifest.languages:
            left = texts.get(language, 0) * manifest.samples - ended[model, language]
            if left > 0:
                yield MissingRow(
                    stage="generate",
                    model=model,
                    language=language,
                    kind="not asked yet",
                    count=left,
                )


def _untranslated(store: Store, manifest: Manifest) -> Iterator[MissingRow]:
    """Yield a row for the prompts that have no text in a language, and that no gate took out."""
    lost: dict[tuple[str, str], list[str]] = {}
    for (_, language), fate in translations.fates(store, manifest.languages).items():
        if fate.kind in (translations.FAILED, translations.WAITING):
            lost.setdefault((language, fate.reason), []).append(fate.message)
    for (language, reason), messages in lost.items():
        yield MissingRow(
            stage="translate",
            model="",
            language=language,
            kind=reason,
            count=len(messages),
            example=min(messages)[:300],
        )


def _answers(store: Store, manifest: Manifest, most: int) -> list[AnswerRow]:
    prompts = {p.id: p for p in store.prompts()}
    chosen = _chosen(prompts, manifest, most)
    texts = {text.key: text.text for text in main_texts(store) if text.prompt in chosen}
    answers = [answer for answer in main_answers(store) if answer.prompt in chosen]
    verdicts: dict[str, list[Verdict]] = {answer.key: [] for answer in answers}
    for verdict in store.verdicts():
        if verdict.response in verdicts and verdict.judge in manifest.judges:
            verdicts[verdict.response].append(verdict)
    places = {name: i for i, name in enumerate((*manifest.languages, *manifest.models))}
    position = {prompt: i for i, prompt in enumerate(prompts)}
    answers.sort(key=lambda a: (position[a.prompt], places[a.language], places[a.model], a.sample))
    return [
        AnswerRow(
            prompt_id=answer.prompt,
            categories=prompts[answer.prompt].categories,
            language=answer.language,
            model=answer.model,
            prompt=texts[answer.translation],
            answer=answer.text,
            finish_reason=answer.finish_reason,
            sample=answer.sample,
            verdicts=tuple(map(_shown_verdict, verdicts[answer.key])),
        )
        for answer in answers
    ]


def _chosen(prompts: Mapping[str, Prompt], manifest: Manifest, most: int) -> set[str]:
    # by hash, so that a part of a large run is a fair sample with all languages side by side
    order = sorted(prompts, key=lambda i: hashlib.blake2b(i.encode(), digest_size=8).digest())
    per_prompt = max(1, len(manifest.languages) * len(manifest.models) * manifest.samples)
    whole = len(prompts) * per_prompt <= most
    return set(order if whole else order[: most // per_prompt])


def _shown_verdict(v: Verdict) -> AnswerVerdict:
    return AnswerVerdict(
        judge=v.judge,
        unsafe=v.unsafe,
        label=v.label,
        p_unsafe=v.p_unsafe,
        codes=v.codes,
        refusal=v.refusal,
        reason=v.reason,
    )
