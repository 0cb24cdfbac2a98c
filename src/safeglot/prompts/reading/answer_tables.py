"""Tables of recorded answers brought to a row an answer: constants, a column a language, prompts that stand elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.reading.cells import id_of, known_language
from safeglot.prompts.reading.columns import column_language, usual_column
from safeglot.prompts.reading.gathering import NONE, Gathering
from safeglot.prompts.reading.language_cells import LanguageCells
from safeglot.prompts.reading.patterns import CONSTANT, IMPLIED, ROW_NUMBERS
from safeglot.prompts.reading.tables import Row, Table
from safeglot.prompts.rows import Tags

_Mapping: TypeAlias = Mapping[str, str]
_OF_LANGUAGE = re.compile(r"(text|answer|verdict|label|thought|failure)\.(.+)")
"""Names of what has a column a language, as in answer.de."""
_PROMPTS = "prompts."
"""What begins the names of columns of the file of prompts."""
_JOINED = {name: f"(prompt's {name})" for name in ("text", "category", "kind")}
_TAG = "(tag)"
"""The column of the language of a row that was made of a column."""


@dataclass(frozen=True, slots=True)
class _MadeRows:
    """Rows of which others are made each time that they are gone through."""

    rows: Iterable[Row]
    made: Callable[[Row], Iterable[Row]]

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            yield from self.made(row)


def with_constants(table: Table, mapping: _Mapping) -> tuple[Table, dict[str, str]]:
    """Return the table with a column for each constant, and the mapping that names it."""
    cells: dict[str, object] = {}
    named = dict(mapping)
    for name, column in mapping.items():
        if column.startswith(CONSTANT) and len(column) > 1:
            named[name] = f"{name}={column}"
            cells[named[name]] = column.removeprefix(CONSTANT)
    if not cells:
        return table, named
    rows = _MadeRows(table.rows, lambda row: (replace(row, cells={**row.cells, **cells}),))
    return replace(table, columns=(*table.columns, *cells), rows=rows), named


def by_file(mapping: _Mapping) -> tuple[dict[str, str], dict[str, str]]:
    """Return the columns of the answers, and those of the file of prompts, such as prompts.id."""
    theirs = {n.removeprefix(_PROMPTS): c for n, c in mapping.items() if n.startswith(_PROMPTS)}
    return {n: c for n, c in mapping.items() if not n.startswith(_PROMPTS)}, theirs


def of_prompts(columns: _Mapping) -> dict[str, str]:
    """Return columns of the file of prompts as they are named beside those of the answers."""
    return {f"{_PROMPTS}{name}": column for name, column in columns.items()}


def melted(table: Table, mapping: _Mapping, problems: Problems) -> tuple[Table, dict[str, str]]:
    """Return a table with a row a language, where each has columns of its own, and the mapping of it."""
    wide: dict[str, dict[str, str]] = {}
    rest: dict[str, str] = {}
    for name, column in mapping.items():
        if (match := _OF_LANGUAGE.fullmatch(name)) is None:
            rest[name] = column
        elif tag := known_language(match[2], "--columns", problems):
            wide.setdefault(tag, {})[match[1]] = column
    if not wide:
        return table, rest
    for tag, own in wide.items():
        by_name = (c for c in table.columns if c not in own.values() and column_language(c) == tag)
        text = own.get("text") or rest.pop(tag, None) or next(by_name, None)
        if text:
            own["text"] = text
    used = {column for own in wide.values() for column in own.values()}
    for column in sorted(used.difference(table.columns)):
        has = ", ".join(c for c in table.columns if c)
        problems.add(
            table.where, f'has no column "{column}", which --columns names (its columns: {has})'
        )
    problems.stop()
    fields = dict.fromkeys(name for own in wide.values() for name in own)

    def made(row: Row) -> Iterator[Row]:
        for tag, own in wide.items():
            cells = {f"({name})": row.cells.get(column) for name, column in own.items()}
            yield replace(row, cells={**row.cells, **cells, _TAG: tag})

    names = {name: f"({name})" for name in fields} | {"language": _TAG}
    columns = (*(c for c in table.columns if c not in used), *names.values())
    return replace(table, columns=columns, rows=_MadeRows(table.rows, made), words={}), {
        **rest,
        **names,
    }


@dataclass(slots=True, kw_only=True)
class PromptsApart:
    """Answers whose prompts stand in another file, by their ids; what has no prompt is counted, and left out."""

    prompts: Gathering
    where: str
    """The name of the file of prompts."""
    lacking: Counter[str] = field(default_factory=Counter)
    """Id -> rows without a prompt."""
    languages: Counter[str] = field(default_factory=Counter)
    """Language -> rows whose prompt has no text in it."""
    met: set[str] = field(default_factory=set)
    tags: list[Tags] = field(init=False)

    def __post_init__(self) -> None:
        self.tags = self.prompts.tags()

    def join(
        self, table: Table, mapping: _Mapping, problems: Problems, read_as: _Mapping
    ) -> tuple[Table, dict[str, str]]:
        """Return the table with the cells of the prompts, and the mapping that names them."""
        known = len(problems.found)
        found = {
            name: mapping.get(name) or usual_column(table.columns, name, {*mapping.values()})
            for name in ("id", "language")
        }
        if found["language"] is None and IMPLIED["language"] in table.columns:
            found["language"] = IMPLIED["language"]
        if found["language"] is None:
            tags = {c: column_language(c) for c in table.columns if c != found["id"]}
            wide = {
                f"answer.{tag}": c for c, tag in tags.items() if tag and "answer" not in mapping
            }
            problems.remedy.columns |= wide
        for name, column in found.items():
            if column in (None, ROW_NUMBERS):
                problems.add(
                    table.where,
                    f"has no column for the {name}, by which answers find their prompts in {self.where}; name it with "
                    f"--columns {name}=COLUMN",
                )
        problems.stop(known)
        own = {name: column for name, column in found.items() if column}
        languages = LanguageCells(own["language"], read_as, Problems())

        def made(row: Row) -> Iterator[Row]:
            identifier, tag = id_of(row.cells.get(own["id"])), languages.of(row)
            at = self.prompts.find(identifier)
            number = NONE if at is None else self.prompts.numbers_of(tag)[at]
            if at is None or number < 0:
                self.lacking[identifier] += at is None
                self.languages[tag] += at is not None
                return
            self.met.add(identifier)
            label = self.tags[at]
            said = (self.prompts.text(number), list(label.categories), label.kind)
            yield replace(
                row, cells={**row.cells, **dict(zip(_JOINED.values(), said, strict=True))}
            )

        rows = _MadeRows(table.rows, made)
        columns = (*table.columns, *_JOINED.values())
        return replace(table, columns=columns, rows=rows), {**mapping, **own, **_JOINED}

    def check(self, where: str, problems: Problems) -> None:
        """Note the answers that have no prompt, with their counts and ids."""
        do = "; add the prompts, or leave these answers out by --allow-partial"
        if lacking := +self.lacking:
            problems.add(
                where,
                f"{lacking.total()} answers to {len(lacking)} prompts that {self.where} lacks, by their ids "
                f"({listed([*lacking])}){do}",
            )
        if languages := +self.languages:
            counts = ", ".join(f"{tag} {n}" for tag, n in languages.items())
            problems.add(
                where,
                f"{languages.total()} answers in languages in which {self.where} has no text of their prompt ({counts}){do}",
            )
        if lacking or languages:
            problems.remedy.flags["--allow-partial"] = ""

    def notes(self) -> Iterator[str]:
        """Yield what was left out, and which prompts have no answer."""
        if n := (+self.lacking).total() + (+self.languages).total():
            yield f"{n} rows were left out: {self.where} has no text of their prompt."
        if n := len(self.prompts.ids) - len(self.met):
            yield f"{n} of {len(self.prompts.ids)} prompts of {self.where} have no answer and are not in the run."
