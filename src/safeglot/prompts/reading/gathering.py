"""Prompts with their texts, gathered from rows; what is wrong with a row is noted."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.cells import (
    KINDS,
    LABELS,
    category_of,
    id_of,
    is_blank,
    plain_word,
    python_list,
    say_strange_kinds,
    text_fault,
    whole,
    words_of,
)
from safeglot.prompts.reading.columns import Columns, cell_of
from safeglot.prompts.reading.language_cells import LanguageCells
from safeglot.prompts.reading.patterns import CONSTANT, IMPLIED, ROW_NUMBERS, SAID
from safeglot.prompts.reading.suggestions import is_of_safety, likely_column
from safeglot.prompts.reading.tables import Places, Row
from safeglot.prompts.rows import Labels, PromptColumns, Tags
from safeglot.prompts.texts import TextStream
from safeglot.text.spelling import closest

NONE = -1
"""In place of a row, a place or the number of a text: there is none."""
EMPTY = -2
"""In place of a text's number: the text is empty."""
BLANK = -4
"""In place of a text's number: the text is a word for an empty cell, such as nan."""
_FAULTY = -3
_TEMPLATE = re.compile(r"\s*###[^\n]*:[ \t]*\n(.*?)\n\s*###[^\n]*:\s*", re.DOTALL)
"""ALERT's instruction template."""


