"""Databases from before thoughts were kept beside the answers."""

from __future__ import annotations

import sqlite3

import pytest

from safeglot.backends.store import schema, upgrade
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError

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


def old(path, version=3, replies=REPLIES):
    """A database of an older version that holds replies, and a verdict on each."""
    db = sqlite3.connect(path)
    db.executescript(schema.FIRST + schema.UPGRADES[1].removesuffix(schema.UPGRADES[version]))
    for key, (text, *_) in replies.items():
        db.execute("INSERT INTO replies VALUES(?, ?, 'stop', 3, 3, NULL)", (key, text))
        verdict = (key, key, "judge", "answer", 1, 1, "", None, "[]", None, None, "", "")
        db.execute(f"INSERT INTO verdicts VALUES({','.join('?' * len(verdict))})", verdict)
    db.execute(f"PRAGMA user_version={version}")
    db.commit()
    db.close()


def texts(store):
    return {key: (reply.text, reply.thought) for key in store.keys("replies") if (reply := store.reply(key))}  # fmt: skip


@pytest.mark.parametrize("version", [1, 2, 3])
def test_thoughts_are_split_off_and_verdicts_stay(tmp_path, version, monkeypatch):
    monkeypatch.setattr(upgrade, "_ROWS", 2)
    old(tmp_path / "old.db", version)
    store = Store(tmp_path / "old.db")
    assert texts(store) == {key: (text, thought) for key, (_, text, thought) in REPLIES.items()}
    assert [verdict.unsafe for verdict in store.verdicts()] == [True] * len(REPLIES)
    store.close()


def test_one_of_the_present_version_is_left_as_it_is(tmp_path):
    store = Store(tmp_path / "new.db")
    row = ("k", "<think>\n[thought]\n</think>\n[answer]", "stop", None, None, None, "", None, "", 0)
    store.write("replies", [row])
    store.close()
    store = Store(tmp_path / "new.db")
    assert texts(store) == {"k": (row[1], "")}
    store.close()


def test_one_that_is_cut_off_meanwhile_is_as_it_was_and_can_be_tried_again(tmp_path, monkeypatch):
    path = tmp_path / "old.db"
    old(path)

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


def test_where_it_cannot_be_written_it_is_said(tmp_path):
    path = tmp_path / "old.db"
    old(path)
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"older safeglot \(database version 3\).*Copy the run"):
        Store(path, read_only=True)
    assert path.read_bytes() == before
