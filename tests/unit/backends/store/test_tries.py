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
