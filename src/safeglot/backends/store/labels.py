"""Reading what was drawn for human labels, and the labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from safeglot.backends.store.schema.tables import KEY
from safeglot.backends.store.store import Store

_DRAWS = f"""
SELECT r.id, {KEY}, d.judge, d.language, d.stratum, d.design, d.wanted, s.name, t.prompt, r.sample
FROM draws d JOIN responses r ON r.id = d.response JOIN translations t ON t.id = r.translation
JOIN steps s ON s.id = r.step ORDER BY 2
"""  # noqa: S608 - our own text
_LABELS = """
SELECT k.key, l.annotator, l.label FROM labels l JOIN keyed k ON k.id = l.response
{where} ORDER BY 1, 2
"""
_DRAWN = "WHERE l.response IN (SELECT response FROM draws)"
_DESIGNS = "SELECT DISTINCT design FROM draws"
_TO_LABEL = """
SELECT k.key, t.prompt, t.text, p.text FROM keyed k JOIN translations t ON t.id = k.translation
JOIN replies p ON p.id = k.reply WHERE k.id = ?
"""
_NOTES = """
SELECT k.key, l.annotator, l.note FROM labels l JOIN keyed k ON k.id = l.response WHERE l.note <> ''
"""
_LABELLED = """
SELECT t.language, COUNT(DISTINCT l.response) FROM labels l JOIN responses r ON r.id = l.response
JOIN translations t ON t.id = r.translation JOIN prompts p ON p.id = t.prompt
WHERE p.kind = 'harmful' GROUP BY 1
"""
_DRAW_LABELLED = """
INSERT INTO draws SELECT l.response, '', t.language, ?1, COUNT(*), 'simple'
FROM labels l JOIN responses r ON r.id = l.response JOIN translations t ON t.id = r.translation
JOIN prompts p ON p.id = t.prompt AND p.kind = 'harmful' WHERE t.language = ?2 GROUP BY l.response
"""
_TEXTS = """
SELECT r.id, t.prompt, t.language, r.sample, t.variant, p.categories,
       CASE l.label WHEN 'unsafe' THEN 1 WHEN 'safe' THEN 0 ELSE -1 END
FROM responses r JOIN translations t ON t.id = r.translation JOIN prompts p ON p.id = t.prompt
LEFT JOIN labels l ON l.response = r.id AND l.annotator = ? ORDER BY r.id
"""
_SAID = """
SELECT v.response, ifnull(v.unsafe, -1), v.p_unsafe FROM verdicts v
WHERE v.step = (SELECT id FROM steps WHERE stage = 'judge' AND name = ?)
"""
_SOURCE = "SELECT text, language, categories FROM prompts WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Draw:
    """An answer that was drawn: by which judge's verdicts, from which stratum, what it is of.

    `response` is its key, `id` its number in this store.
    """

    id: int
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
    """What an annotator reads: the answer's key, the prompt's id, the text that was asked, the answer."""

    key: str
    prompt: str
    text: str
    answer: str


def draws(store: Store) -> Iterator[Draw]:
    """Return the answers that were drawn, in the order of their keys."""
    return (Draw(*row) for row in store.rows(_DRAWS))


def labels(store: Store) -> Iterator[AnswerLabel]:
    """Yield all labels, in the order of the answers' keys and the annotators."""
    yield from map(AnswerLabel._make, store.rows(_LABELS.format(where="")))


def labels_of_drawn(store: Store) -> list[AnswerLabel]:
    """Return the labels of the answers that were drawn last, in the same order."""
    return list(map(AnswerLabel._make, store.rows(_LABELS.format(where=_DRAWN))))


def designs(store: Store) -> set[str]:
    """Return the designs by which answers were drawn: one, or none yet."""
    return {design for (design,) in store.rows(_DESIGNS)}


def text_to_label(store: Store, response: int) -> TextToLabel:
    """Return the prompt and answer of an answer's number."""
    return TextToLabel._make(next(store.rows(_TO_LABEL, (response,))))


def labelled_texts(store: Store, annotator: str) -> Iterator[tuple[Sequence[Any], ...]]:
    """Yield columns of all answers: number, prompt, language, sample, variant, categories (JSON), and one's label (1, 0, -1)."""
    yield from store.columns(_TEXTS, (annotator,))


def said_of_texts(store: Store, judge: str) -> Iterator[tuple[Sequence[Any], ...]]:
    """Yield columns of a judge's verdicts: the answer's number, unsafe (1, 0, -1), and its probability or None."""
    yield from store.columns(_SAID, (judge,))


def notes(store: Store) -> Iterator[tuple[str, str, str]]:
    """Yield (answer, annotator, note) of the labels that have one."""
    yield from store.rows(_NOTES)


def source_of(store: Store, prompt: str) -> tuple[str, str, tuple[str, ...]]:
    """Return a prompt's text, its language and its categories."""
    text, language, categories = next(store.rows(_SOURCE, (prompt,)))
    return text, language, tuple(map(str, json.loads(categories)))


def labelled_counts(store: Store) -> dict[str, int]:
    """Return how many answers on harmful prompts have a label, by language."""
    return dict(store.rows(_LABELLED))


def draw_labelled(store: Store, language: str, stratum: str) -> None:
    """Take the labelled answers on harmful prompts in a language for a simple sample of all."""
    list(store.rows(_DRAW_LABELLED, (stratum, language)))
