"""Parallel prompts from the rows of a file, long or wide."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.cells import is_blank, known_language, plain_word
from safeglot.prompts.reading.columns import Columns, cell_of, find_columns, missing_language
from safeglot.prompts.reading.gathering import BLANK, EMPTY, NONE, Gathering
from safeglot.prompts.reading.lacking_columns import say_labels, say_unnamed_language
from safeglot.prompts.reading.tables import Row, Table, TableFile, read_table
from safeglot.prompts.rows import PromptRows, SparseTextRows, TextRows
from safeglot.prompts.taxonomy import ALERT, OWN, Taxonomy, choose_taxonomy, parse_taxonomy
from safeglot.prompts.texts import TextStream
from safeglot.text.spelling import closest
from safeglot.types import Prompt, Translation

TRANSLATED = ("", "translated", "original")
"""Words for the version that a run asks as its main text."""
VERSIONS = ("adapted", "native", "codeswitched")
"""Versions that stand beside it."""
_FEW = 0.5
"""Share of prompts in all languages under which a set is hardly a parallel one."""


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
    file's columns, `read_as` from words of the file to kinds, tags and categories; no `languages` means all that the file has. `Prompt.text` is in the reference
    language where that is read, else in the first. `keep_template` keeps ALERT's wrapping.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    reference: str = "en"
    allow_partial: bool = False
    unpaired: bool = False
    keep_template: bool = False


def read_prompt_files(
    loaded: PromptFiles, options: ReadingOptions | None = None, texts: TextStream | None = None
) -> PromptSet:
    """Return the prompts that a backend loaded; `texts` is where their texts are kept.

    Raises: InputErrors with all that is wrong in the files.
    """
    given = None
    if loaded.taxonomy is not None:
        where, text = loaded.taxonomy
        given = parse_taxonomy(text, where, taken=(ALERT, OWN))
    options = options or ReadingOptions()
    read = read_prompts(
        read_table(loaded.files, options.columns.values()),
        loaded.name,
        alert=parse_taxonomy(loaded.alert_toml, "alert.toml"),
        given=given,
        options=options,
        texts=texts,
    )
    return replace(read, notes=(*loaded.notes, *read.notes))


def read_prompts(
    table: Table,
    source: str,
    *,
    alert: Taxonomy,
    given: Taxonomy | None = None,
    options: ReadingOptions,
    texts: TextStream | None = None,
) -> PromptSet:
    """Return the prompts of a table; `alert` is ALERT's taxonomy, `given` the user's own.

    Raises: InputErrors with all that is wrong in them.
    """
    problems = Problems(table.faults)
    wanted = _wanted_languages(options, problems)
    columns = replace(
        find_columns(table, options.columns, problems),
        read_as=options.read_as,
        unpaired=options.unpaired,
        partial=options.allow_partial,
    )
    reference = known_language(options.reference, "--reference", problems)
    _check_shape(table, columns, options.reference, problems)
    gathering = Gathering(columns, table.where, wanted, problems, texts=texts)
    versions = _Versions(gathering, options)
    gathering.take(versions.main(table.rows), reference)
    if not gathering.ids and not problems.found:
        problems.add(table.where, "has no row left that has an id, a category and a language")
        problems.stop()
    used = _used_languages(gathering, wanted, allow_partial=options.allow_partial)
    places = versions.gather(used, reference)
    taxonomy, taxonomy_notes = choose_taxonomy(places, alert, given, problems)
    if table.faults:
        problems.stop()  # rows are missing: that a language lacks them would be no news
    kept, partial_notes = _parallel(used, options, gathering)
    problems.stop()
    wrapped = () if options.keep_template else _unwrap(gathering, kept)
    prompts = gathering.columns_of(
        kept, used, main=reference if reference in used else used[0], source=source
    )
    read = PromptSet(
        prompts=PromptRows(prompts),
        translations=(SparseTextRows if options.unpaired else TextRows)(prompts),
        taxonomy=taxonomy,
        languages=used,
        source=source,
        notes=(
            *table.notes,
            *gathering.notes(reference),
            *taxonomy_notes,
            *partial_notes,
            *problems.notes,
            *wrapped,
        ),
    )
    return versions.joined(read)


class _Versions:
    """Sets apart the rows that hold another version of a request than the translated one."""

    def __init__(self, gathering: Gathering, options: ReadingOptions) -> None:
        self._main, self._rows = gathering, dict[str, list[Row]]()
        self._found: dict[str, Gathering] = {}
        self._read_as = {plain_word(k): plain_word(v) for k, v in options.read_as.items()}

    def main(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the translated texts and what they were translated from; the others are held back."""
        columns, problems, strange = self._main.columns, self._main.problems, set[str]()
        for row in rows:
            cell = cell_of(row, columns.version)
            word = "" if is_blank(cell) else plain_word(str(cell))
            version = self._read_as.get(word, word)
            if version in TRANSLATED:
                yield row
            elif version in VERSIONS:
                self._rows.setdefault(version, []).append(row)
            elif version not in strange:
                strange.add(version)
                allowed = (*TRANSLATED[1:], *VERSIONS)
                near = closest(version, allowed) or VERSIONS[0]
                told = f"the version is {cell!r}; allowed: {', '.join(allowed)}; say what it means"
                problems.add(row.place, f"{told}, perhaps --read-as {version}={near}")
                problems.remedy.read_as[str(cell)] = near

    def gather(self, used: tuple[str, ...], reference: str) -> dict[str, str]:
        """Return each category with its first place, the versions that were held back gathered too."""
        main, places = self._main, dict(self._main.category_places)
        for version, rows in self._rows.items():
            self._found[version] = own = Gathering(main.columns, main.where, used, main.problems)
            own.take(rows, reference)
            places = {**own.category_places, **places}
        return places

    def joined(self, read: PromptSet) -> PromptSet:
        """Return the set with its versions: beside the text of their intent, else as prompts of their own."""
        if not self._found:
            return read
        kept, known = {p.id for p in read.labels()}, set(self._main.ids)
        alone: dict[str, Prompt] = {}
        texts: list[Translation] = []
        for version, own in self._found.items():
            numbers = zip(*map(own.numbers_of, read.languages), strict=True)
            rows = [at for at, each in enumerate(numbers) if max(each) >= 0]
            tags = read.languages
            columns = own.columns_of(rows, tags, main=tags[0], source=read.source)
            alone = {p.id: p for p in PromptRows(columns) if p.id not in known} | alone
            beside = (t for t in SparseTextRows(columns) if t.prompt in kept or t.prompt in alone)
            texts += [replace(t, arm="probe", variant=f"version={version}") for t in beside]
        counts = Counter((t.variant, t.language) for t in texts)
        told = [f"{variant.partition('=')[2]} {tag} {n}" for (variant, tag), n in counts.items()]
        note = f"versions beside the translated texts: {', '.join(told)}"
        if alone:
            note += (
                f"; {len(alone)} requests have no translated text, so that nothing pairs with them"
            )
            prompts, translations = (*read.prompts, *alone.values()), (*read.translations,)
            read = replace(read, prompts=prompts, translations=translations)
        return replace(read, arm_texts=tuple(texts), notes=(*read.notes, note))


