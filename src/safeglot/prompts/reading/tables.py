"""Rows of files, each with its place for messages; those of delimited text are parsed here."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TextIO

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.csv_rows import Header, csv_rows, grid_rows, text_lines
from safeglot.prompts.reading.json_rows import LINE, Found, flat, json_items, parse_jsonl
from safeglot.prompts.reading.suggestions import looks_headless

LINES = ".txt"
"""Suffix of a file that has a text a line, and no header."""
_HEADED = (".csv", ".tsv")
_SEPARATED = (*_HEADED, LINES)
_BLOCK = 1 << 20
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


def read_table(files: Sequence[TableFile], named: Iterable[str] = ()) -> Table:
    """Return the files as one table, after going through them once.

    `named` are the columns that its user names: where they are numbers (#1, #2; #0 is the line),
    delimited text has no header. Raises: InputErrors where that leaves no row.
    """
    problems = Problems()
    numbered = {column for column in named if _NUMBERED.fullmatch(column)}
    header = Header(lacking=bool(numbered), lines=LINE in numbered)
    columns: dict[str, None] = {}
    readable = []
    first: dict[str, None] = {}
    """The columns of the first file that has a line for them."""
    n = 0
    for file in files:
        if file.records is None and file.grid is None and (fault := _unreadable(file)):
            problems.add(*fault)
            continue
        readable.append(file)
        columns.update(dict.fromkeys(file.said))
        own = columns if first or not _is_headed(file, header) else first
        for row in _rows(file, header, problems, own):
            n += 1
            columns.update(dict.fromkeys(row.cells))
        columns.update(own)
    where = files[0].where if len(files) == 1 else f"{files[0].where} and {len(files) - 1} more"
    if not n and not looks_headless(tuple(first)):
        if not problems.found:
            do = "give a file with one row a prompt at least"
            if columns and not header.lacking:
                do += f" (its first line is its header: {', '.join(columns)})"
            problems.add(where, f"has no prompts; {do}")
        problems.stop()
    return Table(
        where=where,
        columns=tuple(columns),
        rows=_FileRows(readable, header),
        faults=tuple(problems.found),
        notes=tuple(problems.notes),
        n_files=sum(not file.where.startswith("hf:") for file in files),
        header=tuple(first),
        part=problems.remedy.part,
    )


def _is_headed(file: TableFile, header: Header) -> bool:
    return not header.lacking and (file.grid is not None or file.suffix in _HEADED)


class _FileRows:
    """The rows of files that were gone through before."""

    def __init__(self, files: Sequence[TableFile], header: Header) -> None:
        self._files, self._header = files, header

    def __iter__(self) -> Iterator[Row]:
        for file in self._files:
            yield from _rows(file, self._header, Problems(), {})


def _rows(
    file: TableFile, header: Header, problems: Problems, columns: dict[str, None]
) -> Iterator[Row]:
    """Yield the rows of a file; the columns that stand before all rows join those that are known."""
    for where, found in _found(file, header, problems, columns):
        said, prefix = file.said, file.prefix
        if found.place is not None:
            said = {**said, **found.place.cells}
            prefix = "/".join(filter(None, (prefix, found.place.prefix)))
        cells = {**said, **found.cells} if said else found.cells
        yield Row(where=where, number=found.number, cells=cells, prefix=prefix)


def _found(
    file: TableFile, header: Header, problems: Problems, columns: dict[str, None]
) -> Iterator[tuple[str, Found]]:
    """Yield where each row stands, and the row."""
    if file.records is not None:
        columns.update(dict.fromkeys(file.columns))
        for number, record in enumerate(file.records, start=1):
            nested = any(isinstance(cell, dict) for cell in record.values())
            yield f"{file.where}: row ", Found(number, flat(record) if nested else record)
        return
    if file.grid is not None:
        for found in grid_rows(file.grid, file.where, header, problems, columns=columns):
            yield f"{file.where}: row ", found
        return
    newline = "" if file.suffix in _SEPARATED else "\n"  # a text may hold U+2028, which ends no row
    with io.TextIOWrapper(file.stream(), "utf-8-sig", newline=newline) as lines:
        yield from _parsed(lines, file, header, problems, columns)


def _parsed(
    lines: TextIO,
    file: TableFile | _Text,
    header: Header,
    problems: Problems,
    columns: dict[str, None],
) -> Iterator[tuple[str, Found]]:
    if file.suffix == ".json":
        rows, where = json_items(lines, file.where, file.part, problems), f"{file.where}: item "
    else:
        where = f"{file.where}:"
        if file.suffix in (".jsonl", ".ndjson"):
            rows = parse_jsonl(lines, file.where, problems)
        elif file.suffix == LINES or header.lines:
            rows = text_lines(lines, file.where, problems)
        else:
            rows = csv_rows(lines, file.where, problems, columns, headless=header.lacking)
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
    columns: dict[str, None] = {}
    rows = []
    for place, found in _parsed(lines, file, Header(), problems, columns):
        columns.update(dict.fromkeys(found.cells))
        rows.append(Row(where=place, number=found.number, cells=found.cells))
    return Table(where=where, columns=tuple(columns), rows=tuple(rows))


def _unreadable(file: TableFile) -> tuple[str, str] | None:
    """Return what keeps a file from being read at all: where, and what is wrong."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read, lines, is_empty = 0, 0, True
    with file.stream() as stream:
        while True:
            data = stream.read(_BLOCK)
            if not read and data.startswith((b"\xff\xfe", b"\xfe\xff")):
                return file.where, "is UTF-16; save it as UTF-8"
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                block: bytes = error.object  # begins with what was left of the one before
                start = read + len(data) - len(block) + error.start
                line = lines + block.count(b"\n", 0, error.start) + 1
                got = f"byte 0x{block[error.start]:02x} at offset {start}"
                return f"{file.where}:{line}", f"{got} is not UTF-8; save the file as UTF-8"
            is_empty = is_empty and not text.removeprefix("\ufeff").strip()
            if not data:
                break
            read, lines = read + len(data), lines + data.count(b"\n")
    problem = "is empty; give a file with one row a prompt at least"
    return (file.where, problem) if is_empty else None
