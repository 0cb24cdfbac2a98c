"""Reading what the checks of answers found, their cosines, and which answers lack them still."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

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


# ---- cosines with the prompts, by a sentence encoder

STAGE = "encode"
_IS_LACKING = """
SELECT r.id FROM translations t CROSS JOIN responses r ON r.translation = t.id AND r.sample = 0
CROSS JOIN traits x ON x.response = r.id AND x.invalid IS NULL
WHERE t.arm = 'main' AND t.prompt IN (SELECT value FROM json_each(?1))
AND t.language IN (SELECT value FROM json_each(?2))
AND EXISTS(SELECT 1 FROM verdicts v WHERE v.response = r.id AND v.refusal = 0)
AND NOT EXISTS(
  SELECT 1 FROM cosines c JOIN steps s ON s.id = c.step AND s.stage = 'encode' AND s.name = ?3
  WHERE c.response = r.id)
ORDER BY t.id, r.id
"""
_TEXT_PAIRS = """
SELECT t.text, p.text FROM json_each(?) x CROSS JOIN responses r ON r.id = x.value
CROSS JOIN translations t ON t.id = r.translation CROSS JOIN replies p ON p.id = r.reply
ORDER BY x.key
"""
_COSINES = """
SELECT c.response, c.cosine FROM cosines c JOIN steps s ON s.id = c.step
WHERE s.stage = 'encode' AND s.name = ? ORDER BY c.response
"""
_HAS_COSINES = "SELECT EXISTS(SELECT 1 FROM cosines)"


class CosineColumns(NamedTuple):
    """Answers by number, and the cosine of each."""

    response: Sequence[int]
    cosine: Sequence[float]


def lacking(
    store: Store, encoder: str, prompts: Collection[str], languages: Collection[str]
) -> list[int]:
    """Return the answers without a cosine, by number, those to one text after another.

    Of the first sample of main answers to these prompts in these languages the valid ones that a
    judge says are no refusal.
    """
    lists = json.dumps(sorted(prompts)), json.dumps(sorted(languages))
    return [number for (number,) in store.rows(_IS_LACKING, (*lists, encoder))]


def text_pairs(store: Store, answers: Sequence[int]) -> list[tuple[str, str]]:
    """Return the text that was asked and the answer, in the order of the answers' numbers given."""
    return [(asked, answer) for asked, answer in store.rows(_TEXT_PAIRS, (json.dumps(answers),))]


def cosine_columns(store: Store, encoder: str) -> Iterator[CosineColumns]:
    """Yield the cosines, many at a time, in the order of the answers' numbers."""
    yield from map(CosineColumns._make, store.columns(_COSINES, (encoder,)))


def has_cosines(store: Store) -> bool:
    """Return whether there is any."""
    return store.holds(_HAS_COSINES)