class Gathering:
    """Goes through the rows once, noting what is wrong with each; what it gathers stands in columns."""

    def __init__(
        self,
        columns: Columns,
        where: str,
        wanted: tuple[str, ...],
        problems: Problems,
        *,
        texts: TextStream | None = None,
        repeated: bool = False,
    ) -> None:
        self._kinds, read_tags, self._read_categories = words_of(columns.read_as)
        self._languages = LanguageCells(columns.language, read_tags, problems)
        self._left_out: dict[str, int] = {}
        """What rows lack that are left out -> how many."""
        self._blank: dict[str, int] = {}
        """Word for an empty cell -> how many texts it stands in the place of."""
        self._strange: dict[str, str] = {}
        """Word that is no kind -> where it stands first."""
        self._numbered: dict[str, dict[str, int]] = {}
        """What goes before the number of a row as its id -> language of the path -> rows."""
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
        self._unlabelled: set[int] = set()
        """Labels without a category."""
        self._places = Places()
        self._place_of = array("q")
        self._texts = texts or TextStream()
        self._inner = bytearray()
        """Of each text, whether the next one is what stands in its template."""
        self._numbers: dict[str, array[int]] = {}
        self._text_places: dict[str, array[int]] = {}

    def take(self, rows: Iterable[Row], reference: str) -> None:
        """Gather the prompts, in the order of the file."""
        for _ in self.taking(rows, reference):
            pass

    def taking(self, rows: Iterable[Row], reference: str) -> Iterator[tuple[Row, int, str]]:
        """Yield each row as it is gathered, with its prompt's place and the language, for each text."""
        for row in self._whole(rows):
            identifier = self._number(row) if self.columns.id == ROW_NUMBERS else self._id(row)
            if self.columns.unpaired and identifier:
                identifier = self._own_id(row, identifier, reference)
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
        if not self.columns.unpaired:
            self._check_numbers()
        if self._strange:
            of_safety = is_of_safety(self.columns.kind or "")
            say_strange_kinds(self._strange, self.problems, of_safety=of_safety)
        if "--allow-partial" in self.problems.remedy.flags and not self.category_places:
            self.problems.remedy.columns["category"] = f"{CONSTANT}all"

    def _whole(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows but those that are to be left out."""
        for row in rows:
            if self.columns.partial and (lacking := self._lacking(row)):
                self._left_out[lacking] = self._left_out.get(lacking, 0) + 1
            else:
                yield row

    def _lacking(self, row: Row) -> str:
        """Return what a row lacks that no prompt can be without; "" for nothing."""
        for name in ("id", "category"):
            column = getattr(self.columns, name)
            if column != ROW_NUMBERS and is_blank(cell_of(row, column)):
                return name
        text = self.columns.text if self.repeated else None
        if text and not str(row.cells.get(text) or "").strip():
            return "text"
        return "language" if self.columns.language and self._languages.is_blank(row) else ""

    def _own_id(self, row: Row, identifier: str, reference: str) -> str:
        """Return the id of a prompt that its language alone has."""
        tag = self._languages.of(row) if self.columns.language else reference
        return f"{tag}:{identifier}" if tag else ""

    def again(self, rows: Iterable[Row], reference: str) -> Iterator[tuple[Row, int, str]]:
        """Yield the same of rows that were gathered without a problem."""
        self._numbered.clear()
        self._left_out.clear()
        for row in self._whole(rows):
            at = self._rows[self._number(row) if self.columns.id == ROW_NUMBERS else self._id(row)]
            for language, _ in self._texts_of(row, reference):
                yield row, at, language

    def has_category(self, at: int) -> bool:
        """Return whether a prompt has a category; that it has none was noted."""
        return self._label_of[at] not in self._unlabelled

    def find(self, identifier: str) -> int | None:
        """Return the place of a prompt by its id; None for none."""
        return self._rows.get(identifier)

    def tags(self) -> list[Tags]:
        """Return the categories and the kind of each prompt, by its place."""
        return [*map([*self._labels].__getitem__, self._label_of)]

    def text(self, number: int) -> str:
        """Return a text by its number."""
        return self._texts[number]

    def place_at(self, identifier: str) -> int:
        """Return the place of a prompt by its id."""
        return self._rows[identifier]

    def _number(self, row: Row) -> str:
        """Return the id of a row by its number among those of its language and prefix."""
        said = (SAID["language"], IMPLIED["language"])
        counts = self._numbered.setdefault(row.prefix, {})
        language = next((str(row.cells[name]) for name in said if name in row.cells), "")
        counts[language] = counts.get(language, 0) + 1
        return f"{row.prefix}/{counts[language]}" if row.prefix else str(counts[language])

    def _check_numbers(self) -> None:
        """Check that rows that are paired by their number are as many in each language."""
        for prefix, counts in self._numbered.items():
            if len(set(counts.values())) > 1:
                have = ", ".join(f"{language} {n}" for language, n in counts.items())
                what = f"{prefix}: " if prefix else ""
                self.problems.add(
                    self.where,
                    f"{what}the languages have different numbers of rows ({have}), and id={ROW_NUMBERS} "
                    "pairs them by their number; give the rows that are lacking, a column for the id, or --unpaired "
                    "where these are not the same requests",
                )
                self.problems.remedy.flags["--unpaired"] = ""

    def _add(self, identifier: str, label: Tags, row: Row) -> int:
        at = self._rows[identifier] = len(self.ids)
        self.ids.append(identifier)
        self._label_of.append(self._labels.setdefault(label, len(self._labels)))
        if not label.categories:
            self._unlabelled.add(self._labels[label])
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
        yield from self.columns.notes
        if not self.columns.unpaired and any(len(counts) > 1 for counts in self._numbered.values()):
            yield "the rows of the languages are paired by their number: row 1 of each is one request"
        for field in ("category", "kind", "language"):
            column = getattr(self.columns, field)
            if column and column.startswith(CONSTANT):
                yield f"the {field} of all prompts is {column[len(CONSTANT) :]}"
            elif column in (SAID[field], IMPLIED[field]) if field in SAID else False:
                yield f"the {field} is read from the path of each file"
        if self._blank:
            words = ", ".join(f"{word} ({n})" for word, n in self._blank.items())
            yield f"texts that are a word for an empty cell are read as empty: {words}"
        yield from self._languages.notes()
        if self._left_out:
            lack = ", ".join(f"{name} ({n})" for name, n in self._left_out.items())
            yield f"rows that lack something were left out: {lack}"
        for column in self.columns.unused:
            is_label = not self.columns.kind and likely_column("kind", [column])
            read = f": --columns label={column} reads it as people's labels of the answers"
            if not self.repeated:
                read = f": all prompts count as harmful; --columns kind={column} reads it"
            yield f'column "{column}" is not used{read if is_label else ""}'

    def _id(self, row: Row) -> str:
        cell = row.cells.get(self.columns.id)
        if found := id_of(cell):
            return found
        got = "empty" if cell is None or isinstance(cell, str) else f"{cell!r}"
        self.problems.add(row.place, f"the id is {got}; give a text or a whole number")
        self.problems.remedy.flags["--allow-partial"] = ""
        return ""

    def _label(self, row: Row, identifier: str) -> Tags:
        kind = whole(cell_of(row, self.columns.kind))
        word = "" if is_blank(kind) else str(kind).strip()
        name = plain_word(word) or "harmful"
        known = self._kinds.get(word.casefold()) or KINDS.get(name)
        if known is None:
            if name not in LABELS and (near := closest(name, KINDS)):
                message = f'id {identifier}: kind is {kind!r}; allowed: harmful, benign; did you mean "{near}"?'
                self.problems.add(row.place, message)
                self.problems.remedy.read_as[word] = KINDS[near]
            else:
                self._strange.setdefault(word, row.place)
        return Tags(self._categories(row, identifier), known or "harmful")

    def _categories(self, row: Row, identifier: str) -> tuple[str, ...]:
        cell = cell_of(row, self.columns.category)
        if isinstance(cell, str) and cell.strip().startswith("["):
            cell = python_list(cell)
        names = cell if isinstance(cell, (list, tuple)) else [cell]
        given = [category_of(name) for name in names]
        names = [self._read_categories.get(name, name) for name in given]
        if names and all(names):
            return tuple(dict.fromkeys(names))
        shown = cell_of(row, self.columns.category)
        got = "empty" if shown in (None, "", []) else f"{shown!r}"
        if isinstance(shown, str) and shown.strip() and is_blank(shown):
            got += ", a word for an empty cell"
        self.problems.add(row.place, f"id {identifier}: the category is {got}; give its name")
        self.problems.remedy.flags["--allow-partial"] = ""
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
        language = self._languages.of(row) if self.columns.language else reference
        if language:
            self.file_languages[language] = None
        if language and (not self.wanted or language in self.wanted):
            yield language, row.cells.get(self.columns.text)

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
        if is_blank(cell) and (not isinstance(cell, str) or cell.strip()):
            number = BLANK
            self._blank[str(cell).strip()] = self._blank.get(str(cell).strip(), 0) + 1
        elif not isinstance(cell, str):
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
