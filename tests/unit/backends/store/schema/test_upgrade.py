"""Databases of earlier versions, which joined everything by content keys."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from safeglot.backends.store.schema import upgrade
from safeglot.backends.store.schema.old_tables import OLD_TABLES
from safeglot.backends.store.schema.shape import shape_of
from safeglot.backends.store.schema.tables import SCHEMA_VERSION
from safeglot.backends.store.store import Store
from safeglot.errors import Stopped, UsageError

REPLIES = {
    "plain": ("[answer]\n", "[answer]\n", ""),
    "block": ("<think>\n[thought]\n</think>\n\n[answer]", "[answer]", "[thought]"),
    "lone": ("[thought]\n</think>\n[answer]", "[answer]", "[thought]"),
    "other maker": ("[THINK][thought][/THINK][answer]", "[answer]", "[thought]"),
    "channels": ("analysis[thought]assistantfinal[answer]", "[answer]", "[thought]"),
    "cut": ("<think>\n[thought", "", "[thought"),
    "empty": ("<think>\n\n</think>\n\n[answer]", "[answer]", ""),
    "quoted": ("The mark `</think>` ends a thought.", "The mark `</think>` ends a thought.", ""),
    "none": ("", "", ""),
}

ROWS = {
    "prompts": [("p2", 0, "ask 2", "en", "[]", "s", "harmful"), ("p1", 1, "ask 1", "en", "[]", "s", "harmful")],
    "translations": [
        ("t-gated", "p2", "de", "[gated]", "mt", "{}", "[]", 0, "quality", "gated", ""),
        ("t-of-none", "gone", "de", "[text]", "mt", "{}", "[]", 1, "", "main", ""),
        ("t1-de", "p1", "de", "[text]", "mt", '{"q":1}', "[]", 1, "", "main", ""),
        ("t1-en", "p1", "en", "[text]", "given", "{}", "[]", 1, "", "main", ""),
        ("t2-de", "p2", "de", "[text]", "mt", "{}", "[]", 1, "", "main", ""),
    ],
    "replies": [
        (f"reply{i}", f"[answer {i}]", "stop", 3, 9, None, "", None, "", 0) for i in range(4)
    ],
    "responses": [
        ("a", "t1-de", "m", 0, "reply3"), ("b", "t2-de", "m", 1, "reply0"), ("c", "t2-de", "m", 0, "reply1"),
        ("d", "t2-de", "k", 0, "reply1"), ("of no text", "t", "m", 0, "reply1"),
        ("of no reply", "t1-en", "m", 0, "reply"), ("zz", "t1-de", "m", 0, "reply2"),
    ],
    "verdicts": [
        ("v1", "a", "j", "answer", 1, 1, "unsafe", 0.9, '["S1"]', 0, "UC", "because", ""),
        ("v2", "d", "j", "answer", None, None, "", None, "[]", None, None, "", "unparsable"),
        ("v3", "d", "i", "prompt+answer", 0, 1, "", None, "[]", None, None, "", ""),
        ("v4", "of nothing", "j", "answer", 0, 0, "", None, "[]", None, None, "", ""),
        ("v5", "a", "j", "answer", 1, 1, "a second one", None, "[]", 0, "UC", "", ""),
    ],
    "failures": [
        ("generate", "f1", "t1-en", "m", 0, "timeout", "why", 4, 1, "part", "thought"),
        ("generate", "f2", "of none", "m", 0, "timeout", "why", 4, 1, "", ""),
        ("judge", "f3", "b", "j", 1, "timeout", "why", 4, 0, "", ""),
        ("judge", "f4", "b", "j", 1, "timeout", "of another id", 4, 0, "", ""),
        ("translate", "f5", "p1", "sw", 0, "copied", "why", 1, 0, "", ""),
    ],
    "traits": [("a", 7, None, "de", 0.5, 0, None), ("of nothing", 7, None, "de", 0.5, 0, None)],
    "draws": [("c", "j", "de", "judged safe", 2, "two-phase"), ("of nothing", "j", "de", "s", 1, "simple")],
    "labels": [("c", "2", "safe", "note"), ("c", "1", "unsafe", ""), ("of nothing", "1", "safe", "")],
}  # fmt: skip
"""What a version 4 holds; earlier ones lack the last columns and tables."""
LACKING = {"traits": 2, "draws": 2, "labels": 2}
"""The version that a table came with."""


def old(path, version, rows=None):
    """A database of an older version."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(OLD_TABLES[version])
        for table, given in (rows or ROWS).items():
            width = len(db.execute(f"PRAGMA table_info({table})").fetchall())
            for row in given if width else ():
                db.execute(f"INSERT INTO {table} VALUES({','.join('?' * width)})", row[:width])
        db.execute(f"PRAGMA user_version={version}")
        db.commit()
    return path


