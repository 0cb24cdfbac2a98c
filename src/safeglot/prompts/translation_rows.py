"""Files of translations: long (id, language, text) or wide (id and a column a language)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from safeglot.languages import UnknownLanguage, canonical
from safeglot.prompts.columns import column_language
from safeglot.prompts.gathering import known_language
from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.tables import Row, SourceFile, Table, read_table

_LONG = ("language", "text")
_SOURCE = "source"
DO = (
    "give the columns id, language and text, or id and one column a language, named by its tag "
    "such as fr"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationFile:
    """What one file gives; `texts` goes from (prompt id, target tag) to the text.

    `translators` are the names in its column `translator`, and `notes` tell what of it is not used
    and what it lacks.
    """

    name: str
    sha256: str
    texts: Mapping[tuple[str, str], str]
    translators: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class LoadedFile(Protocol):
    """What a backend gives for one file of translations."""

    @property
    def name(self) -> str:
        """Name in messages."""

    @property
    def files(self) -> Sequence[SourceFile]:
        """The file."""

    @property
    def sha256(self) -> str:
        """Hash of its bytes."""


def read_translations(
    loaded: LoadedFile, *, ids: Collection[str], source: str, targets: Sequence[str]
) -> TranslationFile:
    """Read the translations of the prompts `ids` from `source` into `targets` (canonical tags).

    Raises: InputErrors with all that is wrong in the file.
    """
    table = read_table(loaded.files)
    reader = _Reader(source=source, ids=ids, problems=Problems(table.faults))
    reader.take_all(table)
    reader.problems.stop()
    return _found(loaded, reader, targets)


@dataclass(slots=True, eq=False, kw_only=True)
class _Reader:
    """Goes through the rows once, noting what is wrong with each."""

    source: str
    ids: Collection[str]
    problems: Problems
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    translators: dict[str, None] = field(default_factory=dict)
    extra: dict[str, None] = field(default_factory=dict)

    def take_all(self, table: Table) -> None:
        """Read every row of a table."""
        columns = self._columns(table)
        for row in table.rows if columns else ():
            self._take(row, columns)

    def _columns(self, table: Table) -> dict[str, str]:
        """Return tag to column in the wide shape, {"": "text"} in the long one, {} for neither."""
        has = f"(its columns: {', '.join(c for c in table.columns if c) or 'none'})"
        if "id" not in table.columns:
            self.problems.add(table.where, f'has no column "id" {has}; {DO}')
            return {}
        if set(_LONG) <= set(table.columns):
            return {"": "text"}
        wide: dict[str, str] = {}
        for column in table.columns:
            tag = None if column in ("id", _SOURCE) else column_language(column)
            if tag is not None and tag in wide:
                both = f'columns "{wide[tag]}" and "{column}" are both the language {tag}'
                self.problems.add(table.where, f"{both}; keep one of them")
            elif tag is not None:
                wide[tag] = column
        if not wide:
            self.problems.add(table.where, f"has no text {has}; {DO}")
        return wide

    def _take(self, row: Row, columns: Mapping[str, str]) -> None:
        prompt = _id(row.cells.get("id"))
        if not prompt:
            self.problems.add(row.place, f"the id is {row.cells.get('id')!r}; give the prompt's")
            return
        if not self._directed(row, prompt):
            return
        if name := str(row.cells.get("translator") or "").strip():
            self.translators[name] = None
        for tag, text in self._cells(row, columns):
            if prompt in self.ids:
                self._put(prompt, tag, text, row.place)
            else:
                self.extra[prompt] = None

    def _cells(self, row: Row, columns: Mapping[str, str]) -> Iterator[tuple[str, object]]:
        """Give the row's texts by language; an empty cell is none, the source's is no translation."""
        for tag, column in columns.items():
            language = tag or self._language(row)
            text = row.cells.get(column)
            blank = text is None or (isinstance(text, str) and not text.strip())
            if language and language != self.source and not blank:
                yield language, text

    def _language(self, row: Row) -> str:
        tag = str(row.cells.get("language") or "").strip()
        if not tag:
            self.problems.add(row.place, "the language is empty; give its tag, such as fr")
            return ""
        if tag not in self.tags:
            self.tags[tag] = known_language(tag, row.place, self.problems)
        return self.tags[tag]

    def _directed(self, row: Row, prompt: str) -> bool:
        """Say whether a row is translated from the run's source, as far as it says."""
        cell = row.cells.get(_SOURCE)
        if not isinstance(cell, str) or not cell.strip():
            return True
        try:
            tag = canonical(cell)
        except UnknownLanguage:
            return True  # a column of that name may hold the source text
        if tag == self.source:
            return True
        message = (
            f"id {prompt}: is translated from {tag}, and the run's source is {self.source}; "
            "keep one direction in a file"
        )
        self.problems.add(row.place, message)
        return False

    def _put(self, prompt: str, tag: str, text: object, place: str) -> None:
        key = (prompt, tag)
        if key in self.places:
            message = f"id {prompt} in {tag} is there already, at {self.places[key]}; keep one"
            self.problems.add(place, message)
        elif not isinstance(text, str):
            self.problems.add(place, f"id {prompt}: the text in {tag} is {text!r}, not a text")
        elif "\0" in text:
            self.problems.add(place, f"id {prompt}: the text in {tag} has a null byte; mend it")
        elif any("\ud800" <= c <= "\udfff" for c in text):
            message = f"id {prompt}: the text in {tag} has half of a surrogate pair; mend it"
            self.problems.add(place, message)
        else:
            self.texts[key] = text
        self.places.setdefault(key, place)


def _id(cell: object) -> str:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    return cell.strip() if isinstance(cell, str) else ""


def _found(loaded: LoadedFile, reader: _Reader, targets: Sequence[str]) -> TranslationFile:
    return TranslationFile(
        name=loaded.name,
        sha256=loaded.sha256,
        texts=reader.texts,
        translators=tuple(reader.translators),
        notes=tuple(_notes(loaded.name, reader, targets)),
    )


def _notes(name: str, reader: _Reader, targets: Sequence[str]) -> Iterator[str]:
    if reader.extra:
        extra = tuple(reader.extra)
        yield f"{name}: {len(extra)} ids are none of the prompts' and are not used: {listed(extra)}"
    counts = Counter(tag for _, tag in reader.texts)
    for tag in targets:
        if counts[tag] < len(reader.ids):
            lost = [prompt for prompt in reader.ids if (prompt, tag) not in reader.texts]
            yield (
                f"{name}: {len(lost)} of {len(reader.ids)} prompts have no text in {tag}: "
                f"{listed(lost)}"
            )
    others = sorted(tag for tag in counts if tag not in targets)
    if others:
        yield f"{name}: its texts in {listed(others, 40)} are not used"
