"""Rows of a CSV, JSON Lines, JSON or Parquet file, each with its place for messages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from safeglot.prompts.problems import Problems

DELIMITERS = ",;\t"


class TableFile(Protocol):
    """What a backend gives for one file: its bytes, or its records where they are read already."""

    @property
    def where(self) -> str:
        """Name of the file in messages."""

    @property
    def suffix(self) -> str:
        """Lower-case suffix of the name, which says the format."""

    @property
    def data(self) -> bytes:
        """The bytes of a text format."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a format that is not text."""

    @property
    def records(self) -> Sequence[Mapping[str, object]] | None:
        """The rows of a format that is not text, else None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its place (`file:line`) and its cells by column."""

    place: str
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one or several files of the same columns; `faults` name rows left out."""

    where: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    faults: tuple[str, ...] = ()


def read_table(files: Sequence[TableFile]) -> Table:
    """Return the files as one table.

    Raises: InputErrors where that leaves no row.
    """
    problems = Problems()
    tables = [_read_file(file, problems) for file in files]
    table = Table(
        where=files[0].where if len(files) == 1 else f"{files[0].where} and {len(files) - 1} more",
        columns=tuple(dict.fromkeys(c for t in tables for c in t.columns)),
        rows=tuple(row for t in tables for row in t.rows),
        faults=tuple(problems.found),
    )
    if not table.rows:
        if not table.faults:
            problems.add(table.where, "has no prompts; give a file with one row a prompt at least")
        problems.stop()
    return table


def _read_file(file: TableFile, problems: Problems) -> Table:
    if file.records is not None:
        rows = tuple(
            Row(place=f"{file.where}: row {number}", cells=record)
            for number, record in enumerate(file.records, start=1)
        )
        return Table(where=file.where, columns=file.columns, rows=rows)
    text = _decode(file.data, file.where, problems)
    if text is None:
        return Table(where=file.where, columns=(), rows=())
    if not text.strip():
        problems.add(file.where, "is empty; give a file with one row a prompt at least")
        return Table(where=file.where, columns=(), rows=())
    return parse(text, file.where, file.suffix, problems)


def parse(text: str, where: str, suffix: str, problems: Problems) -> Table:
    """Return the table of a text in the format of a suffix, such as .csv, noting what is wrong."""
    return _PARSERS[suffix.lower()](text, where, problems)


def _decode(data: bytes, where: str, problems: Problems) -> str | None:
    """Return a text from UTF-8 with or without a byte order mark; None where it is broken."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add(where, "is UTF-16; save it as UTF-8")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts from behind the byte order mark.
        start = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        line = data.count(b"\n", 0, start) + 1
        problems.add(
            f"{where}:{line}",
            f"byte 0x{data[start]:02x} at offset {start} is not UTF-8; save the file as UTF-8",
        )
        return None


def parse_csv(text: str, where: str, problems: Problems) -> Table:
    """Return the table of a CSV text with a header; of , ; and tab what splits the header most is the delimiter."""
    header, delimiter = _header(text)
    if len(set(header)) < len(header):
        twice = sorted({name for name in header if header.count(name) > 1})
        problems.add(f"{where}:1", f"the header has {', '.join(twice)} twice; rename one of them")
    rows = []
    for line, cells in _csv_lines(text, delimiter, where, problems):
        if len(cells) == len(header):
            rows.append(Row(place=f"{where}:{line}", cells=dict(zip(header, cells, strict=True))))
        else:
            problems.add(
                f"{where}:{line}",
                f"has {len(cells)} cells where the header has {len(header)}; "
                'put cells that hold a delimiter or a line break in "double quotes"',
            )
    return Table(where=where, columns=tuple(header), rows=tuple(rows))


def _header(text: str) -> tuple[list[str], str]:
    first = next(line for line in io.StringIO(text, newline="") if line.strip())
    splits = {d: next(csv.reader([first], delimiter=d), []) for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: len(splits[d]))
    return [name.strip() for name in splits[delimiter]], delimiter


def _csv_lines(
    text: str, delimiter: str, where: str, problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header with the line that each begins at; blank lines are none."""
    # Not str.splitlines: a text may hold U+2028, which ends no row.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
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


def parse_jsonl(text: str, where: str, problems: Problems) -> Table:
    """Return the table of JSON Lines: one object a line."""
    rows = []
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            cells = json.loads(content)
        except (ValueError, RecursionError) as error:
            problems.add(f"{where}:{line}", f"is not JSON: {_json_fault(error)}")
            continue
        if isinstance(cells, dict):
            rows.append(Row(place=f"{where}:{line}", cells=cells))
        else:
            problems.add(f"{where}:{line}", 'is not a JSON object such as {"id": 1, "en": "..."}')
    return _json_table(where, rows)


def parse_json(text: str, where: str, problems: Problems) -> Table:
    """Return the table of a JSON list of objects."""
    try:
        objects = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        problems.add(f"{where}:{line}", f"is not JSON: {_json_fault(error)}")
        objects = []
    if not isinstance(objects, list) or not all(isinstance(cells, dict) for cells in objects):
        problems.add(where, "must be a JSON list of objects, one a prompt")
        objects = []
    places = (f"{where}: item {number}" for number in range(1, len(objects) + 1))
    rows = [Row(place=p, cells=cells) for p, cells in zip(places, objects, strict=True)]
    return _json_table(where, rows)


def _json_fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (column {error.colno})"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _json_table(where: str, rows: list[Row]) -> Table:
    columns = tuple(dict.fromkeys(column for row in rows for column in row.cells))
    return Table(where=where, columns=columns, rows=tuple(rows))


_PARSERS: dict[str, Callable[[str, str, Problems], Table]] = {
    ".csv": parse_csv,
    ".tsv": parse_csv,
    ".jsonl": parse_jsonl,
    ".ndjson": parse_jsonl,
    ".json": parse_json,
}