def thinking(path, version):
    """One that holds thoughts within its replies."""
    replies = [(key, text, "stop", 3, 3, None) for key, (text, *_) in REPLIES.items()]
    return old(path, version, {"replies": replies})


def rows(store, query):
    return list(store.rows(query))


def texts(store):
    return {key: (reply.text, reply.thought) for key in store.keys("replies") if (reply := store.reply(key))}  # fmt: skip


@pytest.mark.parametrize("version", OLD_TABLES)
def test_each_version_becomes_the_present_one(tmp_path, version):
    with (
        closing(Store(old(tmp_path / "old.db", version))) as store,
        closing(Store.in_memory()) as new,
    ):
        assert shape_of(store._db) == shape_of(new._db)
        assert rows(store, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
        assert store.damage() == ""
        arm = "main" if version == 1 else "gated"
        assert ("t-gated", arm, "") in rows(store, "SELECT key, arm, variant FROM translations")
        assert {key for (key,) in rows(store, "SELECT key FROM keyed")} == {"a", "b", "c", "d"}
        assert store.count("SELECT COUNT(*) FROM labels") == (
            2 if version >= LACKING["labels"] else 0
        )


GAINED = {
    5: ("cosines",),
    6: ("batches", "batch_requests"),
    7: ("looks",),
    8: ("history", "chosen"),
}
LATER = {
    version: "".join(f"DROP TABLE {name};" for later in range(version, 9) for name in GAINED[later])
    for version in GAINED
}
"""Version -> what the present one has more."""


@pytest.mark.parametrize("version", LATER)
def test_later_versions_gain_tables_and_keep_their_rows(tmp_path, version):
    path = tmp_path / "run.db"
    Store(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(LATER[version])
        db.execute("INSERT INTO labels VALUES(1, 'me', 'safe', '')")
        db.execute(f"PRAGMA user_version={version}")
        db.commit()
    with closing(Store(path)) as store, closing(Store.in_memory()) as new:
        assert shape_of(store._db) == shape_of(new._db)
        assert rows(store, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
        assert rows(store, "SELECT annotator FROM labels") == [("me",)]
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"{LATER[version]} CREATE TABLE more(a); PRAGMA user_version={version};")
    with pytest.raises(UsageError, match="a table more"):
        Store(path)


@pytest.fixture
def store(tmp_path):
    with closing(Store(old(tmp_path / "old.db", 4))) as opened:
        yield opened


def test_texts_are_numbered_in_the_order_of_the_prompts_the_main_arm_first(store):
    keys = [key for (key,) in rows(store, "SELECT key FROM translations ORDER BY id")]
    assert keys == ["t2-de", "t1-de", "t1-en", "t-of-none", "t-gated"]
    query = "SELECT prompt, language, text, translator, quality, kept FROM translations WHERE key = 't1-de'"
    assert rows(store, query) == [("p1", "de", "[text]", "mt", '{"q":1}', 1)]


def test_answers_keep_their_keys_and_are_numbered_in_the_order_of_the_texts(store):
    query = "SELECT key, translation, model, sample, text FROM answers"
    assert rows(store, query) == [
        ("d", "t2-de", "k", 0, "[answer 1]"), ("c", "t2-de", "m", 0, "[answer 1]"),
        ("b", "t2-de", "m", 1, "[answer 0]"), ("a", "t1-de", "m", 0, "[answer 3]"),
    ]  # fmt: skip
    assert rows(store, "SELECT id, key FROM replies") == [(i + 1, f"reply{i}") for i in range(4)]


def test_verdicts_belong_to_steps(store):
    query = """SELECT k.key, s.name, s.mode, s.key, v.unsafe, v.unsafe_loose, v.label, v.reason
               FROM verdicts v JOIN keyed k ON k.id = v.response JOIN steps s ON s.id = v.step
               WHERE s.stage = 'judge' ORDER BY 1, 2"""
    assert rows(store, query) == [
        ("a", "j", "answer", "", 1, 1, "a second one", ""),
        ("d", "i", "prompt+answer", "", 0, 1, "", ""), ("d", "j", "answer", "", None, None, "", "unparsable"),
    ]  # fmt: skip
    ((reply,),) = rows(store, "SELECT DISTINCT reply FROM verdicts")
    assert reply is None


def test_failures_know_their_texts_and_answers_one_of_each_work(store):
    query = """SELECT f.stage, f.key, f.text, t.key, k.key FROM failures f
               LEFT JOIN translations t ON f.stage = 'generate' AND t.id = f.work
               LEFT JOIN keyed k ON f.stage = 'judge' AND k.id = f.work ORDER BY 2"""
    assert rows(store, query) == [
        ("generate", "f1", "part", "t1-en", None), ("generate", "f2", "", None, None),
        ("judge", "f3", "", None, "b"), ("judge", "f4", "", None, None), ("translate", "f5", "", None, None),
    ]  # fmt: skip


def test_checks_draws_and_labels_follow_their_answers(store):
    for table, expected in (
        ("traits", [("a", 7, "de")]), ("draws", [("c", 2, "two-phase")]),
        ("labels", [("c", "1", "unsafe"), ("c", "2", "safe")]),
    ):  # fmt: skip
        columns = {
            "traits": "version, x.language",
            "draws": "wanted, x.design",
            "labels": "annotator, x.label",
        }
        query = f"SELECT k.key, x.{columns[table]} FROM {table} x JOIN keyed k ON k.id = x.response ORDER BY 2"
        assert rows(store, query) == expected
        assert store.count(f"SELECT COUNT(*) FROM {table}") == len(expected)


def test_the_order_of_the_old_rows_decides_nothing(tmp_path):
    turned = {table: given[::-1] for table, given in ROWS.items() if table != "replies"}
    made = []
    for name, given in (("a.db", ROWS), ("b.db", turned | {"replies": ROWS["replies"]})):
        with closing(Store(old(tmp_path / name, 4, given))) as store:
            made.append([rows(store, f"SELECT * FROM {t} ORDER BY 1, 2") for t in (*ROWS, "steps")])
    assert made[0] == made[1]


def test_verdicts_that_contradict_each_other_are_told(tmp_path):
    path = tmp_path / "old.db"
    again = ("v9", "a", "j", "answer", 0, 0, "", None, "[]", None, None, "", "")
    old(path, 4, ROWS | {"verdicts": [*ROWS["verdicts"], again]})
    with pytest.raises(UsageError, match="two verdicts of 'j' on one answer"):
        Store(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (4,)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE verdicts", f"CREATE VIEW verdicts AS {ENDLESS}"],
        ["DROP VIEW answers", f"CREATE VIEW answers AS {ENDLESS}"],
        ["CREATE TRIGGER t AFTER INSERT ON replies BEGIN DELETE FROM replies; END"],
        ["ALTER TABLE responses RENAME COLUMN reply TO said"],
        ["DROP TABLE translations"],
    ],
)
def test_tables_of_others_are_not_read(tmp_path, statements):
    path = old(tmp_path / "old.db", 4)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)
    with pytest.raises(UsageError, match="not a safeglot database"):
        Store(path)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_thoughts_are_split_off(tmp_path, version, monkeypatch):
    monkeypatch.setattr(upgrade, "_ROWS", 2)
    with closing(Store(thinking(tmp_path / "old.db", version))) as store:
        assert texts(store) == {key: (text, thought) for key, (_, text, thought) in REPLIES.items()}


