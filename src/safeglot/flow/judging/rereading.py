"""A judge that reads in another way and asks what it asked before: its stored replies are read again."""

from __future__ import annotations

from itertools import islice

from safeglot.backends.engine.items import ROWS, Items
from safeglot.backends.store.plan import replies_of_verdicts
from safeglot.backends.store.records import verdict_row
from safeglot.backends.store.store import Store
from safeglot.types import JudgeStep

_PARTS = 4
"""Of the id of a judge that asks a model: family, reading, mode, and a hash of what it asks; norms follow."""


def asks_the_same(old_id: str, new_id: str) -> bool:
    """Return whether judges of these ids differ in the reading of replies alone (`Judge.id`)."""
    old, new = old_id.split(":"), new_id.split(":")
    return len(old) == len(new) >= _PARTS and [*old[:1], *old[2:]] == [*new[:1], *new[2:]]


def read_again(store: Store, judge: JudgeStep, reference: str) -> None:
    """Replace a judge's verdicts by its reading of the same replies; what has none is judged anew."""
    step = store.step("judge", judge.name, judge.id, judge.mode)
    items, rest = Items(store, reference=reference), iter(list(replies_of_verdicts(store, step)))
    store.drop_verdicts(judge.name)
    while chunk := dict(islice(rest, ROWS)):
        rows = []
        for number, answer in items.answers(chunk):
            n = len(judge.ask(answer))
            replies = store.replies(chunk[number], n)
            if len(replies) == n:
                verdict = judge.read(answer, replies)
                rows.append(verdict_row(number, step, verdict, chunk[number]))
        store.write("verdicts", rows)
