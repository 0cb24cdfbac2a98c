"""Rows of delimited text and of sheets, with a header or without, and texts that have a line each."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.json_rows import LINE, MOST_LETTERS, Found, bounded

DELIMITERS = ",;\t"
_QUOTED = re.compile(r'"((?:[^"]|"")*)"', re.DOTALL)
_MOST_LINES = 1000
"""Lines that one quoted text may have."""


@dataclass(frozen=True, slots=True)
class Header:
    """Whether delimited text lacks one, and then whether its lines are whole texts."""

    lacking: bool = False
    lines: bool = False


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


def csv_rows(
    lines: TextIO,
    where: str,
    problems: Problems,
    columns: dict[str, None],
    *,
    headless: bool = False,
) -> Iterator[Found]:
    """Yield the rows of a CSV text; of , ; and tab what splits its first line most is the delimiter."""
    csv.field_size_limit(MOST_LETTERS)  # cells may be longer than the 131,072 of the module
    header, delimiter = _header(lines)
    if headless:
        header = [f"#{number}" for number in range(1, len(header) + 1)]
    columns.update(dict.fromkeys(header))
    if len(set(header)) < len(header):
        twice = sorted({name for name in header if header.count(name) > 1})
        problems.add(f"{where}:1", f"the header has {', '.join(twice)} twice; rename one of them")
    for line, cells in _csv_lines(lines, delimiter, where, problems, headless=headless):
        if len(cells) == len(header):
            yield Found(line, dict(zip(header, cells, strict=True)))
        else:
            than = "first line" if headless else "header"
            do = f", or read lines whole by text={LINE}" if headless else ""
            problems.add(
                f"{where}:{line}",
                f"has {len(cells)} cells where the {than} has {len(header)}; "
                f'put cells that hold a delimiter or a line break in "double quotes"{do}',
            )


def grid_rows(
    grid: Iterable[Sequence[object]],
    where: str,
    header: Header,
    problems: Problems,
    *,
    columns: dict[str, None],
) -> Iterator[Found]:
    """Yield the rows of a sheet; its first one that is not empty is the header, where it has one."""
    names: list[str] = []
    for number, row in enumerate(grid, start=1):
        cells = [None if cell == "" else cell for cell in row]
        if all(cell is None for cell in cells):
            continue
        if not names:
            names = [f"#{n}" for n in range(1, len(cells) + 1)]
            if not header.lacking:
                names = [" ".join(str(cell or "").split()) for cell in cells]
            elif header.lines:
                names[0] = LINE
            columns.update(dict.fromkeys(filter(None, names)))
            if twice := sorted({name for name in names if name and names.count(name) > 1}):
                problems.add(
                    f"{where}: row {number}",
                    f"the header has {', '.join(twice)} twice; rename one of them",
                )
            if not header.lacking:
                continue
        yield Found(number, {n: c for n, c in zip(names, cells, strict=False) if n})


def _header(lines: TextIO) -> tuple[list[str], str]:
    first = lines.readline(MOST_LETTERS)
    while not first.strip():
        first = lines.readline(MOST_LETTERS)
    lines.seek(0)
    splits = {d: next(csv.reader([first], delimiter=d), []) for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: len(splits[d]))
    return [name.strip() for name in splits[delimiter]], delimiter


def _csv_lines(
    lines: TextIO, delimiter: str, where: str, problems: Problems, *, headless: bool
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header with the line that each begins at; blank lines are none."""
    reader = csv.reader(bounded(lines, where, problems), delimiter=delimiter, strict=True)
    header_seen = headless
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
