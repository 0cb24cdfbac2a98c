"""What a run may ask for once more: replies that were of no use, failures that may pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safeglot.backends.store.store import Store


def forget_reply(store: Store, key: str) -> None:
    """Forget a reply, so that the next one takes its place."""
    store.write("forgotten_replies", [(key,)])


def count_momentary(store: Store, stages: Sequence[str]) -> int:
    """Return how many requests of some stages failed in a way that another try may mend."""
    marks = ",".join("?" * len(stages))
    query = f"SELECT COUNT(*) FROM failures WHERE transient = 1 AND stage IN ({marks})"  # noqa: S608 - only marks
    return store.count(query, stages)
