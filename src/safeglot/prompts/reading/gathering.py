"""Prompts with their texts, gathered from rows; what is wrong with a row is noted."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.prompts.reading.columns import ROW_NUMBERS, Columns
from safeglot.prompts.reading.tables import Row
from safeglot.text import languages
from safeglot.text.surrogates import has_half
from safeglot.types import Kind

_KINDS: Mapping[str, Kind] = {
    "harmful": "harmful",
    "benign": "benign",
    "unsafe": "harmful",
    "safe": "benign",
}


@dataclass(slots=True, kw_only=True)
class Entry:
    """One prompt while it is gathered from its rows."""

    id: str
    place: str
    categories: tuple[str, ...]
    kind: Kind
    texts: dict[str, str] = field(default_factory=dict)
    empty: dict[str, str] = field(default_factory=dict)
    """Language to the place of its empty text."""
    places: dict[str, str] = field(default_factory=dict)


def known_language(tag: str, where: str, problems: Problems) -> str:
    """Return the canonical tag; '' with a problem noted where there is none."""
    try:
        return languages.canonical(tag)
    except languages.UnknownLanguage as error:
        near = f"; nearest: {', '.join(error.nearest)}" if error.nearest else ""
        problems.add(where, f'"{tag}" is not a language tag that is known{near}')
        return ""


class Gathering:
    """Goes through the rows once, noting what is wrong with each."""

    def __init__(
        self, columns: Columns, where: str, wanted: tuple[str, ...], problems: Problems
    ) -> None:
        self.columns = columns
        self.where = where
        self.wanted = wanted
        self.problems = problems
        self.file_languages: dict[str, None] = dict.fromkeys(columns.texts)
        self._tags: dict[str, str] = {}

    def entries(self, rows: Sequence[Row], reference: str) -> list[Entry]:
        """Return the prompts in the order of the file."""
        entries: dict[str, Entry] = {}
        for number, row in enumerate(rows, start=1):
            identifier = str(number) if self.columns.id == ROW_NUMBERS else self._id(row)
            new = self._entry(row, identifier)
            entry = entries.setdefault(identifier, new) if identifier else new
            if entry is not new and not self._same(entry, new):
                continue
            for language, cell in self._texts(row, reference):
                self._take(entry, language, cell, row.place)
        return list(entries.values())

    def notes(self, reference: str) -> Iterator[str]:
        """Yield what of the file was not used, or taken for granted."""
        if self.columns.text and not self.columns.language:
            yield f"no column for the language: all texts count as {reference}"
        for column in self.columns.unused:
            yield f'column "{column}" is not used'

    def _id(self, row: Row) -> str:
        cell = row.cells.get(self.columns.id)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        if isinstance(cell, int) and not isinstance(cell, bool):
            return str(cell)
        if isinstance(cell, str) and cell.strip():
            return cell.strip()
        got = "empty" if cell is None or isinstance(cell, str) else f"{cell!r}"
        self.problems.add(row.place, f"the id is {got}; give a text or a whole number")
        return ""

    def _entry(self, row: Row, identifier: str) -> Entry:
        kind = row.cells.get(self.columns.kind) if self.columns.kind else None
        name = "harmful" if kind is None else str(kind).strip().casefold() or "harmful"
        if name not in _KINDS:
            near = did_you_mean(str(kind), _KINDS)
            message = f"id {identifier}: kind is {kind!r}; allowed: harmful, benign{near}"
            self.problems.add(row.place, message)
        return Entry(
            id=identifier,
            place=row.place,
            categories=self._categories(row, identifier),
            kind=_KINDS.get(name, "harmful"),
        )

    def _categories(self, row: Row, identifier: str) -> tuple[str, ...]:
        cell = row.cells.get(self.columns.category)
        if isinstance(cell, str) and cell.strip().startswith("["):
            cell = _python_list(cell)
        names = cell if isinstance(cell, (list, tuple)) else [cell]
        names = [_category(name) for name in names]
        if names and all(names):
            return tuple(dict.fromkeys(names))
        shown = row.cells.get(self.columns.category)
        got = "empty" if shown in (None, "", []) else f"{shown!r}"
        self.problems.add(row.place, f"id {identifier}: the category is {got}; give its name")
        return ()

    def _same(self, entry: Entry, new: Entry) -> bool:
        """Return whether a further row of an id brings a further text."""
        if not self.columns.text:
            message = f"id {new.id} is there already, at {entry.place}; ids must be unique"
            self.problems.add(new.place, message)
            return False
        if set(entry.categories) != set(new.categories):
            got = f"{', '.join(new.categories)} here and {', '.join(entry.categories)}"
            message = f"id {new.id} has category {got} at {entry.place}; it must be the same"
            self.problems.add(new.place, message)
        if entry.kind != new.kind:
            message = f"id {new.id} is {new.kind} here and {entry.kind} at {entry.place}"
            self.problems.add(new.place, f"{message}; it must be the same")
        return True

    def _texts(self, row: Row, reference: str) -> Iterator[tuple[str, object]]:
        """Yield the row's texts in the languages that are asked for."""
        if not self.columns.text:
            for language, column in self.columns.texts.items():
                if not self.wanted or language in self.wanted:
                    yield language, row.cells.get(column)
            return
        language = self._language(row) if self.columns.language else reference
        if language:
            self.file_languages[language] = None
        if language and (not self.wanted or language in self.wanted):
            yield language, row.cells.get(self.columns.text)

    def _language(self, row: Row) -> str:
        cell = row.cells.get(self.columns.language or "")
        tag = cell if isinstance(cell, str) else ""
        if not tag.strip():
            self.problems.add(row.place, f"the language is {cell!r}; give its tag, such as en")
            return ""
        if tag not in self._tags:
            self._tags[tag] = known_language(tag, row.place, self.problems)
        return self._tags[tag]

    def _take(self, entry: Entry, language: str, cell: object, place: str) -> None:
        if language in entry.places and self.columns.text:
            first = entry.places[language]
            message = f"id {entry.id} in {language} is there already, at {first}; keep one of them"
            self.problems.add(place, message)
        elif cell is None:
            return
        elif not isinstance(cell, str):
            message = f"id {entry.id}: the text in {language} is {cell!r}, not a text"
            self.problems.add(place, message)
        elif fault := text_fault(cell):
            self.problems.add(place, f"id {entry.id}: the text in {language} has {fault}")
        elif not any(c.isprintable() and not c.isspace() for c in cell):
            entry.empty[language] = place
        else:
            entry.texts[language] = cell
        entry.places[language] = place


def _category(cell: object) -> str:
    """Return a category's name; '' where there is none."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    return cell.strip() if isinstance(cell, str) else ""


def _python_list(cell: str) -> object:
    try:
        return ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def text_fault(text: str) -> str:
    """Return what in a text cannot be sent to a model; '' for nothing."""
    if "\0" in text:
        return "a null byte; the file may be damaged"
    if has_half(text):
        return "half of a surrogate pair, which is no character; write the whole character"
    return ""