def _check_shape(table: Table, columns: Columns, reference: str, problems: Problems) -> None:
    """Check that something says language and kind, and that unpaired prompts have rows of their own."""
    known = len(problems.found)
    if columns.kind is None:
        say_labels(table, columns.unused, problems)
    if table.n_files == 1 and columns.text and not columns.language:
        say_unnamed_language(table, columns.text, reference, problems)
    problems.stop(known)
    if table.n_files > 1 and not (columns.texts or columns.language):
        problems.add(
            table.where,
            "nothing says the language of each file: no column, and not the names of the files; say it by "
            "a pattern, as in FOLDER/{language}.csv, or for all by --columns language==en",
        )
        problems.remedy.columns["language"] = "=en"
        problems.stop()
    if columns.unpaired and columns.texts:
        problems.add(
            table.where,
            "has a row for each prompt and a column for each language: these are the same requests; "
            "leave --unpaired out",
        )
        problems.stop()


def _wanted_languages(options: ReadingOptions, problems: Problems) -> tuple[str, ...]:
    found = (known_language(tag, "--languages", problems) for tag in options.languages)
    return tuple(dict.fromkeys(tag for tag in found if tag))


def _used_languages(
    gathering: Gathering, wanted: tuple[str, ...], *, allow_partial: bool
) -> tuple[str, ...]:
    there, problems = tuple(gathering.file_languages), gathering.problems
    used = tuple(tag for tag in wanted if tag in there)
    for tag in wanted:
        if tag in there:
            continue
        if allow_partial and used:
            problems.notes[f"{tag} is left out: {gathering.where} has no text in it"] = None
            continue
        problems.add(gathering.where, missing_language(tag, there, gathering.columns.unused))
        if used:
            problems.remedy.flags["--languages"] = ",".join(used)
    return used or there


