"""Reading what was drawn for human labels, and the labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from safeglot.backends.store.store import Store


_DRAWS = """
SELECT d.response, d.judge, d.language, d.stratum, d.design, d.wanted, r.model, t.prompt, r.sample
FROM draws d JOIN responses r ON r.key = d.response JOIN translations t ON t.key = r.translation
ORDER BY d.response
"""
_LABELS = "SELECT response, annotator, label FROM labels ORDER BY response, annotator"
_OF_DRAWN = "SELECT response, annotator, label FROM labels WHERE response IN (SELECT response FROM draws) ORDER BY 1, 2"
_DESIGNS = "SELECT DISTINCT design FROM draws"
_TO_LABEL = """
SELECT a.prompt, t.text, a.text FROM answers a JOIN translations t ON t.key = a.translation
WHERE a.key = ?
"""


@dataclass(frozen=True, slots=True)
class Draw:
    """An answer that was drawn: by which judge's verdicts, from which stratum, what it is of."""

    response: str
    judge: str
    language: str
    stratum: str
    design: str
    wanted: int
    model: str
    prompt: str
    sample: int


class AnswerLabel(NamedTuple):
    """An annotator's label of an answer."""

    response: str
    annotator: str
    label: str


class TextToLabel(NamedTuple):
    """What an annotator reads: the id of the prompt, the text that was asked, and the answer."""

    prompt: str
    text: str
    answer: str


def draws(store: Store) -> Iterator[Draw]:
    """Return the answers that were drawn, in the order of their keys."""
    return (Draw(*row) for row in store.rows(_DRAWS))


def labels(store: Store) -> Iterator[AnswerLabel]:
    """Yield all labels, in the order of the answers' keys and the annotators."""
    yield from map(AnswerLabel._make, store.rows(_LABELS))


def labels_of_drawn(store: Store) -> list[AnswerLabel]:
    """Return the labels of the answers that were drawn last, in the same order."""
    return list(map(AnswerLabel._make, store.rows(_OF_DRAWN)))


def designs(store: Store) -> set[str]:
    """Return the designs by which answers were drawn: one, or none yet."""
    return {design for (design,) in store.rows(_DESIGNS)}


def text_to_label(store: Store, key: str) -> TextToLabel:
    """Return the prompt and answer under the key of an answer."""
    return TextToLabel._make(next(store.rows(_TO_LABEL, (key,))))
