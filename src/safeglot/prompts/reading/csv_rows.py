"""Rows of delimited text and of sheets, with a header or without, and texts that have a line each."""

from __future__ import annotations

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.json_rows import LINE, MOST_LETTERS, Found, bounded
from safeglot.prompts.reading.suggestions import are_names, looks_headless

DELIMITERS = ",;\t|"
_SAID = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""The line by which Excel is told what the delimiter is."""
_MOST_TITLES = 5
"""Lines or rows above a header that are about the file."""
_QUOTED = re.compile(r'"((?:[^"]|"")*)"', re.DOTALL)
_MOST_LINES = 1000
"""Lines that one quoted text may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsing:
    """How files are parsed, and what is found on the way."""

    headless: bool = False
    """Whether delimited text has no header."""
    lines: bool = False
    """Whether its lines are then whole texts."""
    within: tuple[str, ...] = ()
    """Names of cells that may be lists of objects, of which each is a row."""
    problems: Problems = field(default_factory=Problems)
    columns: dict[str, None] = field(default_factory=dict)
    """Columns that stand before all rows."""


def text_lines(lines: TextIO, where: str, problems: Problems) -> Iterator[Found]:
    """Yield each line as a text; one in double quotes is a cell of CSV, which may have further lines.

    Blank lines are empty texts, so that the numbers of the others stay; those at the end are none.
    """
    waiting: deque[tuple[int, str]] = deque()
    source = enumerate(bounded(lines, where, problems), start=1)
    blank: list[int] = []
    while waiting or (line := next(source, None)):
        number, text = waiting.popleft() if waiting else line  # type: ignore[misc]
        if text.startswith('"'):
            text = _quoted(text, waiting, source)
        text = text.rstrip("\r\n")
        if not text.strip():
            blank.append(number)
            continue
        yield from (Found(n, {LINE: ""}) for n in blank)
        blank.clear()
        yield Found(number, {LINE: text})


def _quoted(first: str, waiting: deque[tuple[int, str]], source: Iterator[tuple[int, str]]) -> str:
    """Return the quoted text that begins in a line, or the line as it stands where none does."""
    text, taken = first, 0
    while text.count('"') % 2 and taken < _MOST_LINES:
        if taken == len(waiting):
            if (further := next(source, None)) is None:
                break
            waiting.append(further)
        text += waiting[taken][1]
        taken += 1
    if (match := _QUOTED.fullmatch(text.rstrip("\r\n"))) is None:
        return first
    for _ in range(taken):
        waiting.popleft()
    return match[1].replace('""', '"')


def is_headed(lines: TextIO) -> bool:
    """Return whether a text begins with a header, as a table does and lines of texts do not."""
    first = lines.readline(MOST_LETTERS)
    lines.seek(0)
    return any(are_names([c.strip() for c in _split(first, d)]) for d in DELIMITERS)


def csv_rows(lines: TextIO, where: str, parsing: Parsing) -> Iterator[Found]:
    """Yield the rows of a CSV text; of , ; and tab what splits its first line most is the delimiter."""
    csv.field_size_limit(MOST_LETTERS)  # cells may be longer than the 131,072 of the module
    headless, problems = parsing.headless, parsing.problems
    header, delimiter, titles = _header(lines, headless=headless)
    if headless:
        header = [f"#{number}" for number in range(1, len(header) + 1)]
    parsing.columns.update(dict.fromkeys(header))
    _check_twice(header, f"{where}:1", problems)
    if any(line.strip() and not _SAID.fullmatch(line) for line in titles):
        problems.notes[f"{where}: read from line {len(titles) + 1}, its header"] = None
    for found, cells in _csv_lines(lines, delimiter, where, parsing):
        line = found + len(titles)
        if not headless and [cell.strip() for cell in cells] == header:
            problems.notes[f"{where}: lines that repeat its header are left out"] = None
        elif len(cells) == len(header):
            yield Found(line, dict(zip(header, cells, strict=True)))
        else:
            than = "first line" if headless else "header"
            do = f", or read lines whole by text={LINE}" if headless else ""
            problems.add(
                f"{where}:{line}",
                f"has {len(cells)} cells where the {than} has {len(header)}; "
                f'put cells that hold a delimiter or a line break in "double quotes"{do}',
            )


