"""Tables of facts that a user gives: CSV with a header, or TOML with a table per name."""

from __future__ import annotations

import csv
import io
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safeglot.backends.files import rundir
from safeglot.config.checks import nearest
from safeglot.errors import InputErrors, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One row: where it stands, and its fields as text."""

    where: str
    fields: Mapping[str, str]


def read_rows(path: Path, *, flag: str, key: str) -> list[FactRow]:
    """Return the rows of a CSV or TOML file; a TOML table's name is its `key`. Raises: UsageError."""
    text = rundir.read_text(path, f"{flag}: give a CSV or TOML file")
    if path.suffix.lower() == ".toml":
        return _toml(path, text, key)
    if path.suffix.lower() not in (".csv", ".tsv"):
        raise UsageError(f"{flag}: {path} is neither .csv, .tsv nor .toml. Give one of these.")
    return _csv(path, text)


def _toml(path: Path, text: str, key: str) -> list[FactRow]:
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML ({error}). Correct it.") from None
    rows = []
    for name, table in whole.items():
        if not isinstance(table, dict):
            raise UsageError(
                f"{path}: {name} is no table. Write [{name!r}] with its facts below, one a line."
            )
        fields = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in table.items()}
        rows.append(FactRow(where=f"{path}, [{name}]", fields={key: name, **fields}))
    return rows


def _csv(path: Path, text: str) -> list[FactRow]:
    dialect = "excel-tab" if path.suffix.lower() == ".tsv" else "excel"
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), dialect=dialect)
    rows, wrong = [], []
    for fields in reader:
        where = f"{path}:{reader.line_num}"
        if None in fields or None in fields.values():
            n = len(reader.fieldnames or ())
            wrong.append(f"{where}: not {n} fields, as the header has. Correct the row.")
            continue
        rows.append(FactRow(where=where, fields={k.strip(): v.strip() for k, v in fields.items()}))
    if wrong:
        raise InputErrors(wrong)
    if not rows:
        raise UsageError(f"{path}: has no rows. Give a header and a row for each name.")
    return rows


def check_columns(
    rows: Sequence[FactRow], needed: Sequence[str], allowed: Sequence[str] | None, *, flag: str
) -> None:
    """Check which columns there are. Raises: InputErrors with each fault."""
    wrong = []
    for row in rows[:1]:
        wrong += [
            f"{flag}: {row.where}: has no {name}. Columns needed: {', '.join(needed)}."
            for name in needed
            if name not in row.fields
        ]
        wrong += [
            f"{flag}: {row.where}: unknown column {name!r}.{nearest(name, allowed or ())} "
            f"Allowed: {', '.join(allowed or ())}."
            for name in row.fields
            if allowed is not None and name not in allowed
        ]
    if wrong:
        raise InputErrors(wrong)


def number_of(text: str) -> float | None:
    """Return a finite number, None where the text holds none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
