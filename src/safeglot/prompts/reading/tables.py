"""Rows of a CSV, JSON Lines, JSON or Parquet file, each with its place for messages."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TextIO

from safeglot.prompts.problems import Problems

DELIMITERS = ",;\t"
_SEPARATED = (".csv", ".tsv")
_BLOCK = 1 << 20


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its cells by column, and its place, such as `file:line`, in two parts."""

    where: str
    number: int
    cells: Mapping[str, object]

    @property
    def place(self) -> str:
        """Where the row stands, for messages."""
        return f"{self.where}{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one or several files of the same columns; `faults` name rows left out.

    The rows of files are read anew each time that they are gone through, and none is kept.
    """

    where: str
    columns: tuple[str, ...]
    rows: Iterable[Row]
    faults: tuple[str, ...] = ()


def read_table(files: Sequence[TableFile]) -> Table:
    """Return the files as one table, after going through them once.

    Raises: InputErrors where that leaves no row.
    """
    problems = Problems()
    columns: dict[str, None] = {}
    readable = []
    n = 0
    for file in files:
        if file.records is None and (fault := _unreadable(file)):
            problems.add(*fault)
            continue
        readable.append(file)
        for row in _rows(file, problems, columns):
            n += 1
            columns.update(dict.fromkeys(row.cells))
    where = files[0].where if len(files) == 1 else f"{files[0].where} and {len(files) - 1} more"
    if not n:
        if not problems.found:
            problems.add(where, "has no prompts; give a file with one row a prompt at least")
        problems.stop()
    return Table(
        where=where,
        columns=tuple(columns),
        rows=_FileRows(readable),
        faults=tuple(problems.found),
    )


class _FileRows:
    """The rows of files that were gone through before."""

    def __init__(self, files: Sequence[TableFile]) -> None:
        self._files = files

    def __iter__(self) -> Iterator[Row]:
        for file in self._files:
            yield from _rows(file, Problems(), {})


def _rows(file: TableFile, problems: Problems, columns: dict[str, None]) -> Iterator[Row]:
    """Yield the rows of a file; the columns that stand before all rows join those that are known."""
    if file.records is not None:
        columns.update(dict.fromkeys(file.columns))
        for number, record in enumerate(file.records, start=1):
            yield Row(where=f"{file.where}: row ", number=number, cells=record)
        return
    newline = "" if file.suffix in _SEPARATED else "\n"  # a text may hold U+2028, which ends no row
    with io.TextIOWrapper(file.stream(), "utf-8-sig", newline=newline) as lines:
        yield from _PARSERS[file.suffix](lines, file.where, problems, columns)


def parse(text: str, where: str, suffix: str, problems: Problems) -> Table:
    """Return the table of a text in the format of a suffix, such as .csv, noting what is wrong."""
    newline = "" if suffix.lower() in _SEPARATED else "\n"
    columns: dict[str, None] = {}
    rows = []
    for row in _PARSERS[suffix.lower()](io.StringIO(text, newline), where, problems, columns):
        columns.update(dict.fromkeys(row.cells))
        rows.append(row)
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


def parse_csv(
    lines: TextIO, where: str, problems: Problems, columns: dict[str, None]
) -> Iterator[Row]:
    """Yield the rows of a CSV text with a header; of , ; and tab what splits the header most is the delimiter."""
    header, delimiter = _header(lines)
    columns.update(dict.fromkeys(header))
    if len(set(header)) < len(header):
        twice = sorted({name for name in header if header.count(name) > 1})
        problems.add(f"{where}:1", f"the header has {', '.join(twice)} twice; rename one of them")
    for line, cells in _csv_lines(lines, delimiter, where, problems):
        if len(cells) == len(header):
            yield Row(where=f"{where}:", number=line, cells=dict(zip(header, cells, strict=True)))
        else:
            problems.add(
                f"{where}:{line}",
                f"has {len(cells)} cells where the header has {len(header)}; "
                'put cells that hold a delimiter or a line break in "double quotes"',
            )


def _header(lines: TextIO) -> tuple[list[str], str]:
    first = next(line for line in lines if line.strip())
    lines.seek(0)
    splits = {d: next(csv.reader([first], delimiter=d), []) for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: len(splits[d]))
    return [name.strip() for name in splits[delimiter]], delimiter


def _csv_lines(
    lines: TextIO, delimiter: str, where: str, problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header with the line that each begins at; blank lines are none."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header_seen = False
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(f"{where}:{line}", f"is not CSV: {error}; look at its double quotes")
            return
        if not any(cell.strip() for cell in cells) and len(cells) <= 1:
            continue
        if header_seen:
            yield line, cells
        header_seen = True


def parse_jsonl(lines: TextIO, where: str, problems: Problems, _: dict[str, None]) -> Iterator[Row]:
    """Yield the rows of JSON Lines: one object a line."""
    for line, content in enumerate(lines, start=1):
        if not content.strip():
            continue
        try:
            cells = json.loads(content.removesuffix("\n"))
        except (ValueError, RecursionError) as error:
            problems.add(f"{where}:{line}", f"is not JSON: {_json_fault(error)}")
            continue
        if isinstance(cells, dict):
            yield Row(where=f"{where}:", number=line, cells=cells)
        else:
            problems.add(f"{where}:{line}", 'is not a JSON object such as {"id": 1, "en": "..."}')


def parse_json(lines: TextIO, where: str, problems: Problems, _: dict[str, None]) -> Iterator[Row]:
    """Yield the rows of a JSON list of objects, which is read as a whole."""
    try:
        objects = json.loads(lines.read())
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        problems.add(f"{where}:{line}", f"is not JSON: {_json_fault(error)}")
        return
    if not isinstance(objects, list) or not all(isinstance(cells, dict) for cells in objects):
        problems.add(where, "must be a JSON list of objects, one a prompt")
        return
    for number, cells in enumerate(objects, start=1):
        yield Row(where=f"{where}: item ", number=number, cells=cells)


def _json_fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (column {error.colno})"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


_PARSERS: dict[str, Callable[[TextIO, str, Problems, dict[str, None]], Iterator[Row]]] = {
    ".csv": parse_csv,
    ".tsv": parse_csv,
    ".jsonl": parse_jsonl,
    ".ndjson": parse_jsonl,
    ".json": parse_json,
}
