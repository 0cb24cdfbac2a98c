import sqlite3

import pytest

from safeglot.backends.store import schema
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


def old(path, version):
    """A database as the version of the schema before the last `version` steps left it."""
    db = sqlite3.connect(path)
    steps = {
        number: schema.FIRST + schema.UPGRADES[1].removesuffix(schema.UPGRADES[number])
        for number in (1, 2, 3)
    }
    db.executescript(steps[version])
    values = ("k", "p", "de", "text", "mt", "{}", "[]", 1, "", "gated", "")[: 8 + version]
    db.execute(f"INSERT INTO translations VALUES({','.join('?' * len(values))})", values)
    db.execute(f"PRAGMA user_version={version}")
    db.commit()
    db.close()


@pytest.mark.parametrize(("version", "arm"), [(1, "main"), (2, "gated"), (3, "gated")])
def test_older_databases_become_the_present_one_and_keep_their_rows(tmp_path, new, version, arm):
    path = tmp_path / "old.db"
    old(path, version)
    opened = Store(path)
    assert list(opened.rows("SELECT key, arm, variant FROM translations")) == [("k", arm, "")]
    assert list(opened.rows("PRAGMA user_version")) == [(schema.SCHEMA_VERSION,)]
    opened.close()
    assert columns_of(path) == new


def test_a_row_of_each_table_has_a_place_for_each_column(new):
    for name, statement in schema.INSERT.items():
        if name in new:
            assert statement.count("?") == len(new[name]), name


def test_what_can_be_cleared_are_tables_that_can_be_made_anew(new):
    assert set(schema.EMPTY) == {"traits", "draws", "labels"} <= set(new)


@pytest.mark.parametrize(
    ("table", "stays"), [("replies", "first"), ("translations", "first"), ("labels", "second")]
)
def test_a_second_row_under_a_key_is_kept_out_or_taken(store, table, stays):
    rows = {
        "replies": lambda text: ("k", text, "stop", None, None, None, "", None, "", 0),
        "translations": lambda text: ("k", "p", "de", text, "", "{}", "[]", 1, "", "main", ""),
        "labels": lambda text: ("k", "1", text, ""),
    }
    column = "label" if table == "labels" else "text"
    for text in ("first", "second"):
        store.write(table, [rows[table](text)])
    assert list(store.rows(f"SELECT {column} FROM {table}")) == [(stays,)]
