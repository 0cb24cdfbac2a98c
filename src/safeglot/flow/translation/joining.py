"""A run's prompts with the texts of a translation set: kept ones, gated ones, and what is lacking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from safeglot.backends.files.manifest import SetManifest
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.prompts.prompt_set import PromptSet, Untranslated
from safeglot.types import GATED, KEPT, Arm, CandidateRow, Prompt, Translation

_SHOWN = 5


def folder_of(config: Config, out: Path) -> TranslationFolder:
    """Return the set that a run uses: the one that it names, else its own."""
    named = config.translations
    return TranslationFolder(Path(named).expanduser() if named else out / "translations")


def joined(prompts: PromptSet, folder: TranslationFolder, config: Config) -> PromptSet:
    """Return the prompts with the texts of a set, in the languages of `to` or all that it has.

    Raises: InputErrors where the set is not of these prompts.
    """
    about = folder.require().read_manifest()
    tags = _tags(config, about, folder, prompts)
    rows = {
        (r["id"], r["language"]): r for r in folder.read_translations() if r["language"] in tags
    }
    _check(prompts, rows, tags, folder)
    ends = dict(_ends(prompts, rows, tags))
    beside = list(_beside(prompts, rows, folder)) if "translators" in config.arms else []
    main = {(t.prompt, t.language): t for t in prompts.translations}
    main |= {key: end for key, end in ends.items() if isinstance(end, Translation) and end.kept}
    languages = (*prompts.languages, *tags)
    return replace(
        prompts,
        languages=languages,
        translations=tuple(
            main[p.id, tag] for p in prompts.prompts for tag in languages if (p.id, tag) in main
        ),
        arm_texts=(
            *prompts.arm_texts,
            *(end for end in ends.values() if isinstance(end, Translation) and not end.kept),
            *(_other(candidate) for candidate in beside if candidate.passed),
        ),
        untranslated=(
            *(end for end in ends.values() if isinstance(end, Untranslated)),
            *(_refused(candidate) for candidate in beside if not candidate.passed),
        ),
        notes=(*prompts.notes, f"translations: {folder.path.name} ({about.digest})"),
    )


def _tags(
    config: Config, about: SetManifest, folder: TranslationFolder, prompts: PromptSet
) -> tuple[str, ...]:
    tags = config.to or tuple(about.languages)
    lacking = [tag for tag in tags if tag not in about.languages]
    if lacking:
        raise UsageError(
            f"--translations {folder.path}: has no {', '.join(lacking)}; it has "
            f"{', '.join(about.languages)}. Leave the others out of --to, or make a set with them."
        )
    twice = [tag for tag in tags if tag in prompts.languages]
    if twice:
        raise UsageError(
            f"--translations {folder.path}: has {', '.join(twice)}, and so have the prompts. Name "
            "the languages to read from the prompts with --languages, or those to take from the "
            "set with --to."
        )
    empty = [tag for tag in tags if not about.counts[tag][KEPT]]
    if empty:
        raise UsageError(
            f"--translations {folder.path}: nothing is kept in {', '.join(empty)}, so there is "
            f"nothing to ask. {folder.page} shows the reasons: lower --gate, add a translator, or "
            "leave the language out of --to."
        )
    return tags


def _check(
    prompts: PromptSet,
    rows: Mapping[tuple[str, str], Any],
    tags: tuple[str, ...],
    folder: TranslationFolder,
) -> None:
    lacking = [p.id for p in prompts.prompts if any((p.id, tag) not in rows for tag in tags)]
    changed = [
        p.id
        for p in prompts.prompts
        for tag in tags[:1]
        if (p.id, tag) in rows and rows[p.id, tag]["source"] != p.text
    ]
    problems = []
    if lacking:
        problems.append(
            f"--translations {folder.path}: lacks {len(lacking)} of the {len(prompts.prompts)} "
            f"prompts ({_few(lacking)}). Make the set of the same prompts, or select fewer here."
        )
    if changed:
        problems.append(
            f"--translations {folder.path}: {len(changed)} prompts have another text there "
            f"({_few(changed)}). Make the set anew from these prompts."
        )
    if problems:
        raise InputErrors(problems)


def _few(ids: list[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (", …" if len(ids) > _SHOWN else "")


def _ends(
    prompts: PromptSet, rows: Mapping[tuple[str, str], Any], tags: tuple[str, ...]
) -> Iterator[tuple[tuple[str, str], Translation | Untranslated]]:
    for prompt in prompts.prompts:
        for tag in tags:
            row = rows[prompt.id, tag]
            if row["outcome"] in (KEPT, GATED):
                yield (prompt.id, tag), _translation(prompt, tag, row)
            else:
                yield (
                    (prompt.id, tag),
                    Untranslated(
                        prompt=prompt.id, language=tag, kind="no-translation", message=row["reason"]
                    ),
                )


def _translation(prompt: Prompt, tag: str, row: Mapping[str, Any]) -> Translation:
    kept = row["outcome"] == KEPT
    arm: Arm = "main" if kept else "gated"
    return Translation(
        prompt=prompt.id,
        language=tag,
        text=row["text"],
        translator=row["translator"],
        quality=row["quality"],
        kept=kept,
        reason=row["reason"],
        arm=arm,
    )


def _other(candidate: CandidateRow) -> Translation:
    """Return what another translator made of a prompt that was kept."""
    return Translation(
        prompt=candidate.prompt,
        language=candidate.language,
        text=candidate.text,
        translator=candidate.translator,
        quality=candidate.quality,
        arm="translators",
    )


def _refused(candidate: CandidateRow) -> Untranslated:
    """Return why what another translator made of it is no translation."""
    kind, _, message = candidate.broken.partition(": ")
    if not candidate.broken:
        kind, message = next(iter(candidate.faults.items()))
    return Untranslated(
        prompt=candidate.prompt,
        language=candidate.language,
        kind=kind,
        message=f"{candidate.translator}: {message or kind}",
        stage="translators",
        translator=candidate.translator,
    )


def _beside(
    prompts: PromptSet, rows: Mapping[tuple[str, str], Any], folder: TranslationFolder
) -> Iterator[CandidateRow]:
    """Yield the candidates of kept prompts, the kept ones aside."""
    ids = {p.id for p in prompts.prompts}
    for candidate in folder.read_candidates():
        row = rows.get((candidate.prompt, candidate.language))
        if candidate.prompt not in ids or row is None:
            continue
        if row["outcome"] == KEPT and candidate.translator != row["translator"]:
            yield candidate
