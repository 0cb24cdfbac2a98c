"""What a run's plan holds, what of it is missing, and what is needed to ask for that.

Missing work is read in stretches of texts or answers by their numbers, up to the last that was there
at the beginning: what is written meanwhile neither disturbs it nor comes up a second time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.schema.tables import KEY
from safeglot.backends.store.store import Store
from safeglot.types import PROMPT_MODE, Arm, Response, Translation

ASKED: tuple[Arm, ...] = (
    "main", "roundtrip", "roundtrip2", "translators", "gated", "probe", "mitigation", "pivot",
)  # fmt: skip
"""Arms whose texts targets are asked; the others bring answers."""
STRETCH = 20_000
"""Planned answers, or answers, that one query looks at."""
ROWS = 5_000
"""Missing answers that are held at a time."""
_BLANK = "".join(chr(i) for i in range(0x3001) if chr(i).isspace())
"""All that `str.strip` takes off; SQLite by itself knows spaces only."""

_SQL = named(__package__, "plan.sql", key=KEY)
_SAMPLES = "WITH RECURSIVE samples(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM samples WHERE n + 1 < :samples) "
_MISSING = f"""
{_SAMPLES} SELECT t.id, s.id, n.n, r.id
FROM translations t CROSS JOIN steps s ON s.id IN (SELECT value FROM json_each(:steps))
CROSS JOIN samples n
LEFT JOIN responses r ON r.translation = t.id AND r.step = s.id AND r.sample = n.n
WHERE t.id BETWEEN :first AND :last AND t.arm IN (SELECT value FROM json_each(:arms)) AND
"""  # noqa: S608 - our own text
_UNANSWERED = """
r.id IS NULL AND NOT EXISTS (SELECT 1 FROM failures f WHERE f.stage = 'generate' AND f.by = s.name
                             AND f.work = t.id AND f.sample = n.n AND f.transient = 0)
"""
_UNANSWERED_OR_EMPTY = """
(r.id IS NULL
 OR (EXISTS (SELECT 1 FROM replies p WHERE p.id = r.reply AND NOT p.refused AND trim(p.text, :blank) = '')
     AND NOT EXISTS (SELECT 1 FROM labels x WHERE x.response = r.id)
     AND NOT EXISTS (SELECT 1 FROM draws x WHERE x.response = r.id)))
"""
_GO_ON = "AND (t.id, s.id, n.n) > (:first, :step, :sample) ORDER BY 1, 2, 3 LIMIT :rows"
_UNJUDGED = """
SELECT r.id FROM responses r JOIN translations t ON t.id = r.translation
LEFT JOIN verdicts v ON v.response = r.id AND v.step = :step
WHERE t.arm NOT IN (SELECT value FROM json_each(:unjudged)) AND r.id BETWEEN :first AND :last AND
"""
_NO_VERDICT = """
v.response IS NULL AND NOT EXISTS (SELECT 1 FROM failures f WHERE f.stage = 'judge' AND f.by = :judge
                                   AND f.work = r.id AND f.sample = r.sample AND f.transient = 0)
