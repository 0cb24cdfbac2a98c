from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from example.job import judged
from safeglot.backends.store.ranges import check_ranges
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return judged(tmp_path_factory.mktemp("ranges") / "run")[0].database


@pytest.fixture
def file(tmp_path, original):
    copy = tmp_path / "safeglot.db"
    copy.write_bytes(original.read_bytes())
    return copy


def checked(file) -> None:
    for read_only in (False, True):
        with closing(Store(file, read_only=read_only)) as store:
            check_ranges(store)


def test_what_a_run_wrote_is_as_it_should_be(file):
    checked(file)


ADDED = {
    "traits": "INSERT INTO traits VALUES(1, 1, NULL, NULL, NULL, 0, NULL)",
    "cosines": "INSERT INTO cosines VALUES(1, 1, 0.5)",
    "draws": "INSERT INTO draws VALUES(1, 'j', 'en', 's', 1, 'simple')",
    "labels": "INSERT INTO labels VALUES(1, 'a', 'safe', '')",
    "failures": "INSERT INTO failures VALUES('generate', 'k', 'p', 'm', 0, 'x', '', 1, 0, '', '', 1)",
}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("verdicts", "unsafe", "7"), ("verdicts", "unsafe", "-1"), ("verdicts", "unsafe_loose", "2"),
        ("verdicts", "refusal", "9223372036854775807"), ("verdicts", "p_unsafe", "3"),
        ("verdicts", "p_unsafe", "-0.1"), ("verdicts", "p_unsafe", "1e400"),
        ("verdicts", "response_class", "'fine'"), ("steps", "mode", "'other'"),
        ("replies", "n_tokens", "-1"), ("replies", "n_prompt_tokens", "-1"),
        ("replies", "n_thought_tokens", "-5"), ("replies", "refused", "2"),
        ("responses", "sample", "-1"), ("responses", "sample", "1000000000000"),
        ("translations", "arm", "'other'"), ("translations", "kept", "2"),
        ("translations", "language", "'xyzzy'"), ("translations", "language", "''"),
        ("prompts", "kind", "'benign '"), ("prompts", "position", "-1"),
        ("prompts", "language", "'<b>'"), ("draws", "language", "'qq'"), ("draws", "wanted", "-1"),
        ("failures", "attempts", "-1"), ("failures", "transient", "2"), ("failures", "sample", "-1"),
        ("responses", "translation", "'x'"), ("responses", "step", "0.5"), ("responses", "reply", "''"),
        ("verdicts", "response", "'x'"), ("verdicts", "step", "'x'"), ("verdicts", "reply", "'x'"),
        ("failures", "work", "'x'"), ("labels", "response", "'x'"),
        ("traits", "truncated", "2"), ("cosines", "cosine", "1.5"), ("labels", "label", "'perhaps'"),
    ],
)  # fmt: skip
def test_a_value_out_of_its_range_is_named(file, table, column, value):
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        if table in ADDED:
            db.execute(ADDED[table])
            checked(file)
        key = db.execute(f"SELECT rowid FROM {table}" if table == "replies" else
                         f"SELECT * FROM {table}").fetchone()[0]  # fmt: skip
        first = "rowid" if table == "replies" else db.execute(
            f"SELECT name FROM pragma_table_info('{table}')"
        ).fetchone()[0]  # fmt: skip
        assert db.execute(
            f"UPDATE {table} SET {column} = {value} WHERE {first} = ?", (key,)
        ).rowcount
    with pytest.raises(UsageError, match=rf"its table {table} holds .* as {column}.*another --out"):
        checked(file)


def test_a_run_cut_off_before_its_first_row_has_none_that_are_wrong(tmp_path):
    with closing(Store(tmp_path / "safeglot.db")) as store:
        check_ranges(store)
