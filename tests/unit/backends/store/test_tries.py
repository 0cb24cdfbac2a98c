from __future__ import annotations

from safeglot.backends.store import tries


def test_only_failures_that_may_pass_are_counted(store):
    rows = [
        ("generate", kind, "p", "m", 0, kind, "", 1, passing, "", "", None)
        for kind, passing in (("timeout", 1), ("blocked", 0))
    ]
    store.write("failures", rows)
    assert tries.count_momentary(store, ["generate", "judge"]) == 1
    assert tries.count_momentary(store, ["judge"]) == 0
    assert tries.count_momentary(store, []) == 0


def test_a_reply_that_is_forgotten_makes_room_for_the_next(store):
    row = ("k", "[answer]", "stop", None, None, None, "", None, "", 0)
    store.write("replies", [(1, *row)])
    tries.forget_reply(store, "k")
    assert store.reply("k") is None


def test_a_batch_is_open_until_all_its_replies_are_stored(store):
    batch = tries.begin_batch(store, "m", "http://a", ["x" * 32, "y" * 32])
    assert tries.open_batches(store) == [batch]
    tries.note_ticket(store, batch.id, "batch_1")
    store.write("forgotten_batch_requests", [("x" * 32,)])
    (left,) = tries.open_batches(store)
    assert (left.ticket, left.requests, left.left) == ("batch_1", 2, 1)
    assert tries.batch_keys(store, batch.id) == ["y" * 32]
    tries.note_end(store, batch.id, "ended")
    assert [b.id for b in tries.open_batches(store)] == [batch.id]
    tries.note_end(store, batch.id, "gone")
    assert tries.open_batches(store) == []
    assert list(store.rows("SELECT state, requests FROM batches")) == [("gone", 2)]