def _parallel(
    used: tuple[str, ...], options: ReadingOptions, gathering: Gathering
) -> tuple[Sequence[int], tuple[str, ...]]:
    """Return the rows of the prompts with a text in each language; say what the others lack."""
    if not used:
        return range(len(gathering.ids)), ()
    if options.unpaired:
        return _of_any(used, options, gathering)
    columns = [gathering.numbers_of(tag) for tag in used]
    texts = enumerate(zip(*columns, strict=True))
    whole = array("I", (i for i, own in texts if min(own) >= 0 and gathering.has_category(i)))
    n = len(gathering.ids)
    if len(whole) == n:
        return whole, ()
    kept = set(whole)
    dropped = [i for i in range(n) if i not in kept]
    if not options.allow_partial:
        _note_lacking(dropped, used, gathering)
        gathering.problems.remedy.flags["--allow-partial"] = ""
        if not whole:
            gathering.problems.remedy.flags["--languages"] = ",".join(_together(used, gathering))
        if len(whole) < _FEW * n and gathering.columns.text and len(used) > 1:
            gathering.problems.add(
                gathering.where,
                f"{len(whole)} of {n} prompts are in all of {', '.join(used)}; where the languages have "
                "requests of their own, --unpaired compares them as that",
            )
            gathering.problems.remedy.flags = {"--unpaired": ""}
    elif not whole:
        message = f"no prompt has a text in each of {', '.join(used)}"
        gathering.problems.add(gathering.where, f"{message}; choose fewer with --languages")
        gathering.problems.remedy.flags["--languages"] = ",".join(_together(used, gathering))
    names = listed([gathering.ids[i] for i in dropped])
    lacking = f"which lack a text in one of {', '.join(used)}: {names}"
    return whole, (f"dropped {len(dropped)} of {n} prompts, {lacking}",)


def _together(used: tuple[str, ...], gathering: Gathering) -> list[str]:
    """Return languages that have prompts in common, those with the most texts first."""
    ids = {
        tag: {
            i
            for i, n in enumerate(gathering.numbers_of(tag))
            if n >= 0 and gathering.has_category(i)
        }
        for tag in used
    }
    chosen: list[str] = []
    common: set[int] = set()
    for tag in sorted(used, key=lambda each: -len(ids[each])):
        both = common & ids[tag] if chosen else ids[tag]
        if both:
            chosen, common = [*chosen, tag], both
    return chosen or [*used]


def _of_any(
    used: tuple[str, ...], options: ReadingOptions, gathering: Gathering
) -> tuple[Sequence[int], tuple[str, ...]]:
    """Return the rows of the prompts with a text in their own language; say which have an empty one."""
    columns = [gathering.numbers_of(tag) for tag in used]
    cells = list(zip(*columns, strict=True))
    kept = array("I", (i for i, own in enumerate(cells) if max(own) >= 0))
    counts = [f"{tag} {sum(own[at] >= 0 for own in cells)}" for at, tag in enumerate(used)]
    notes = [f"not the same requests in each language ({', '.join(counts)}): nothing is paired"]
    if empty := [i for i, own in enumerate(cells) if {EMPTY, BLANK} & {*own}]:
        if not options.allow_partial:
            _note_lacking(empty, (), gathering)
            gathering.problems.remedy.flags["--allow-partial"] = ""
        names = listed([gathering.ids[i] for i in empty])
        notes.append(f"dropped {len(empty)} prompts, whose text is empty: {names}")
    return kept, tuple(notes)


def _note_lacking(dropped: list[int], used: tuple[str, ...], gathering: Gathering) -> None:
    do = "add them, leave the language out, or keep the parallel part with --allow-partial"
    for i in dropped:
        for language in gathering.file_languages:
            if (number := gathering.numbers_of(language)[i]) in (EMPTY, BLANK):
                word = "a word for an empty cell, such as nan" if number == BLANK else "empty"
                message = f"id {gathering.ids[i]}: the text in {language} is {word}"
                gathering.problems.add(
                    gathering.place_of(i, language),
                    f"{message}; add it, or drop the id by --allow-partial",
                )
    for language in used:
        numbers = gathering.numbers_of(language)
        ids = [gathering.ids[i] for i in dropped if numbers[i] == NONE]
        if ids:
            gathering.problems.add(
                gathering.where, f"{len(ids)} ids have no text in {language}: {listed(ids)}; {do}"
            )


def _unwrap(gathering: Gathering, kept: Sequence[int]) -> tuple[str, ...]:
    """Return a note, after taking ALERT's instruction template off the prompts that have it in all languages."""
    count = sum(map(gathering.unwrap, kept)) if gathering.wraps else 0
    if not count:
        return ()
    return (f'took the template "### Instruction: ... ### Response:" off {count} prompts',)
