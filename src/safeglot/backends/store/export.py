"""The records of a run as files: CSV, JSONL or Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from safeglot.backends.files.links import check_folder, replaced
from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError
from safeglot.text.cells import guarded
from safeglot.types import OUTCOME_KINDS, Estimate

TABLES = named(__package__, "export.sql")

BATCH = 10_000
"""Rows of a row group: as many are in memory at a time."""

_MADE = {
    **dict.fromkeys(
        ("n", "missing", "planned", "look", "drawn", "pool", "left_out", *OUTCOME_KINDS), "INTEGER"
    ),
    **dict.fromkeys(("value", "low", "high", "level"), "REAL"),
}
"""Of the tables that are no query, the columns that hold numbers."""

Row = Mapping[str, Any]
Table = tuple[Sequence[str], Iterable[Sequence[Any]]]
"""(columns, rows)."""
Kinds = Mapping[str, str]
"""Column -> the kind that SQLite declares; one that is lacking holds text."""


def export(
    store: Store,
    estimates: Iterable[Row],
    folder: Path,
    kind: str,
    *,
    counted: Mapping[str, Table] | None = None,
) -> Iterator[tuple[Path, int]]:
    """Yield the path and number of rows of each table's file as it is written.

    `counted` are further tables by name: what was counted of the plan.

    Raises: UsageError where the folder cannot be written or an extra is lacking.
    """
    write = _WRITERS[kind]
    check_folder(folder, folder.parent)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, query in TABLES.items():
            columns, rows = store.table(query)
            path = folder / f"{name}.{kind}"
            with replaced(path) as file:
                n = write(file, columns, rows, _kinds(store, query))
            yield path, n
        measured = list(estimates)
        rows_of = (tuple(map(_cell, row.values())) for row in measured)
        made: dict[str, Table] = {
            **(counted or {}),
            "estimates": (
                tuple(measured[0] if measured else Estimate.__dataclass_fields__),
                rows_of,
            ),
        }
        for name, (heads, cells) in made.items():
            path = folder / f"{name}.{kind}"
            with replaced(path) as file:
                n = write(file, heads, cells, _MADE)
            yield path, n
    except OSError as error:
        raise UsageError(
            f"--out {folder}: {error.strerror or error}. Give a folder that can be written."
        ) from None


def _cell(value: Any) -> Any:
    return (
        json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else value
    )


def _kinds(store: Store, query: str) -> Kinds:
    """Return the kinds of a query's columns; what is computed is text."""
    list(store.rows(f"CREATE TEMP VIEW exported AS {query}"))
    kinds = {column[1]: column[2] for column in store.rows("PRAGMA temp.table_info(exported)")}
    list(store.rows("DROP VIEW temp.exported"))
    return kinds


def _csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], _: Kinds) -> int:
    n = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(guarded, columns))
        for row in rows:
            writer.writerow([guarded(x) if isinstance(x, str) else x for x in row])
            n += 1
    return n


def _jsonl(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], _: Kinds) -> int:
    n = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
            n += 1
    return n


def _parquet(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], kinds: Kinds
) -> int:
    # by row groups, of types that are known before the rows: every run has the same
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError(
            "--format parquet needs pyarrow: pip install 'safeglot[parquet]', or use csv or jsonl."
        ) from None
    types = {"INTEGER": pa.int64(), "REAL": pa.float64()}
    schema = pa.schema([(c, types.get(kinds.get(c, ""), pa.string())) for c in columns])
    rows, n = iter(rows), 0
    try:
        with pq.ParquetWriter(path, schema) as writer:
            while chunk := list(islice(rows, BATCH)):
                cells = map(pa.array, zip(*chunk, strict=True), schema.types)
                writer.write_batch(pa.record_batch(list(cells), schema=schema))
                n += len(chunk)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UsageError(
            f"{path.name.split('.')[1]}: a value does not fit its column ({error}). The database was "
            "changed by another program; give --format csv or jsonl."
        ) from None
    return n


_WRITERS: dict[str, Callable[[Path, Sequence[str], Iterable[Sequence[Any]], Kinds], int]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
