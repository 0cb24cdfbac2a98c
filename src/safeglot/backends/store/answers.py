"""Reading the answers of a run: responses with the texts of their replies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from safeglot.backends.store.schema.tables import KEY
from safeglot.backends.store.store import Store
from safeglot.types import Arm

_COUNT = "SELECT COUNT(*) FROM responses"
_COUNT_OUTCOMES = """
SELECT (SELECT COUNT(*) FROM responses)
     + (SELECT COUNT(*) FROM failures WHERE stage = 'generate' AND kind IN ('blocked', 'thought_only'))
"""
_COUNT_ASKED = """
SELECT COUNT(*) FROM responses r JOIN translations t ON t.id = r.translation
WHERE t.arm NOT IN ('backtranslate', 'reverse')
"""
_MODELS = "SELECT name FROM steps WHERE id IN (SELECT step FROM responses)"
_THOUGHTS = """
SELECT r.id FROM responses r JOIN translations t ON t.id = r.translation AND t.arm = 'main'
JOIN replies p ON p.id = r.reply WHERE p.thought <> '' ORDER BY 1
"""
_MOST_SAMPLES = "SELECT COALESCE(MAX(sample), -1) + 1 FROM responses"
_COUNT_MAIN = """
SELECT s.name, t.language, COUNT(*) FROM responses r JOIN translations t ON t.id = r.translation
JOIN steps s ON s.id = r.step WHERE t.arm = 'main' GROUP BY 1, 2
"""
_MAIN = """
SELECT key, prompt, language, model, sample, text, finish_reason, translation FROM answers
WHERE arm = 'main'
"""
_PLACES = f"""
SELECT r.id, {KEY}, t.prompt, t.language, s.name, r.sample
FROM responses r JOIN translations t ON t.id = r.translation JOIN steps s ON s.id = r.step
WHERE t.arm = 'main' AND r.id NOT IN (SELECT response FROM verdicts WHERE reason = 'empty') ORDER BY 2
"""  # noqa: S608 - our own text
_GIVEN = f"""
SELECT t.key, s.name, r.sample, {KEY}, p.text, t.arm, t.prompt, t.language, t.text, t.translator
FROM responses r JOIN translations t ON t.id = r.translation JOIN steps s ON s.id = r.step
JOIN replies p ON p.id = r.reply
WHERE t.arm IN ('backtranslate', 'reverse') ORDER BY t.prompt, t.language, 4
"""  # noqa: S608 - as above

_TELLING = """
SELECT t.prompt, s.name FROM verdicts v CROSS JOIN responses r ON r.id = v.response
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main'
CROSS JOIN steps s ON s.id = r.step CROSS JOIN steps j ON j.id = v.step
WHERE (v.unsafe = 1 OR v.unsafe IS NULL) AND j.name IN (SELECT value FROM json_each(?1))
UNION
SELECT t.prompt, s.name FROM failures f CROSS JOIN responses r ON r.id = f.work
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main' CROSS JOIN steps s ON s.id = r.step
WHERE f.stage = 'judge' AND f.by IN (SELECT value FROM json_each(?1))
UNION
SELECT t.prompt, f.by FROM failures f CROSS JOIN translations t ON t.id = f.work AND t.arm = 'main'
WHERE f.stage = 'generate' AND f.kind IN ('blocked', 'thought_only')
"""


class MainAnswer(NamedTuple):
    """An answer of the main arm; `translation` is the key of the text that was asked."""

    key: str
    prompt: str
    language: str
    model: str
    sample: int
    text: str
    finish_reason: str
    translation: str


class AnswerPlace(NamedTuple):
    """What an answer is of, without its text."""

    id: int
    key: str
    prompt: str
    language: str
    model: str
    sample: int


class BroughtAnswer(NamedTuple):
    """An answer that a file brought as a text of an arm, and the text that it answers."""

    translation: str
    model: str
    sample: int
    key: str
    answer: str
    arm: Arm
    prompt: str
    language: str
    text: str
    translator: str


def count_answers(store: Store) -> int:
    """Return the number of answers in all arms."""
    return store.count(_COUNT)


def count_outcomes(store: Store) -> int:
    """Return the number of answers in all arms, and of those that were blocked or thought only."""
    return store.count(_COUNT_OUTCOMES)


def most_samples(store: Store) -> int:
    """Return how many answers of one model to one text are there at most."""
    return store.count(_MOST_SAMPLES)


def count_asked(store: Store) -> int:
    """Return the number of answers that a target gave."""
    return store.count(_COUNT_ASKED)


def answered_models(store: Store) -> set[str]:
    """Return the names of the models that gave an answer, in any arm."""
    return {model for (model,) in store.rows(_MODELS)}


def answers_with_thoughts(store: Store) -> tuple[int, ...]:
    """Return the numbers of the main answers that came with a thought."""
    return tuple(number for (number,) in store.rows(_THOUGHTS))


def main_answer_counts(store: Store) -> dict[tuple[str, str], int]:
    """Return the number of main answers of each (model, language) that has any."""
    return {(model, language): n for model, language, n in store.rows(_COUNT_MAIN)}


def main_answers(store: Store) -> Iterator[MainAnswer]:
    """Yield the answers of the main arm with their texts."""
    yield from map(MainAnswer._make, store.rows(_MAIN))


def telling_requests(store: Store, judges: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (prompt, model) where a main answer is unsafe or has no verdict by one of the judges, or was blocked."""
    yield from store.rows(_TELLING, (json.dumps(list(judges)),))


def answer_places(store: Store) -> Iterator[AnswerPlace]:
    """Yield what each answer of the main arm with a text is of, in the order of the keys."""
    yield from map(AnswerPlace._make, store.rows(_PLACES))


def brought_answers(store: Store) -> Iterator[BroughtAnswer]:
    """Yield the answers that files brought, in a fixed order."""
    yield from map(BroughtAnswer._make, store.rows(_GIVEN))
