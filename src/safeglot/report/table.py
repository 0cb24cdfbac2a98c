"""A table of results that says what it may be read for: as text, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

from safeglot.report.layout import Grid
from safeglot.report.names import cut_names, key_of
from safeglot.report.numbers.percent import MINUS, NONE, count, p_value, percent, points
from safeglot.report.width import wrapped
from safeglot.text import package_data
from safeglot.text.cells import guarded, markdown, markdown_cell
from safeglot.text.control import one_line

Kind: TypeAlias = Literal["word", "count", "rate", "points", "number", "p"]
"""How a column is shown: rates in percent, differences of rates in points, other numbers as such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's name, and the kind of its numbers."""

    name: str
    kind: Kind = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCell:
    """A word, or a number with its interval; a number that is not there has a reason as text."""

    text: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None


ResultRow: TypeAlias = tuple[ResultCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTable:
    """Rows of cells with what the reader may conclude of them and what not (`text`).

    `assumptions` hold for the numbers to mean that; `notes` say what was met on the way.
    Raises ValueError where a row has other columns than the table.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[ResultRow, ...]
    text: str
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: {len(row)} cells for {len(self.columns)} columns")


def columns(kinds: Mapping[str, Kind]) -> tuple[Column, ...]:
    """Return the columns of a table, from the name of each and the kind of its numbers."""
    return tuple(Column(name=name, kind=kind) for name, kind in kinds.items())


def said(name: str, /, **filled: object) -> dict[str, Any]:
    """Return the fields of a table that result_tables.toml has, with the words in braces `filled` in."""
    words = package_data.table("safeglot.report", "result_tables.toml")[name]

    def field(held: Any) -> Any:
        if isinstance(held, dict):
            return columns(held)
        if isinstance(held, list):
            return tuple(text.format_map(filled) for text in held)
        return held.format_map(filled)

    return {key: field(held) for key, held in words.items()}


def word(text: object) -> ResultCell:
    """Return a cell that holds a word."""
    return ResultCell(text=str(text))


def number(
    value: float | None,
    interval: tuple[float | None, float | None] = (None, None),
    *,
    reason: str = "",
) -> ResultCell:
    """Return a cell that holds a number, or the reason why there is none."""
    low, high = interval
    return ResultCell(value=value, low=low, high=high, text=reason if value is None else "")


_SHOWN: dict[Kind, Callable[[float], str]] = {
    "count": lambda x: count(round(x)),
    "rate": lambda x: percent(x).replace("-", MINUS),
    "points": points,
    "number": lambda x: f"{x:.3g}".replace("-", MINUS),
    "p": p_value,
    "word": lambda x: f"{x:g}",
}
LONG = 24
"""A reason of more signs than this stands below the table."""
NAMES = ("model", "first", "second", "base", "instruct", "judge")
"""Columns that hold names of models and judges, which are shortened where a table is too wide."""
LEAST_NAME, PROSE = 14, 100
_UNITS = {"rate": ", %", "points": ", points"}


def shown(cell: ResultCell, kind: Kind, *, to: str = " to ") -> str:
    """Return a cell as a reader sees it: "97.1 [95.2 to 98.3]"."""
    if cell.value is None:
        return cell.text or (NONE if kind != "word" else "")
    as_text = _SHOWN[kind]
    text = as_text(cell.value)
    if cell.low is not None and cell.high is not None:
        text += f" [{as_text(cell.low)}{to}{as_text(cell.high)}]"
    return text + (f" {cell.text}" if cell.text else "")


def headings(table: ResultTable) -> list[str]:
    """Return the names of the columns with their units."""
    return [column.name + _UNITS.get(column.kind, "") for column in table.columns]


def _texts(table: ResultTable, *, narrow: bool = False) -> tuple[list[list[str]], list[str]]:
    """Return the cells as texts, and the reasons that are too long for a cell, by their number.

    `narrow` puts what is said of a number below too.
    """
    kinds = [column.kind for column in table.columns]
    reasons: dict[str, int] = {}
    texts: list[list[str]] = []
    for row in table.rows:
        texts.append([])
        for cell, kind in zip(row, kinds, strict=True):
            text = shown(cell, kind, to=", " if narrow else " to ")
            if kind != "word" and cell.value is None and len(text) > LONG:
                text = f"{NONE} [{reasons.setdefault(text, len(reasons) + 1)}]"
            elif narrow and cell.value is not None and cell.text:
                mark = reasons.setdefault(cell.text.strip("()"), len(reasons) + 1)
                text = f"{text.removesuffix(f' {cell.text}')} [{mark}]"
            texts[-1].append(text)
    return texts, [f"[{k}] {reason}." for reason, k in reasons.items()]


def _remarks(table: ResultTable, reasons: Sequence[str], printed: set[str]) -> Iterator[str]:
    """Yield what stands below a table, without what is `printed` below an earlier one."""
    yield from reasons
    yield table.text
    assumed = "Assumes: " + "; ".join(text.rstrip(".") for text in table.assumptions) + "."
    if table.assumptions and assumed not in printed:
        printed.add(assumed)
        yield assumed
    for note in table.notes:
        if note not in printed:
            printed.add(note)
            yield f"Note: {note}"


# ---- text


def to_text(tables: Sequence[ResultTable], *, width: int = 100) -> str:
    """Return tables as plain text of at most `width` columns, remarks wrapped.

    Where a table is wider, models and judges have short names, with a key of those that were cut.
    """
    printed: set[str] = set()
    return "\n\n".join("\n".join(_lines(table, width, printed)) for table in tables) + "\n"


def _lines(table: ResultTable, width: int, printed: set[str]) -> Iterator[str]:
    yield from wrapped(one_line(table.title), width)
    yield ""
    grid, reasons, key = _grid(table, width)
    yield from grid.lines(width)
    yield ""
    for remark in (*key, *_remarks(table, reasons, printed)):
        yield from wrapped(remark, min(width, PROSE))


def _grid(table: ResultTable, width: int) -> tuple[Grid, list[str], list[str]]:
    """Return the columns, the reasons that stand below them, and the key of the names that were cut."""
    heads, left = headings(table), [column.kind == "word" for column in table.columns]
    texts, reasons = _texts(table)
    keys = next((i for i, is_word in enumerate(left) if not is_word), len(left))
    grid = Grid(heads=heads, rows=[list(map(one_line, row)) for row in texts], left=left, keys=keys)
    if grid.fits(width):
        return grid, reasons, []
    texts, reasons = _texts(table, narrow=True)
    at = [i for i, column in enumerate(table.columns) if column.name in NAMES and left[i]]
    names = cut_names((row[i] for row in texts for i in at), max(width // 3, LEAST_NAME))
    rows = [
        [names[text] if i in at else one_line(text) for i, text in enumerate(row)] for row in texts
    ]
    return replace(grid, rows=rows), reasons, key_of(names)


# ---- Markdown


def to_markdown(tables: Sequence[ResultTable]) -> str:
    """Return tables as Markdown, with their remarks below."""
    printed: set[str] = set()
    return "\n\n".join("\n".join(_markdown(table, printed)) for table in tables) + "\n"


def _markdown(table: ResultTable, printed: set[str]) -> Iterator[str]:
    yield f"**{markdown_cell(table.title)}**"
    yield ""
    yield "| " + " | ".join(map(markdown_cell, headings(table))) + " |"
    yield "| " + " | ".join("---" if c.kind == "word" else "---:" for c in table.columns) + " |"
    texts, reasons = _texts(table)
    for row in texts:
        yield "| " + " | ".join(map(markdown_cell, row)) + " |"
    for remark in _remarks(table, reasons, printed):
        yield ""
        yield markdown(remark)


# ---- CSV


def to_csv(tables: Sequence[ResultTable]) -> str:
    """Return all tables in one CSV: first the table's title, then every column that any table has.

    Numbers are as they are computed, rates in [0, 1]; NAME_low and NAME_high hold intervals, and
    NAME_reason why a number is not there.
    """
    heads: dict[str, None] = {"table": None}
    rows: list[dict[str, str]] = []
    for table in tables:
        for row in table.rows:
            flat = dict(_flat(table, row))
            rows.append({"table": guarded(table.title), **flat})
            heads |= dict.fromkeys(flat)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(heads), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _flat(table: ResultTable, row: ResultRow) -> Iterator[tuple[str, str]]:
    for column, cell in zip(table.columns, row, strict=True):
        if column.kind == "word":
            yield column.name, guarded(cell.text)
            continue
        yield column.name, _plain(cell.value)
        if cell.low is not None or cell.high is not None:
            yield f"{column.name}_low", _plain(cell.low)
            yield f"{column.name}_high", _plain(cell.high)
        if cell.text:
            yield f"{column.name}_reason", guarded(cell.text)


def _plain(value: float | None) -> str:
    return "" if value is None else repr(value)


# ---- JSON


def to_json(tables: Sequence[ResultTable]) -> str:
    """Return tables as JSON, rates in [0, 1]. Raises ValueError for NaN and infinities."""
    whole = {"schema": 1, "tables": [_record(table) for table in tables]}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _record(table: ResultTable) -> dict[str, Any]:
    """Return a table as it is; a word has no number and no interval."""
    whole = asdict(table)
    for row in whole["rows"]:
        for cell, column in zip(row, table.columns, strict=True):
            if column.kind == "word":
                del cell["value"], cell["low"], cell["high"]
    return whole
