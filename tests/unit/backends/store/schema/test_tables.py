import sqlite3

import pytest

from safeglot.backends.store.schema import tables as schema
from safeglot.backends.store.store import Store


def columns_of(path):
    db = sqlite3.connect(path)
    try:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]  # fmt: skip
        return {name: [row[1:4] for row in db.execute(f"PRAGMA table_info({name})")] for name in names}  # fmt: skip
    finally:
        db.close()


@pytest.fixture
def new(tmp_path):
    Store(tmp_path / "new.db").close()
    return columns_of(tmp_path / "new.db")


def test_a_row_of_each_table_has_a_place_for_each_column(new):
    for name, statement in schema.INSERT.items():
        if name in new:
            first = int(name in schema.UNNUMBERED)
            assert statement.count("?") == len(new[name]) - first, name


def test_what_can_be_cleared_are_tables_that_can_be_made_anew(new):
    assert set(schema.EMPTY) == {"traits", "draws", "labels"} <= set(new)


@pytest.mark.parametrize(
    ("table", "stays"), [("replies", "first"), ("translations", "first"), ("labels", "second")]
)
def test_a_second_row_under_a_key_is_kept_out_or_taken(store, table, stays):
    rows = {
        "replies": lambda text: (len(text), "k", text, "stop", None, None, None, "", None, "", 0),
        "translations": lambda text: ("k", "p", "de", text, "", "{}", "[]", 1, "", "main", ""),
        "labels": lambda text: (1, "1", text, ""),
    }
    column = "label" if table == "labels" else "text"
    for text in ("first", "second"):
        store.write(table, [rows[table](text)])
    assert list(store.rows(f"SELECT {column} FROM {table}")) == [(stays,)]
