"""What a run may ask for once more, as those who try again need it; and the prompts that belong to texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from safeglot.backends.store.records import prompt_of
from safeglot.backends.store.store import Store
from safeglot.types import Prompt

Try: TypeAlias = tuple[str, str, int, int]
"""(stage, name of the step, number of the text or answer, sample)."""

_FAILED = "SELECT stage, by, work, sample FROM failures WHERE work IS NOT NULL"
_THOUGHTS = """
SELECT COUNT(*) FILTER (WHERE kind = 'thought_only'), COUNT(*) FILTER (WHERE kind <> 'thought_only')
FROM failures WHERE stage = 'generate' AND by = ?
"""
_OLD = "SELECT EXISTS(SELECT 1 FROM steps WHERE stage = 'upgrade')"
_PROMPTS = """
SELECT p.id, p.text, p.language, p.categories, p.source, p.kind
FROM json_each(?) x CROSS JOIN prompts p ON p.id = x.value
"""


def failed_tries(store: Store, *, final: bool) -> set[Try]:
    """Return what failed in a way that another try may mend; with `final` all that failed."""
    return set(store.rows(_FAILED if final else f"{_FAILED} AND transient = 1"))


def count_thoughts_only(store: Store, name: str) -> tuple[int, int]:
    """Return how many replies of a target held a thought only, and how many failed of anything else."""
    return next(iter(store.rows(_THOUGHTS, (name,))))


def is_keyed(store: Store) -> bool:
    """Return whether an earlier version kept the judges' replies, under the keys of their requests."""
    return store.holds(_OLD)


def prompts_by_id(store: Store, ids: Iterable[str]) -> dict[str, Prompt]:
    """Return the prompts of some ids."""
    rows = store.rows(_PROMPTS, (json.dumps(list(ids)),))
    return {row[0]: prompt_of(row) for row in rows}


def forget_reply(store: Store, key: str) -> None:
    """Forget a reply, so that the next one takes its place."""
    store.write("forgotten_replies", [(key,)])


def count_momentary(store: Store, stages: Sequence[str]) -> int:
    """Return how many requests of some stages failed in a way that another try may mend."""
    marks = ",".join("?" * len(stages))
    query = f"SELECT COUNT(*) FROM failures WHERE transient = 1 AND stage IN ({marks})"  # noqa: S608 - only marks
    return store.count(query, stages)
