"""Parallel prompts from the rows of a file, long or wide."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.columns import find_columns, missing_language
from safeglot.prompts.reading.gathering import Entry, Gathering, known_language
from safeglot.prompts.reading.tables import Table, TableFile, read_table
from safeglot.prompts.taxonomy import ALERT, OWN, Taxonomy, choose_taxonomy, parse_taxonomy
from safeglot.types import Prompt, Translation

_TEMPLATE = re.compile(r"\s*###[^\n]*:[ \t]*\n(.*?)\n\s*###[^\n]*:\s*", re.DOTALL)


class PromptFiles(Protocol):
    """What a backend loads for one `--prompts`: files, and texts of the taxonomies."""

    @property
    def name(self) -> str:
        """The `source` of the prompts."""

    @property
    def files(self) -> Sequence[TableFile]:
        """The data files, in order."""

    @property
    def alert_toml(self) -> str:
        """Text of the packaged taxonomy of ALERT."""

    @property
    def taxonomy(self) -> tuple[str, str] | None:
        """Name and text of the user's taxonomy file, where there is one."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on what was chosen on loading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """Options of reading a file.

    `columns` goes from our names (id, text, category, kind, language, or a language tag) to the
    file's columns; no `languages` means all that the file has. `Prompt.text` is in the reference
    language where that is read, else in the first. `keep_template` keeps ALERT's wrapping.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    reference: str = "en"
    allow_partial: bool = False
    keep_template: bool = False


def read_prompt_files(loaded: PromptFiles, options: ReadingOptions | None = None) -> PromptSet:
    """Return the prompts that a backend loaded.

    Raises: InputErrors with all that is wrong in the files.
    """
    given = None
    if loaded.taxonomy is not None:
        where, text = loaded.taxonomy
        given = parse_taxonomy(text, where, taken=(ALERT, OWN))
    return read_prompts(
        read_table(loaded.files),
        loaded.name,
        alert=parse_taxonomy(loaded.alert_toml, "alert.toml"),
        given=given,
        options=options or ReadingOptions(),
        notes=loaded.notes,
    )


def read_prompts(
    table: Table,
    source: str,
    *,
    alert: Taxonomy,
    given: Taxonomy | None = None,
    options: ReadingOptions,
    notes: tuple[str, ...] = (),
) -> PromptSet:
    """Return the prompts of a table; `alert` is ALERT's taxonomy, `given` the user's own.

    Raises: InputErrors with all that is wrong in them.
    """
    problems = Problems(table.faults)
    wanted = _wanted_languages(options, problems)
    columns = find_columns(table, options.columns, problems)
    reference = known_language(options.reference, "--reference", problems)
    gathering = Gathering(columns, table.where, wanted, problems)
    entries = gathering.entries(table.rows, reference)
    used = _used_languages(gathering, wanted)
    places = _category_places(entries)
    taxonomy, taxonomy_notes = choose_taxonomy(places, alert, given, problems)
    if table.faults:
        problems.stop()  # rows are missing: that a language lacks them would be no news
    kept, partial_notes = _parallel(entries, used, options, gathering)
    problems.stop()
    wrapped = () if options.keep_template else _unwrap(kept)
    main = reference if reference in used else used[0]
    return PromptSet(
        prompts=tuple(_prompt(entry, main, source) for entry in kept),
        translations=tuple(
            Translation(prompt=entry.id, language=language, text=entry.texts[language])
            for entry in kept
            for language in used
        ),
        taxonomy=taxonomy,
        languages=used,
        source=source,
        notes=(*notes, *gathering.notes(reference), *taxonomy_notes, *partial_notes, *wrapped),
    )


def _category_places(entries: Sequence[Entry]) -> dict[str, str]:
    """Return each category with the place where it first appears."""
    places: dict[str, str] = {}
    for entry in entries:
        for category in entry.categories:
            places.setdefault(category, entry.place)
    return places


def _prompt(entry: Entry, language: str, source: str) -> Prompt:
    return Prompt(
        id=entry.id,
        text=entry.texts[language],
        language=language,
        categories=entry.categories,
        source=source,
        kind=entry.kind,
    )


def _wanted_languages(options: ReadingOptions, problems: Problems) -> tuple[str, ...]:
    found = (known_language(tag, "--languages", problems) for tag in options.languages)
    return tuple(dict.fromkeys(tag for tag in found if tag))


def _used_languages(gathering: Gathering, wanted: tuple[str, ...]) -> tuple[str, ...]:
    there = tuple(gathering.file_languages)
    for tag in wanted:
        if tag not in there:
            message = missing_language(tag, there, gathering.columns.unused)
            gathering.problems.add(gathering.where, message)
    return tuple(tag for tag in wanted if tag in there) or there


def _parallel(
    entries: list[Entry], used: tuple[str, ...], options: ReadingOptions, gathering: Gathering
) -> tuple[list[Entry], tuple[str, ...]]:
    """Return the prompts with a text in each language; say what the others lack."""
    whole = [entry for entry in entries if all(tag in entry.texts for tag in used)]
    dropped = [entry for entry in entries if any(tag not in entry.texts for tag in used)]
    if not dropped:
        return whole, ()
    if not options.allow_partial:
        _note_lacking(dropped, used, gathering)
    elif not whole:
        message = f"no prompt has a text in each of {', '.join(used)}"
        gathering.problems.add(gathering.where, f"{message}; choose fewer with --languages")
    names = listed([entry.id for entry in dropped])
    lacking = f"which lack a text in one of {', '.join(used)}: {names}"
    return whole, (f"dropped {len(dropped)} of {len(entries)} prompts, {lacking}",)


def _note_lacking(dropped: list[Entry], used: tuple[str, ...], gathering: Gathering) -> None:
    do = "add them, leave the language out, or keep the parallel part with --allow-partial"
    for entry in dropped:
        for language, place in entry.empty.items():
            message = f"id {entry.id}: the text in {language} is empty"
            gathering.problems.add(place, f"{message}; add it, or drop the id by --allow-partial")
    for language in used:
        ids = [entry.id for entry in dropped if language not in entry.places]
        if ids:
            gathering.problems.add(
                gathering.where, f"{len(ids)} ids have no text in {language}: {listed(ids)}; {do}"
            )


def _unwrap(entries: list[Entry]) -> tuple[str, ...]:
    """Return a note, after taking ALERT's instruction template off the prompts that have it in all languages."""
    count = 0
    for entry in entries:
        matches = {tag: _TEMPLATE.fullmatch(text) for tag, text in entry.texts.items()}
        inner = {tag: match[1].strip() for tag, match in matches.items() if match}
        if len(inner) == len(entry.texts) and all(inner.values()):
            entry.texts = inner
            count += 1
    if not count:
        return ()
    return (f'took the template "### Instruction: ... ### Response:" off {count} prompts',)
