from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from example.job import judged
from safeglot.backends.store import store as stores
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.fixture
def file(tmp_path):
    return judged(tmp_path / "run")[0].database


def altered(file, *statements):
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (["DROP TABLE labels"], "no table labels"),
        (["CREATE TABLE more(a)"], "a table more"),
        (["DROP VIEW answers", f"CREATE VIEW answers AS {ENDLESS}"], "its answers is another one"),
        (["DROP TABLE traits", f"CREATE VIEW traits AS {ENDLESS}"], "its traits is another one"),
        (["CREATE TRIGGER t AFTER INSERT ON labels BEGIN DELETE FROM labels; END"], "a trigger t"),
        (["ALTER TABLE verdicts RENAME COLUMN unsafe TO safe"], "its verdicts is another one"),
        (["ALTER TABLE verdicts ADD COLUMN more"], "its verdicts is another one"),
        (
            ["DROP INDEX responses_of", "CREATE INDEX responses_of ON responses(step)"],
            "its responses_of is another one",
        ),
        (["CREATE INDEX i ON verdicts(step)"], "a index i"),
    ],
)
def test_only_our_own_tables_are_read(file, statements, fault):
    altered(file, *statements)
    for read_only in (False, True):
        with pytest.raises(UsageError, match=f"not a safeglot database.*{fault}"):
            Store(file, read_only=read_only)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE prompts SET text = x'00'", "prompts holds .* as text"),
        ("UPDATE verdicts SET unsafe = 'yes'", "verdicts holds 'yes' as unsafe"),
        ("UPDATE verdicts SET codes = 'S1'", "verdicts holds 'S1' as codes"),
        ("UPDATE prompts SET categories = '{}'", "prompts holds '{}' as categories"),
        ("UPDATE translations SET quality = '[]'", "translations holds '\\[\\]' as quality"),
        ("UPDATE responses SET sample = 0.5", "responses holds 0.5 as sample"),
    ],
)
def test_a_value_that_we_would_not_have_written_is_named(file, statement, fault):
    with closing(Store(file)) as store:
        assert store.damage() == ""
    altered(file, statement)
    with closing(Store(file)) as store:
        assert re.search(fault, store.damage())


def test_a_query_without_an_end_is_given_up(file, monkeypatch):
    monkeypatch.setattr(stores, "QUERY_S", 0.05)
    with (
        closing(Store(file)) as store,
        pytest.raises(sqlite3.OperationalError, match="interrupted"),
    ):
        store.count(f"SELECT COUNT(*) FROM ({ENDLESS})")