def test_one_of_the_present_version_is_left_as_it_is(tmp_path):
    store = Store(tmp_path / "new.db")
    row = (
        1,
        "k",
        "<think>\n[thought]\n</think>\n[answer]",
        "stop",
        None,
        None,
        None,
        "",
        None,
        "",
        0,
    )
    store.write("replies", [row])
    store.close()
    store = Store(tmp_path / "new.db")
    assert texts(store) == {"k": (row[2], "")}
    store.close()


def test_one_that_is_cut_off_meanwhile_is_as_it_was_and_can_be_tried_again(tmp_path, monkeypatch):
    path = thinking(tmp_path / "old.db", 3)

    def cut(_text):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(upgrade, "split", cut)
        with pytest.raises(KeyboardInterrupt):
            Store(path)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (3,)
    assert len(db.execute("PRAGMA table_info(replies)").fetchall()) == 6
    db.close()
    store = Store(path)
    assert texts(store)["block"] == ("[answer]", "[thought]")
    store.close()


def test_without_room_it_is_as_it_was(tmp_path, monkeypatch):
    path = old(tmp_path / "old.db", 4)
    with monkeypatch.context() as patched:
        patched.setattr(upgrade, "_FILL", ["PRAGMA max_page_count = 1", *upgrade._FILL])
        with pytest.raises(Stopped, match=r"old\.db: .*full.*as it was: make room"):
            Store(path)
    with closing(Store(path)) as store:
        assert store.count("SELECT COUNT(*) FROM responses") == 4


def test_where_it_cannot_be_written_it_is_said(tmp_path):
    path = thinking(tmp_path / "old.db", 3)
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"older safeglot \(database version 3\).*Copy the run"):
        Store(path, read_only=True)
    assert path.read_bytes() == before
