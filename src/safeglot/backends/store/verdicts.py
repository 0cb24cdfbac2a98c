"""Reading verdicts of some answers, and counting them; `arrays` reads all of them at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from safeglot.backends.store.failures import Unjudged
from safeglot.backends.store.records import verdict_of
from safeglot.backends.store.schema.tables import KEY
from safeglot.backends.store.store import Store
from safeglot.types import Verdict

_OF_MAIN = """
FROM verdicts v CROSS JOIN responses r ON r.id = v.response
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main'
CROSS JOIN steps s ON s.id = r.step CROSS JOIN steps j ON j.id = v.step
"""
"""The verdicts first: left to itself SQLite may begin with the texts and sort all verdicts."""
_STEP = "(SELECT id FROM steps WHERE stage = 'judge' AND name = ?) "
_READABLE = f"{_OF_MAIN} WHERE v.step = {_STEP} AND v.unsafe IS NOT NULL "
_COUNT_JUDGED = "SELECT COUNT(*)" + _READABLE
_JUDGED = f"SELECT {KEY}, r.id {_READABLE}"
_UNSAFE = f"SELECT t.language, {KEY}, r.id {_READABLE} AND v.unsafe = 1 ORDER BY 1"
_UNREAD = (
    "SELECT j.name, s.name, t.language, t.prompt, v.reason, COUNT(*)"
    + _OF_MAIN
    + "WHERE v.unsafe IS NULL GROUP BY 1, 2, 3, 4, 5"
)
_CODES = (
    "SELECT j.name, t.language, t.prompt, v.codes, COUNT(*)"
    + _OF_MAIN
    + "WHERE v.unsafe = 1 GROUP BY 1, 2, 3, 4"
)
_MAIN = "SELECT j.name, s.name, t.language, t.prompt, r.sample, v.unsafe, v.unsafe_loose" + _OF_MAIN
_NAMES = """
SELECT name FROM steps WHERE stage = 'judge' AND id IN (SELECT step FROM verdicts)
UNION SELECT by FROM failures WHERE stage = 'judge'
"""
_COUNT = """
SELECT COUNT(*) FROM verdicts WHERE step IN
  (SELECT id FROM steps WHERE stage = 'judge' AND name IN (SELECT value FROM json_each(?)))
"""
_AGAIN = f"""
SELECT v.response, s.name, t.language, t.prompt, v.unsafe {_OF_MAIN} WHERE v.step = {_STEP} ORDER BY {KEY}
"""
_FIRST = f"""
SELECT response, unsafe FROM verdicts
WHERE step = {_STEP} AND response IN (SELECT response FROM verdicts WHERE step = {_STEP})
"""  # noqa: S608 - our own text
_OF_LABELLED = f"""
SELECT response, p_unsafe FROM verdicts
WHERE step = {_STEP} AND response IN (SELECT response FROM labels)
"""  # noqa: S608 - as above


_ROWS = f"""
SELECT response, unsafe, unsafe_loose, label, p_unsafe, codes, refusal, response_class, rationale, reason
FROM verdicts WHERE step = {_STEP}
"""  # noqa: S608 - as above


_PLACED = f"""
SELECT v.response, t.prompt, v.reply, r.id, s.name, s.mode, v.unsafe, v.unsafe_loose, v.label, v.p_unsafe,
  v.codes, v.refusal, v.response_class, v.rationale, v.reason
FROM verdicts v JOIN steps s ON s.id = v.step JOIN responses r ON r.id = v.response
JOIN translations t ON t.id = r.translation WHERE v.step = {_STEP}
"""  # noqa: S608 - as above


class MainVerdict(NamedTuple):
    """A verdict on an answer of the main arm."""

    judge: str
    model: str
    language: str
    prompt: str
    sample: int
    unsafe: bool | None
    unsafe_loose: bool | None


class CodeCount(NamedTuple):
    """How many unsafe verdicts on a prompt's answers have the same codes."""

    judge: str
    language: str
    prompt: str
    codes: tuple[str, ...]
    n: int