"""
_NO_VERDICT_OR_UNREAD = "(v.response IS NULL OR (v.unsafe IS NULL AND v.reason <> 'empty'))"


def unjudged(mode: str) -> tuple[Arm, ...]:
    """Return the arms whose answers a judge of a mode is not shown: those of pivots are translated first.

    Requests are the same in all mitigations, so who rates these is asked about the main ones.
    """
    return ("pivot", "pivoted", "mitigation") if mode == PROMPT_MODE else ("pivot",)


class MissingAnswer(NamedTuple):
    """A planned answer that is not there; or it is, under the number `response`, and empty."""

    text: int
    step: int
    sample: int
    response: int | None = None


class StoredText(NamedTuple):
    """A text as it is asked, with its key."""

    key: str
    text: Translation


_TEXT = ("prompt", "language", "text", "translator", "arm", "variant")
_ANSWER = (
    "model",
    "sample",
    "text",
    "finish_reason",
    "n_tokens",
    "thought",
    "served_by",
    "refused",
)


def missing_answers(
    store: Store,
    steps: Sequence[int],
    samples: int,
    *,
    arms: Sequence[Arm] = ASKED,
    again: bool,
    texts: Mapping[int, Collection[int]] | None = None,
) -> Iterator[MissingAnswer]:
    """Yield the planned answers that are neither there nor failed for good, by text, step and sample.

    With `again` also those that failed for good, and the empty ones that nobody was given to label.
    With `texts` only those to these texts of each step.
    """
    if texts is not None:
        last_wanted = max(map(max, filter(None, texts.values())), default=0)
        every = _missing(store, steps, samples, arms, again=again, to=last_wanted)
        yield from (one for one in every if one.text in texts.get(one.step, ()))
    else:
        yield from _missing(
            store, steps, samples, arms, again=again, to=store.count(_SQL["last text"])
        )


def _missing(
    store: Store, steps: Sequence[int], samples: int, arms: Sequence[Arm], *, again: bool, to: int
) -> Iterator[MissingAnswer]:
    query = _MISSING + (_UNANSWERED_OR_EMPTY if again else _UNANSWERED) + _GO_ON
    values: dict[str, Any] = {"steps": json.dumps(list(steps)), "arms": json.dumps(list(arms))}
    values |= {"samples": samples, "rows": ROWS} | ({"blank": _BLANK} if again else {})
    texts = max(1, STRETCH // max(1, len(steps) * samples))
    for first, last in _stretches(to, texts):
        at = {"first": first, "step": -1, "sample": -1}
        while rows := list(store.rows(query, values | at | {"last": last})):
            yield from map(MissingAnswer._make, rows)
            if len(rows) < ROWS:
                break
            at = dict(zip(at, rows[-1], strict=False))


def missing_verdicts(store: Store, step: int, *, again: bool) -> Iterator[int]:
    """Yield the numbers of the answers of all arms that a judge's verdict is missing on, in their order.

    Without `again` not those that failed for good; with it also those that could not be read.
    """
    query = _UNJUDGED + (_NO_VERDICT_OR_UNREAD if again else _NO_VERDICT) + "ORDER BY 1"
    name, mode = next(store.rows(_SQL["name"], (step,)), ("", ""))
    values: dict[str, Any] = {"step": step, "unjudged": json.dumps(unjudged(mode))}
    if not again:
        values["judge"] = name
    for first, last in _stretches(store.count(_SQL["last answer"]), STRETCH):
        found = list(store.rows(query, values | {"first": first, "last": last}))
        yield from (number for (number,) in found)


def _stretches(last: int, n: int) -> Iterator[tuple[int, int]]:
    yield from ((first, min(first + n - 1, last)) for first in range(1, last + 1, n))


def texts_by_id(store: Store, numbers: Iterable[int]) -> dict[int, StoredText]:
    """Return the texts of some numbers."""
    rows = store.rows(_SQL["texts"], (json.dumps(list(numbers)),))
    return {number: _text(*row) for number, *row in rows}


def answers_by_id(store: Store, numbers: Iterable[int]) -> dict[int, tuple[StoredText, Response]]:
    """Return the answers of some numbers, each with the text that was asked."""
    rows = store.rows(_SQL["answers"], (json.dumps(list(numbers)),))
    return {
        number: (_text(*row[:8]), _response(key, row[0], *row[8:])) for number, key, *row in rows
    }


def _text(key: str, checks: str, *row: Any) -> StoredText:
    told = dict(zip(_TEXT, row, strict=True))
    parts = tuple(json.loads(checks)) if told["variant"] else ()
    return StoredText(key, Translation(**told, checks=parts))


def _response(key: str, translation: str, *row: Any) -> Response:
    told = dict(zip(_ANSWER, row, strict=True))
    told["refused"] = bool(told["refused"])
    return Response(key=key, translation=translation, **told)


def count_planned(store: Store, steps: int, samples: int, *, arms: Sequence[Arm] = ASKED) -> int:
    """Return how many answers are planned of so many targets."""
    return store.count(_SQL["planned"], (json.dumps(list(arms)),)) * steps * samples


def count_texts(store: Store) -> int:
    """Return how many texts there are, of all arms."""
    return store.count(_SQL["texts in all"])


def count_given(store: Store, *, arms: Sequence[Arm] = ASKED) -> int:
    """Return how many answers files brought."""
    return store.count(_SQL["given"], (json.dumps(list(arms)),))


def replies_of_verdicts(store: Store, step: int) -> Iterator[tuple[int, int]]:
    """Yield the number of each answer that a judge gave a verdict on, and of the first reply behind it."""
    yield from store.rows(_SQL["replies"], (step,))


def reply_to_equal(store: Store, step: int, response: int) -> int | None:
    """Return the number of a judge's first reply on an equal answer to the same text; None where there is none."""
    return next((reply for (reply,) in store.rows(_SQL["equal"], (step, response))), None)


def has_verdicts(store: Store) -> bool:
    """Return whether anything is judged."""
    return store.holds(_SQL["has verdicts"])


def answered_counts(store: Store, *, arms: Sequence[Arm] = ASKED) -> dict[int, int]:
    """Return how many answers each target gave that has given any."""
    return dict(store.rows(_SQL["answered"], (json.dumps(list(arms)),)))


def judged_counts(store: Store) -> dict[int, int]:
    """Return how many verdicts there are of each judge that has given any, unread ones too."""
    return dict(store.rows(_SQL["judged"]))


def failed_counts(store: Store) -> dict[int, int]:
    """Return how many answers or verdicts of each step failed for good, where any did."""
    return dict(store.rows(_SQL["failed"]))