def _check_twice(names: Sequence[str], where: str, problems: Problems) -> None:
    """Note names of columns that are there twice."""
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        problems.add(where, f"the header has {', '.join(twice)} twice; rename one of them")


def grid_rows(grid: Iterable[Sequence[object]], where: str, parsing: Parsing) -> Iterator[Found]:
    """Yield the rows of a sheet; its first one that is not empty is the header, where it has one."""
    names: list[str] = []
    filled = (
        (number, [None if cell == "" else cell for cell in row])
        for number, row in enumerate(grid, start=1)
    )
    rows = (own for own in filled if any(cell is not None for cell in own[1]))
    for number, cells in rows if parsing.headless else _below_titles(rows):
        if not names:
            names = [f"#{n}" for n in range(1, len(cells) + 1)]
            if not parsing.headless:
                names = [" ".join(str(cell or "").split()) for cell in cells]
            elif parsing.lines:
                names[0] = LINE
            parsing.columns.update(dict.fromkeys(filter(None, names)))
            _check_twice(names, f"{where}: row {number}", parsing.problems)
            if not parsing.headless:
                continue
        yield Found(number, {n: c for n, c in zip(names, cells, strict=False) if n})


def _below_titles(
    rows: Iterator[tuple[int, list[object]]],
) -> Iterator[tuple[int, list[object]]]:
    """Yield the rows from the header on: a row of one cell above one of several is about the sheet."""
    first = [*itertools.islice(rows, _MOST_TITLES + 1)]
    there = [[str(cell) for cell in cells if cell is not None] for _, cells in first]
    at = next((i for i, names in enumerate(there) if len(names) > 1), 0)
    yield from itertools.chain(
        first[0 if looks_headless(there[at] if there else ()) else at :], rows
    )


def _header(lines: TextIO, *, headless: bool) -> tuple[list[str], str, list[str]]:
    """Return the names of the columns, the delimiter, and the lines above; what is read next is the header."""
    above: list[str] = []
    said = None
    while True:
        first = lines.readline(MOST_LETTERS)
        if found := None if said else _SAID.fullmatch(first):
            said = found[1]
        elif first.strip() or not first:
            delimiter = said or max(DELIMITERS, key=lambda d: len(_split(first, d)))
            if (
                headless
                or not first
                or not _is_title(first, delimiter, lines)
                or len(above) == _MOST_TITLES
            ):
                break
        above.append(first)
    lines.seek(0)
    for _ in above:
        lines.readline(MOST_LETTERS)
    return [name.strip() for name in _split(first, delimiter)], delimiter, above


def _is_title(first: str, delimiter: str, lines: TextIO) -> bool:
    """Return whether a line of one cell stands above one that is a header; what follows it is looked at."""
    if len(_split(first, delimiter)) > 1 or first.startswith('"'):
        return False
    here = lines.tell()
    for line in itertools.islice(iter(lambda: lines.readline(MOST_LETTERS), ""), _MOST_TITLES):
        names = max((_split(line, d) for d in DELIMITERS), key=len)
        if len(names) > 1:
            lines.seek(here)
            return not looks_headless([name.strip() for name in names])
    lines.seek(here)
    return False


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _csv_lines(
    lines: TextIO, delimiter: str, where: str, parsing: Parsing
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header with the line that each begins at; blank lines are none."""
    reader = csv.reader(bounded(lines, where, parsing.problems), delimiter=delimiter, strict=True)
    header_seen = parsing.headless
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            parsing.problems.add(
                f"{where}:{line}", f"is not CSV: {error}; look at its double quotes"
            )
            return
        if not any(cell.strip() for cell in cells) and len(cells) <= 1:
            continue
        if header_seen:
            yield line, cells
        header_seen = True
