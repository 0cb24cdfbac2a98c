"""Prompts with their texts, gathered from rows; what is wrong with a row is noted."""

from __future__ import annotations

import ast
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.prompts.reading.columns import ROW_NUMBERS, Columns
from safeglot.prompts.reading.tables import Row
from safeglot.prompts.rows import Labels, PromptColumns, Tags
from safeglot.prompts.texts import TextStream
from safeglot.text import languages
from safeglot.text.surrogates import has_half
from safeglot.types import Kind

_KINDS: Mapping[str, Kind] = {
    "harmful": "harmful",
    "benign": "benign",
    "unsafe": "harmful",
    "safe": "benign",
}


NONE = -1
"""In place of a row, a place or the number of a text: there is none."""
EMPTY = -2
"""In place of a text's number: the text is empty."""
_FAULTY = -3
_TEMPLATE = re.compile(r"\s*###[^\n]*:[ \t]*\n(.*?)\n\s*###[^\n]*:\s*", re.DOTALL)
"""ALERT's instruction template."""


def known_language(tag: str, where: str, problems: Problems) -> str:
    """Return the canonical tag; '' with a problem noted where there is none."""
    try:
        return languages.canonical(tag)
    except languages.UnknownLanguage as error:
        near = f"; nearest: {', '.join(error.nearest)}" if error.nearest else ""
        problems.add(where, f'"{tag}" is not a language tag that is known{near}')
        return ""