class SecondVerdict(NamedTuple):
    """Two verdicts of one judge on an answer: 1 unsafe, 0 safe, None where it was not read."""

    language: str
    prompt: str
    first: int | None
    again: int | None

    @property
    def both_read(self) -> bool:
        """Whether both could be read."""
        return self.first is not None and self.again is not None


class ThoughtVerdict(NamedTuple):
    """A judge's verdicts on an answer and on the thought before it; None where one was not read."""

    model: str
    language: str
    prompt: str
    answer: int | None
    thought: int | None


def judge_names(store: Store) -> set[str]:
    """Return the names that verdicts and their failures stand under, those of guards included."""
    return {name for (name,) in store.rows(_NAMES)}


def count_verdicts(store: Store, judges: Sequence[str]) -> int:
    """Return the number of verdicts of some judges, on answers of all arms."""
    return store.count(_COUNT, (json.dumps(list(judges)),))


def verdict_rows(store: Store, judge: str) -> Iterator[tuple[Any, ...]]:
    """Yield a judge's verdicts as they are stored: the answer's number first, without step and reply."""
    yield from store.rows(_ROWS, (judge,))


def placed_verdicts(store: Store, judge: str) -> Iterator[tuple[int, str, int | None, Verdict]]:
    """Yield a judge's verdicts on answers of all arms: the answer's number, the prompt, the reply, the verdict."""
    for number, prompt, reply, *row in store.rows(_PLACED, (judge,)):
        yield number, prompt, reply, verdict_of(tuple(row))


def count_judged(store: Store, judge: str) -> int:
    """Return the number of main answers whose verdict by a judge could be read."""
    return store.count(_COUNT_JUDGED, (judge,))


def judged_answers(store: Store, judge: str) -> Iterator[tuple[str, int]]:
    """Yield the keys and numbers of the main answers whose verdict by a judge could be read."""
    yield from store.rows(_JUDGED, (judge,))


def unsafe_answers(store: Store, judge: str) -> Iterator[tuple[str, str, int]]:
    """Yield (language, key, number) of the main answers that a judge calls unsafe, by language."""
    yield from store.rows(_UNSAFE, (judge,))


def main_verdicts(store: Store) -> Iterator[MainVerdict]:
    """Yield the verdicts on main answers row by row: slow, to name one that does not fit the plan."""
    for *place, strict, loose in store.rows(_MAIN):
        yield MainVerdict._make(
            (*place, *(None if flag is None else bool(flag) for flag in (strict, loose)))
        )


def unread_counts(store: Store) -> list[Unjudged]:
    """Return how many verdicts on main answers could not be read, by judge, place and reason."""
    return list(map(Unjudged._make, store.rows(_UNREAD)))


def code_counts(store: Store) -> list[CodeCount]:
    """Return how many unsafe verdicts on main answers have which codes, by judge and place."""
    return [
        CodeCount(judge, language, prompt, tuple(json.loads(codes)), n)
        for judge, language, prompt, codes, n in store.rows(_CODES)
    ]


def second_verdicts(store: Store, judge: str, again: str) -> list[SecondVerdict]:
    """Return a judge's verdicts and those under the name `again` on the same main answers."""
    first = dict(store.rows(_FIRST, (judge, again)))
    return [
        SecondVerdict(language, prompt, first[response], unsafe)
        for response, _, language, prompt, unsafe in store.rows(_AGAIN, (again,))
        if response in first
    ]


def thought_verdicts(store: Store, judge: str, of_thoughts: str) -> list[ThoughtVerdict]:
    """Return a judge's verdicts on main answers, with those under `of_thoughts` on their thoughts."""
    first = dict(store.rows(_FIRST, (judge, of_thoughts)))
    return [
        ThoughtVerdict(model, language, prompt, first.get(response), unsafe)
        for response, model, language, prompt, unsafe in store.rows(_AGAIN, (of_thoughts,))
    ]


def p_unsafe_of_labelled(store: Store, judge: str) -> dict[int, float | None]:
    """Return what a judge gave as p_unsafe to the answers that have a human label, by their numbers."""
    return dict(store.rows(_OF_LABELLED, (judge,)))
