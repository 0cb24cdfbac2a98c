"""Tables that people filled in, read back: what each of them says of which item."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.prompts.reading.cells import bare
from safeglot.prompts.reading.tables import Row, parse


class FilledForm(NamedTuple):
    """Which columns people fill in, with what."""

    column: str
    person: str
    """Column of who filled it in; nobody named is "1"."""
    note: str
    read: Callable[[str], Any]
    """Returns what a cell says, None where that is not allowed."""
    allowed: str
    words: tuple[str, ...] = ()
    """What a misspelt cell may have meant."""


class FilledCell(NamedTuple):
    """What somebody says of an item, and where."""

    value: Any
    note: str
    place: str


def read_filled(
    sources: Iterable[tuple[str, str, str]], form: FilledForm, known: Collection[str]
) -> dict[tuple[str, str], FilledCell]:
    """Return (item, person) -> what is filled in; each source is a name, its text and what is wrong with it.

    Raises: InputErrors with all that is wrong.
    """
    problems, found = Problems(), dict[tuple[str, str], FilledCell]()
    for where, text, fault in sources:
        if fault:
            problems.add(where, fault)
            continue
        before = len(problems.found)
        table = parse(text, where, f".{where.rpartition('.')[2]}", problems)
        lacking = [c for c in ("item", form.column) if c not in table.columns]
        if lacking and (table.columns or len(problems.found) == before):
            has = ", ".join(table.columns) or "none"
            do = "keep those of the file that was drawn"
            problems.add(where, f"has no column {' and '.join(lacking)} (columns: {has}); {do}")
            continue
        filled = [_take(row, form, known, found, problems) for row in table.rows]
        if not any(filled) and len(problems.found) == before:
            problems.add(where, f"has no {form.column} filled in; allowed are {form.allowed}")
    problems.stop()
    return found


def _take(
    row: Row,
    form: FilledForm,
    known: Collection[str],
    found: dict[tuple[str, str], FilledCell],
    problems: Problems,
) -> bool:
    """Return whether a row is filled in, which is noted."""
    columns = ("item", form.person, form.column, form.note)
    item, person, said, note = (bare(row.cells.get(column)) for column in columns)
    if (item or said) and item not in known:
        near = did_you_mean(item, known) if len(known) <= 2000 else ""
        problems.add(row.place, f"item {item!r} is not among those drawn{near}")
    if not said:
        return False
    value, person = form.read(said), person or "1"
    if value is None:
        near = did_you_mean(said.casefold(), form.words)
        allowed = f"allowed are {form.allowed}, or nothing where it is not done{near}"
        problems.add(row.place, f"{form.column} {said!r}: {allowed}")
        return True
    first = found.setdefault((item, person), FilledCell(value, note, row.place))
    if first.value != value:
        told = f"{form.person} {person!r} gives item {item} {value}"
        problems.add(row.place, f"{told}, and {first.value} at {first.place}; keep one")
    return True
