"""Reading what the checks of answers found, and which answers are to be checked still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from safeglot.backends.store.store import Store


_LACKS = "NOT EXISTS (SELECT 1 FROM traits x WHERE x.response = r.id AND x.version = ?)"
_COUNT = f"""
SELECT COUNT(*) FROM responses r
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main' WHERE {_LACKS}
"""  # noqa: S608 - our own text
_UNCHECKED = f"""
SELECT r.id, p.text, t.text, t.language, p.finish_reason, p.thought
FROM responses r CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main'
CROSS JOIN replies p ON p.id = r.reply
WHERE {_LACKS} AND r.id > ? ORDER BY r.id LIMIT ?
"""  # noqa: S608 - as above
_TRAITS = """
SELECT response, invalid, ifnull(language = ?, -1), truncated
FROM traits WHERE version = ? ORDER BY response
"""


_HAS_THOUGHTS = "SELECT EXISTS(SELECT 1 FROM traits WHERE thought_language IS NOT NULL)"
_THOUGHTS = """
SELECT s.name, t.language, t.prompt, x.thought_language, COUNT(*)
FROM traits x CROSS JOIN responses r ON r.id = x.response
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main' CROSS JOIN steps s ON s.id = r.step
WHERE x.version = ? GROUP BY 1, 2, 3, 4
"""


class ThoughtCount(NamedTuple):
    """How many answers to a prompt came with a thought in a language; None: with none."""

    model: str
    language: str
    prompt: str
    thought_language: str | None
    n: int


class TraitColumns(NamedTuple):
    """What the checks found of many answers, a column each."""

    response: Sequence[int]
    invalid: Sequence[str | None]
    """Why an answer is invalid."""
    in_language: Sequence[int]
    """Whether it is written in the language that was named, -1 where that is not known."""
    truncated: Sequence[int]


def count_unchecked(store: Store, version: int) -> int:
    """Return the number of main answers that this version of the checks has not seen."""
    return store.count(_COUNT, (version,))


def unchecked(store: Store, version: int, most: int) -> Iterator[tuple[Sequence[Any], ...]]:
    """Yield the answers to be checked, so many at a time, as columns.

    Columns: number, answer, text that was asked, its language, finish reason, thought. What is checked may be
    written meanwhile.
    """
    last = 0
    while rows := list(store.rows(_UNCHECKED, (version, last, most))):
        last = rows[-1][0]
        yield tuple(zip(*rows, strict=True))


def trait_columns(store: Store, version: int, language: str) -> Iterator[TraitColumns]:
    """Yield what the checks found, many rows at a time, in the order of the answers' numbers."""
    yield from map(TraitColumns._make, store.columns(_TRAITS, (language, version)))


def thought_counts(store: Store, version: int) -> list[ThoughtCount]:
    """Return the main answers with and without a thought; none where no answer has any."""
    if not store.holds(_HAS_THOUGHTS):
        return []
    return list(map(ThoughtCount._make, store.rows(_THOUGHTS, (version,))))
