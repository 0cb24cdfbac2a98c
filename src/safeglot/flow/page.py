"""The page of a run: what the report shows, read from its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.bulk import LOOSE
from safeglot.backends.store.store import Store
from safeglot.flow.measure import translations
from safeglot.flow.measure.cube import _OF_VERDICT
from safeglot.flow.measure.estimates import signature
from safeglot.report.page import (
    AnswerRow,
    AnswerVerdict,
    MissingRow,
    NamedLanguage,
    Note,
    Page,
    Run,
)
from safeglot.score.causes.attribution import ASSUMPTIONS
from safeglot.text import languages
from safeglot.types import Estimate, Prompt, Verdict

_FAILED_ANSWERS = """
SELECT f.by, t.language, f.kind, COUNT(*), MIN(f.message)
FROM failures f JOIN translations t ON t.key = f.parent WHERE f.stage = 'generate' AND t.arm = 'main' GROUP BY 1, 2, 3
"""


_FAILED_VERDICTS = """
SELECT r.model, t.language, f.by || ': ' || f.kind, COUNT(*), MIN(f.message)
FROM failures f JOIN responses r ON r.key = f.parent JOIN translations t ON t.key = r.translation
WHERE f.stage = 'judge' AND t.arm = 'main' GROUP BY 1, 2, 3
"""


_UNREAD = (
    "SELECT r.model, t.language, v.judge || ': ' || v.reason, COUNT(*), MIN(v.rationale) "
    + _OF_VERDICT
    + " WHERE v.unsafe IS NULL GROUP BY 1, 2, 3"
)


_UNMADE = """
SELECT '', f.by, f.kind, COUNT(*), MIN(f.message)
FROM failures f WHERE f.stage = 'probe' GROUP BY 1, 2, 3
"""


_MISSING = (
    ("probe", _UNMADE),
    ("generate", _FAILED_ANSWERS),
    ("judge", _FAILED_VERDICTS),
    ("judge", _UNREAD),
)


_REACHED = """
SELECT r.model, t.language, COUNT(*) FROM responses r JOIN translations t ON t.key = r.translation
WHERE t.arm = 'main' GROUP BY 1, 2
"""


_ANSWERS = """
SELECT key, prompt, language, model, sample, text, finish_reason, translation FROM answers
WHERE arm = 'main'
"""


_N_TEXTS = "SELECT language, COUNT(*) FROM translations WHERE arm = 'main' GROUP BY 1"


_TEXTS = "SELECT key, prompt, text FROM translations WHERE arm = 'main'"


def page_of(run: RunDir, store: Store, estimates: list[Estimate], most_answers: int) -> Page:
    """Fill the page model from the run's files."""
    manifest = run.read_manifest()
    total = next(store.rows("SELECT COUNT(*) FROM responses"))[0]
    return Page(
        run=_run(run, manifest, estimates, signature(store, manifest)),
        estimates=estimates,
        missing=tuple(_missing(store, manifest)),
        answers=tuple(_answers(store, manifest, most_answers)),
        n_answers_total=total,
        assumptions=ASSUMPTIONS,
    )


def _run(run: RunDir, manifest: Manifest, estimates: list[Estimate], line: str) -> Run:
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
        notes=_notes(manifest, judges),
        uncovered={j: manifest.uncovered.get(_base(j), ()) for j in judges},
    )


def _base(judge: str) -> str:
    return judge.removesuffix(LOOSE)


def _notes(manifest: Manifest, judges: tuple[str, ...]) -> tuple[Note, ...]:
    general = [Note(text=text) for text in manifest.notes]
    return (
        *general,
        *(
            Note(text=text, judge=judge)
            for judge in judges
            for text in manifest.judge_notes.get(_base(judge), ())
        ),
    )


def _language(tag: str) -> NamedLanguage:
    found = languages.lookup(tag)
    return NamedLanguage(
        tag=tag, name=found.name, direction="rtl" if found.direction == "rtl" else "ltr"
    )


def _missing(store: Store, manifest: Manifest) -> Iterator[MissingRow]:
    failed: dict[tuple[str, str], int] = {}
    for stage, query in _MISSING:
        for model, language, kind, count, example in store.rows(query):
            if query is _UNREAD and kind.rpartition(": ")[0] not in manifest.judges:
                continue  # of a pass that guards a judge: told with its own number
            if query is _FAILED_ANSWERS:
                failed[model, language] = failed.get((model, language), 0) + count
            yield MissingRow(
                stage=stage,
                model=model,
                language=language,
                kind=kind,
                count=count,
                example=(example or "")[:300],
            )
    yield from _untranslated(store, manifest)
    texts = dict(store.rows(_N_TEXTS))
    reached = {(model, language): n for model, language, n in store.rows(_REACHED)}
    for model in manifest.models:
        for language in manifest.languages:
            cell = (model, language)
            planned = texts.get(language, 0) * manifest.samples
            left = planned - reached.get(cell, 0) - failed.get(cell, 0)
            if left > 0:
                yield MissingRow(
                    stage="generate",
                    model=model,
                    language=language,
                    kind="not asked yet",
                    count=left,
                )


def _untranslated(store: Store, manifest: Manifest) -> Iterator[MissingRow]:
    """Tell of the prompts that have no text in a language, and that no gate took out."""
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
    shown = {key: text for key, prompt, text in store.rows(_TEXTS) if prompt in chosen}
    rows = [row for row in store.rows(_ANSWERS) if row[1] in chosen]
    verdicts: dict[str, list[Verdict]] = {row[0]: [] for row in rows}
    for verdict in store.verdicts():
        if verdict.response in verdicts and verdict.judge in manifest.judges:
            verdicts[verdict.response].append(verdict)
    places = {name: i for i, name in enumerate((*manifest.languages, *manifest.models))}
    position = {prompt: i for i, prompt in enumerate(prompts)}
    rows.sort(key=lambda r: (position[r[1]], places[r[2]], places[r[3]], r[4]))
    return [
        AnswerRow(
            prompt_id=prompt,
            categories=prompts[prompt].categories,
            language=language,
            model=model,
            prompt=shown[translation],
            answer=text,
            finish_reason=finish,
            sample=sample,
            verdicts=tuple(map(_shown_verdict, verdicts[key])),
        )
        for key, prompt, language, model, sample, text, finish, translation in rows
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