class Gathering:
    """Goes through the rows once, noting what is wrong with each; what it gathers stands in columns."""

    def __init__(
        self,
        columns: Columns,
        where: str,
        wanted: tuple[str, ...],
        problems: Problems,
        texts: TextStream | None = None,
        *,
        repeated: bool = False,
    ) -> None:
        self.columns = columns
        self.where = where
        self.wanted = wanted
        self.problems = problems
        self.repeated = repeated
        """Whether rows repeat a prompt's text, as those of several answers to it do."""
        self.file_languages: dict[str, None] = dict.fromkeys(columns.texts)
        self.category_places: dict[str, str] = {}
        """Category to the place where it first appears."""
        self.ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._labels: dict[Tags, int] = {}
        self._label_of = array("I")
        self._places = _Places()
        self._place_of = array("q")
        self._texts = texts or TextStream()
        self._inner = bytearray()
        """Of each text, whether the next one is what stands in its template."""
        self._numbers: dict[str, array[int]] = {}
        self._text_places: dict[str, array[int]] = {}
        self._tags: dict[str, str] = {}

    def take(self, rows: Iterable[Row], reference: str) -> None:
        """Gather the prompts, in the order of the file."""
        for _ in self.taking(rows, reference):
            pass

    def taking(self, rows: Iterable[Row], reference: str) -> Iterator[tuple[Row, int, str]]:
        """Yield each row as it is gathered, with its prompt's place and the language, for each text."""
        for number, row in enumerate(rows, start=1):
            identifier = str(number) if self.columns.id == ROW_NUMBERS else self._id(row)
            label = self._label(row, identifier)
            at = self._rows.get(identifier) if identifier else NONE
            if at is None:
                at = self._add(identifier, label, row)
            elif at != NONE and not self._same(at, label, row):
                continue
            for language, cell in self._texts_of(row, reference):
                self._take(at, language, cell, row)
                if at != NONE:
                    yield row, at, language

    def again(self, rows: Iterable[Row], reference: str) -> Iterator[tuple[Row, int, str]]:
        """Yield the same of rows that were gathered without a problem."""
        for number, row in enumerate(rows, start=1):
            at = self._rows[str(number) if self.columns.id == ROW_NUMBERS else self._id(row)]
            for language, _ in self._texts_of(row, reference):
                yield row, at, language

    def place_at(self, identifier: str) -> int:
        """Return the place of a prompt by its id."""
        return self._rows[identifier]

    def _add(self, identifier: str, label: Tags, row: Row) -> int:
        at = self._rows[identifier] = len(self.ids)
        self.ids.append(identifier)
        self._label_of.append(self._labels.setdefault(label, len(self._labels)))
        self._place_of.append(self._places.code(row))
        for category in label.categories:
            if category not in self.category_places:
                self.category_places[category] = row.place
        return at

    def numbers_of(self, language: str) -> array[int]:
        """Return the number of each prompt's text in a language; below 0 where there is none."""
        return self._padded(self._numbers, language)

    def _padded(self, columns: dict[str, array[int]], language: str) -> array[int]:
        column = columns.get(language)
        if column is None:
            column = columns[language] = array("q")
        if lacking := len(self.ids) - len(column):
            column.extend([NONE] * lacking)
        return column

    def place_of(self, at: int, language: str) -> str:
        """Return where a prompt's text stands."""
        return self._places.name(self._text_places[language][at])

    @property
    def wraps(self) -> bool:
        """Whether any text has ALERT's template."""
        return 1 in self._inner

    def unwrap(self, at: int) -> bool:
        """Return whether a prompt had ALERT's template in all its languages: it is taken off then."""
        held = [n for n in map(self.numbers_of, self._numbers) if n[at] >= 0]
        if not all(self._inner[numbers[at]] for numbers in held):
            return False
        for numbers in held:
            numbers[at] += 1
        return True

    def columns_of(
        self, rows: Sequence[int], languages: tuple[str, ...], *, main: str, source: str
    ) -> PromptColumns:
        """Return the prompts of these rows with their texts in these languages."""
        columns = [self.numbers_of(language) for language in languages]
        labels = Labels(self.ids, list(self._labels), self._label_of)
        own = self.numbers_of(main)
        return PromptColumns(
            labels=labels if len(rows) == len(labels) else labels.take(rows),
            languages=languages,
            main=main,
            source=source,
            texts=self._texts,
            texts_at=array("q", (column[row] for row in rows for column in columns)),
            own_at=array("q", (own[row] for row in rows)),
        )

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

    def _label(self, row: Row, identifier: str) -> Tags:
        kind = row.cells.get(self.columns.kind) if self.columns.kind else None
        name = "harmful" if kind is None else str(kind).strip().casefold() or "harmful"
        if name not in _KINDS:
            near = did_you_mean(str(kind), _KINDS)
            message = f"id {identifier}: kind is {kind!r}; allowed: harmful, benign{near}"
            self.problems.add(row.place, message)
        return Tags(self._categories(row, identifier), _KINDS.get(name, "harmful"))

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

    def _same(self, at: int, new: Tags, row: Row) -> bool:
        """Return whether a further row of an id brings a further text."""
        name = self.ids[at]
        if not self.columns.text:
            first = self._places.name(self._place_of[at])
            message = f"id {name} is there already, at {first}; ids must be unique"
            self.problems.add(row.place, message)
            return False
        if self._labels.get(new) == self._label_of[at]:
            return True
        old = list(self._labels)[self._label_of[at]]
        first = self._places.name(self._place_of[at])
        if set(old.categories) != set(new.categories):
            got = f"{', '.join(new.categories)} here and {', '.join(old.categories)}"
            message = f"id {name} has category {got} at {first}; it must be the same"
            self.problems.add(row.place, message)
        if old.kind != new.kind:
            message = f"id {name} is {new.kind} here and {old.kind} at {first}"
            self.problems.add(row.place, f"{message}; it must be the same")
        return True

    def _texts_of(self, row: Row, reference: str) -> Iterator[tuple[str, object]]:
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

    def _take(self, at: int, language: str, cell: object, row: Row) -> None:
        places = self._padded(self._text_places, language)
        name = self.ids[at] if at != NONE else ""
        if at != NONE and places[at] != NONE and self.columns.text:
            number = self.numbers_of(language)[at]
            if self.repeated and (number < 0 or self._texts[number] == cell):
                return
            first = self._places.name(places[at])
            self.problems.add(row.place, self._twice(name, language, first))
            places[at] = self._places.code(row)
            return
        number = _FAULTY
        if cell is None:
            return
        if not isinstance(cell, str):
            message = f"id {name}: the text in {language} is {cell!r}, not a text"
            self.problems.add(row.place, message)
        elif fault := text_fault(cell):
            self.problems.add(row.place, f"id {name}: the text in {language} has {fault}")
        elif not any(c.isprintable() and not c.isspace() for c in cell):
            number = EMPTY
        elif at != NONE:
            number = self._keep(cell)
        if at != NONE:
            self.numbers_of(language)[at] = number
            places[at] = self._places.code(row)

    def _twice(self, name: str, language: str, first: str) -> str:
        if not self.repeated:
            return f"id {name} in {language} is there already, at {first}; keep one of them"
        return (
            f"id {name} has two texts in {language}, here and at {first}; give each language a tag "
            "of its own, and each prompt an id of its own"
        )

    def _keep(self, text: str) -> int:
        number = self._texts.add(text)
        match = _TEMPLATE.fullmatch(text)
        inner = match[1].strip() if match else ""
        self._inner.append(bool(inner))
        if inner:
            self._texts.add(inner)
            self._inner.append(False)
        return number


class _Places:
    """Places of rows as numbers, which take little memory."""

    def __init__(self) -> None:
        self._wheres: dict[str, int] = {}

    def code(self, row: Row) -> int:
        """Return the number that stands for a row's place."""
        return row.number << 20 | self._wheres.setdefault(row.where, len(self._wheres))

    def name(self, code: int) -> str:
        """Return the place that a number stands for."""
        return f"{list(self._wheres)[code & 0xFFFFF]}{code >> 20}"


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
