"""Rows of files, each with its place for messages; those of delimited text are parsed here."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Protocol, TextIO

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.csv_rows import Parsing, csv_rows, grid_rows, is_headed, text_lines
from safeglot.prompts.reading.json_rows import (
    LINE,
    Found,
    flat,
    is_json_lines,
    json_items,
    parse_jsonl,
    spread,
)
from safeglot.prompts.reading.suggestions import looks_headless

LINES = ".txt"
"""Suffix of a file that has a text a line, and no header."""
_HEADED = (".csv", ".tsv")
_JSON = (".json", ".jsonl", ".ndjson")
_SEPARATED = (*_HEADED, LINES)
_BLOCK = 1 << 20
_SAMPLE = 20
"""Rows of each file that are looked at; of all files so many times as many."""
LONGEST_WORD = 60
"""Letters of a word, which is no text, at most."""
_MOST_WORDS = 64
_CUT = 400
"""Letters of a text that are looked at."""
_MARKS = {
    b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip
"""Byte order marks -> encodings."""
_NUMBERED = re.compile(r"#[0-9]+")


class TableFile(Protocol):
    """What a backend gives for one file: its bytes, or its records where its format is not text."""

    @property
    def where(self) -> str:
        """Name of the file in messages."""

    @property
    def suffix(self) -> str:
        """Lower-case suffix of the name, which says the format."""

    def stream(self) -> BinaryIO:
        """Return the bytes of a text format, from their beginning."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a format that is not text."""

    @property
    def records(self) -> Iterable[Mapping[str, object]] | None:
        """The rows of a format that is not text, as often as they are asked for; else None."""

    @property
    def grid(self) -> Iterable[Sequence[object]] | None:
        """The rows of a sheet, as often as they are asked for; None for other formats."""

    @property
    def part(self) -> str:
        """The key of a JSON file that the rows stand under, or a pattern of keys; "" for none."""

    @property
    def said(self) -> Mapping[str, str]:
        """The cells that the path of the file says of all its rows."""

    @property
    def prefix(self) -> str:
        """What of the path goes before the numbers of rows as ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its cells by column, and its place, such as `file:line`, in two parts."""

    where: str
    number: int
    cells: Mapping[str, object]
    prefix: str = ""
    """What goes before the number of the row where that is its id."""

    @property
    def place(self) -> str:
        """Where the row stands, for messages."""
        return f"{self.where}{self.number}"


class Places:
    """Places of rows as numbers, which take little memory."""

    def __init__(self) -> None:
        self._wheres: dict[str, int] = {}

    def code(self, row: Row) -> int:
        """Return the number that stands for a row's place."""
        return row.number << 20 | self._wheres.setdefault(row.where, len(self._wheres))

    def name(self, code: int) -> str:
        """Return the place that a number stands for."""
        return f"{list(self._wheres)[code & 0xFFFFF]}{code >> 20}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one or several files of the same columns; `faults` name rows left out.

    The rows of files are read anew each time that they are gone through, and none is kept.
    """

    where: str
    columns: tuple[str, ...]
    rows: Iterable[Row]
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    n_files: int = 1
    header: tuple[str, ...] = ()
    """The first line, or row, of the first file that has its columns there: it may be a text in truth."""
    part: str = ""
    """What of a file would have to be named, where it has several lists."""
    sample: tuple[Mapping[str, object], ...] = ()
    """Some rows of each file, with the beginnings of their texts: what is suggested is seen in them."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column -> all that stands in it, of columns with few different words."""


def read_table(files: Sequence[TableFile], named: Iterable[str] = ()) -> Table:
    """Return the files as one table, after going through them once.

    `named` are the columns that its user names: where they are numbers (#1, #2; #0 is the line),
    delimited text has no header. Raises: InputErrors where that leaves no row.
    """
    problems = Problems()
    named = [*named]
    numbered = {column for column in named if _NUMBERED.fullmatch(column)}
    within = dict.fromkeys(column.rpartition(".")[0] for column in named if "." in column)
    parsing = Parsing(
        headless=bool(numbered), lines=LINE in numbered, within=tuple(within), problems=problems
    )
    columns: dict[str, None] = {}
    readable = []
    first: dict[str, None] = {}
    """The columns of the first file that has a line for them."""
    n, survey = 0, _Survey()
    for file in files:
        if file.records is None and file.grid is None and (fault := _unreadable(file)):
            problems.add(*fault)
            if "not UTF-8" in fault[1]:
                problems.remedy.recode = True
            continue
        readable.append(file)
        columns.update(dict.fromkeys(file.said))
        is_headed = not numbered and (file.grid is not None or file.suffix in _HEADED)
        own = columns if first or not is_headed else first
        for at, row in enumerate(_rows(file, replace(parsing, columns=own))):
            n += 1
            columns.update(dict.fromkeys(row.cells))
            survey.take(row, at)
        columns.update(own)
    where = files[0].where if len(files) == 1 else f"{files[0].where} and {len(files) - 1} more"
    if not n and not looks_headless(tuple(first)):
        if not problems.found:
            do = "give a file with one row a prompt at least"
            if columns and not numbered:
                do += f" (its first line is its header: {', '.join(columns)})"
            problems.add(where, f"has no prompts; {do}")
        problems.stop()
    return Table(
        where=where,
        columns=tuple(columns),
        rows=_FileRows(readable, parsing),
        faults=tuple(problems.found),
        notes=tuple(problems.notes),
        n_files=sum(not file.where.startswith("hf:") for file in files),
        header=tuple(first),
        part=problems.remedy.part,
        sample=tuple(survey.sample),
        words={column: tuple(words) for column, words in survey.words.items() if words},
    )


