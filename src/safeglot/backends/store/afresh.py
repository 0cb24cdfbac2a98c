"""What a run may ask for once more: empty answers, unread verdicts, failures that may pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safeglot.backends.store.store import Store

_SHORT = 256
"""Characters up to which a text may be blank; SQLite knows spaces only, Python all of them."""
_SHORT_ANSWERS = """
SELECT r.key, p.text FROM responses r JOIN replies p ON p.key = r.reply
JOIN translations t ON t.key = r.translation
WHERE LENGTH(p.text) <= ? AND t.arm NOT IN ('backtranslate', 'reverse') AND NOT p.refused
AND r.key NOT IN (SELECT response FROM labels) AND r.key NOT IN (SELECT response FROM draws)
"""
_UNREAD = "SELECT key FROM verdicts WHERE unsafe IS NULL AND reason <> 'empty'"


def empty_answers(store: Store) -> set[str]:
    """Return the keys of the answers without a text, but for those that people were given to label."""
    return {key for key, text in store.rows(_SHORT_ANSWERS, (_SHORT,)) if not text.strip()}


def unread_verdicts(store: Store) -> set[str]:
    """Return the keys of the verdicts that could not be read from a judge's reply."""
    return {key for (key,) in store.rows(_UNREAD)}


def forget_answer(store: Store, key: str) -> None:
    """Forget an answer with all that was said of it."""
    store.write("forgotten_responses", [(key,)])
    store.write("forgotten_verdicts_of", [(key,)])
    store.write("forgotten_traits", [(key,)])
    store.write("forgotten_failures_of", [(key,)])


def forget_verdict(store: Store, key: str) -> None:
    """Forget a verdict."""
    store.write("forgotten_verdicts", [(key,)])


def forget_reply(store: Store, key: str) -> None:
    """Forget a reply, so that the next one takes its place."""
    store.write("forgotten_replies", [(key,)])


def count_momentary(store: Store, stages: Sequence[str]) -> int:
    """Return how many requests of some stages failed in a way that another try may mend."""
    marks = ",".join("?" * len(stages))
    query = f"SELECT COUNT(*) FROM failures WHERE transient = 1 AND stage IN ({marks})"  # noqa: S608 - only marks
    return store.count(query, stages)
