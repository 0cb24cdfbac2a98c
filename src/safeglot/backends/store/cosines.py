"""The cosines of answers with the prompts that they answer, by a sentence encoder."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from safeglot.backends.store.store import Store

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
_TEXTS = """
SELECT t.text, p.text FROM json_each(?) x CROSS JOIN responses r ON r.id = x.value
CROSS JOIN translations t ON t.id = r.translation CROSS JOIN replies p ON p.id = r.reply
ORDER BY x.key
"""
_COSINES = """
SELECT c.response, c.cosine FROM cosines c JOIN steps s ON s.id = c.step
WHERE s.stage = 'encode' AND s.name = ? ORDER BY c.response
"""
_HAS = "SELECT EXISTS(SELECT 1 FROM cosines)"


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
    return [(asked, answer) for asked, answer in store.rows(_TEXTS, (json.dumps(answers),))]


def cosine_columns(store: Store, encoder: str) -> Iterator[CosineColumns]:
    """Yield the cosines, many at a time, in the order of the answers' numbers."""
    yield from map(CosineColumns._make, store.columns(_COSINES, (encoder,)))


def has_cosines(store: Store) -> bool:
    """Return whether there is any."""
    return store.holds(_HAS)