class _Survey:
    """What the columns hold, as far as it is seen in some rows, and in the words of columns with few."""

    def __init__(self) -> None:
        self.sample: list[Mapping[str, object]] = []
        self.words: dict[str, dict[str, None]] = {}
        self._many: set[str] = set()
        """Columns of texts, of lists, or of many words."""

    def take(self, row: Row, at: int) -> None:
        """Look at a row, which is the so-manyth of its file."""
        if at < _SAMPLE and len(self.sample) < _SAMPLE * _SAMPLE:
            self.sample.append(
                {c: v[:_CUT] if isinstance(v, str | list) else v for c, v in row.cells.items()}
            )
        for column, cell in row.cells.items():
            if column in self._many or cell is None:
                continue
            words = self.words.setdefault(column, {})
            words[cell.strip() if isinstance(cell, str) else str(cell)] = None
            is_word = isinstance(cell, int | float) or (
                isinstance(cell, str) and len(cell) <= LONGEST_WORD
            )
            if not is_word or len(words) > _MOST_WORDS:
                self._many.add(column)
                del self.words[column]


class _FileRows:
    """The rows of files that were gone through before."""

    def __init__(self, files: Sequence[TableFile], parsing: Parsing) -> None:
        self._files, self._parsing = files, parsing

    def __iter__(self) -> Iterator[Row]:
        for file in self._files:
            yield from _rows(file, replace(self._parsing, problems=Problems(), columns={}))


def _rows(file: TableFile, parsing: Parsing) -> Iterator[Row]:
    """Yield the rows of a file; the columns that stand before all rows join those that are known."""
    for where, found in _found(file, parsing):
        said, prefix = file.said, file.prefix
        if found.place is not None:
            said = {**said, **found.place.cells}
            prefix = "/".join(filter(None, (prefix, found.place.prefix)))
        cells = {**said, **found.cells} if said else found.cells
        for own in spread(cells, parsing.within) if parsing.within else (cells,):
            yield Row(where=where, number=found.number, cells=own, prefix=prefix)


def _found(file: TableFile, parsing: Parsing) -> Iterator[tuple[str, Found]]:
    """Yield where each row stands, and the row."""
    if file.records is not None:
        parsing.columns.update(dict.fromkeys(file.columns))
        for number, record in enumerate(file.records, start=1):
            nested = any(isinstance(cell, dict) for cell in record.values())
            yield f"{file.where}: row ", Found(number, flat(record) if nested else record)
        return
    if file.grid is not None:
        for found in grid_rows(file.grid, file.where, parsing):
            yield f"{file.where}: row ", found
        return
    newline = "" if file.suffix in _SEPARATED else "\n"  # a text may hold U+2028, which ends no row
    stream = file.stream()
    with io.TextIOWrapper(stream, _encoding(stream), newline=newline) as lines:
        yield from _parsed(lines, file, parsing)


def _parsed(
    lines: TextIO, file: TableFile | _Text, parsing: Parsing
) -> Iterator[tuple[str, Found]]:
    problems = parsing.problems
    in_lines = file.suffix in _JSON and not file.part and is_json_lines(lines, file.suffix)
    if file.suffix in _JSON and not in_lines:
        rows, where = json_items(lines, file.where, file.part, problems), f"{file.where}: item "
    else:
        where = f"{file.where}:"
        if in_lines:
            rows = parse_jsonl(lines, file.where, problems)
        elif parsing.lines or (file.suffix == LINES and (parsing.headless or not is_headed(lines))):
            rows = text_lines(lines, file.where, problems)
        else:
            rows = csv_rows(lines, file.where, parsing)
    for found in rows:
        yield where, found


@dataclass(frozen=True, slots=True)
class _Text:
    """What parsing needs to know of a file."""

    where: str
    suffix: str
    part: str = ""


def parse(text: str, where: str, suffix: str, problems: Problems) -> Table:
    """Return the table of a text in the format of a suffix, such as .csv, noting what is wrong."""
    file = _Text(where, suffix.lower())
    lines = io.StringIO(text, "" if file.suffix in _SEPARATED else "\n")
    parsing = Parsing(problems=problems)
    rows = []
    for place, found in _parsed(lines, file, parsing):
        parsing.columns.update(dict.fromkeys(found.cells))
        rows.append(Row(where=place, number=found.number, cells=found.cells))
    return Table(where=where, columns=tuple(parsing.columns), rows=tuple(rows))


def _encoding(stream: BinaryIO) -> str:
    """Return the encoding that the mark at the beginning says: UTF-8 where there is none."""
    first = stream.read(4)
    stream.seek(0)
    return next((name for mark, name in _MARKS.items() if first.startswith(mark)), "utf-8-sig")


def _unreadable(file: TableFile) -> tuple[str, str] | None:
    """Return what keeps a file from being read at all: where, and what is wrong."""
    read, lines, is_empty = 0, 0, True
    with file.stream() as stream:
        name = _encoding(stream)
        decoder = codecs.getincrementaldecoder(name)()
        while True:
            data = stream.read(_BLOCK)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                block: bytes = error.object  # begins with what was left of the one before
                start = read + len(data) - len(block) + error.start
                line = lines + block.count(b"\n", 0, error.start) + 1
                got = f"byte 0x{block[error.start]:02x} at offset {start} is not {name.removesuffix('-sig').upper()}"
                return (
                    f"{file.where}:{line}",
                    f"{got}; save the file as UTF-8 (WINDOWS-1252 is the encoding of Western Excel: else name its own)",
                )
            is_empty = is_empty and not text.removeprefix("\ufeff").strip()
            if not data:
                break
            read, lines = read + len(data), lines + data.count(b"\n")
    problem = "is empty; give a file with one row a prompt at least"
    return (file.where, problem) if is_empty else None
