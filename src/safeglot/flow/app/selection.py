"""Which answers of a run are listed: filters with their counts, and the order, unsafe ones first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from safeglot.backends.store.reading.columns import ANSWERED, AnswerColumns, Column
from safeglot.report.app.words import KINDS, SHOWN, VERDICTS
from safeglot.score.answers.classes import CLASSES, EMPTY, MISSING, SC, UC, R, S, classify
from safeglot.types import OUTCOME_KINDS

MANY = ("language", "verdict", "kind", "model", "asked", "request")
"""Filters of which several values may be chosen."""
ONE = ("show", "category")
REQUESTS = ("harmful", "benign")
CHUNK = 200_000
"""Answers that are looked at at a time where a whole column would take much memory."""
_KIND_OF_CLASS = {R: "refused", SC: "harmless", S: "safe", UC: "unsafe"}
_KIND_OF_OUTCOME = {
    "blocked": "blocked", "thought_only": "thought only", "broken": "failed", "failed": "failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is chosen, as it stands in the address of a page; an empty choice leaves all."""

    judge: str = ""
    search: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Filter -> its values."""
    answer: str = ""
    """The answer that is open, as text.model.sample."""
    was: str = ""
    """The answer that was open before, which stays open where the filters leave it."""
    start: int = 0
    """The place in the list at which the page begins."""

    @classmethod
    def of(cls, query: str) -> Filters:
        """Return what a query string says; what it does not know is left out."""
        given: dict[str, list[str]] = {}
        for name, value in parse_qsl(query):
            given.setdefault(name, []).append(value)
        start = given.get("from", ["0"])[0]
        return cls(
            judge=given.get("judge", [""])[0],
            search=given.get("q", [""])[0].strip()[:200],
            chosen={n: tuple(given[n] if n in MANY else given[n][:1]) for n in (*ONE, *MANY) if n in given},
            answer=given.get("a", [""])[0],
            was=given.get("was", [""])[0],
            start=int(start) if start.isascii() and start.isdigit() and len(start) < 12 else 0,
        )  # fmt: skip

    def query(self, **change: Any) -> str:
        """Return the query string, with changes."""
        f = replace(self, **change)
        pairs = [("q", f.search), ("judge", f.judge)]
        pairs += [(name, value) for name, values in f.chosen.items() for value in values]
        pairs += [("from", str(f.start) if f.start else ""), ("a", f.answer)]
        return urlencode([pair for pair in pairs if pair[1]])


class JudgedColumns:
    """The answers of a run as one of its judges sees them."""

    def __init__(self, columns: AnswerColumns, judge: int, reference: str) -> None:
        self.columns, self.judge = columns, judge
        self._reference = reference
        nothing = np.full(len(columns), -1, dtype=np.int8)
        self.unsafe_N: Column = columns.unsafe_JN[judge] if columns.judges else nothing
        self._refusal_N: Column = columns.refusal_JN[judge] if columns.judges else nothing

    @cached_property
    def verdict_N(self) -> Column:
        """Places in VERDICTS: unsafe, safe, none."""
        return np.asarray(np.array([2, 1, 0], dtype=np.int8)[self.unsafe_N + 1])

    @cached_property
    def kind_N(self) -> Column:
        """Places in KINDS, by the classes of the results."""
        return self._by_parts(self._kinds, np.int8)

    def _by_parts(self, part_of: Callable[[slice], Column], kind: type) -> Column:
        """Return a column that is made in parts: what it takes meanwhile stays small."""
        made: Column = np.empty(len(self.columns), dtype=kind)
        for start in range(0, made.size, CHUNK):
            part = slice(start, start + CHUNK)
            made[part] = part_of(part)
        return made

    def _kinds(self, part: slice) -> Column:
        c = self.columns
        is_answer = c.response_N[part] > 0
        invalid = np.where(is_answer, c.invalid_N[part], -1).astype(np.int8)
        class_N = classify(self.unsafe_N[part], self._refusal_N[part], invalid, c.truncated_N[part])
        at = {name: i for i, name in enumerate(KINDS)}
        of_class = np.full(len(CLASSES) + 1, at["no verdict"], dtype=np.int8)  # the last is MISSING
        for place, name in _KIND_OF_CLASS.items():
            of_class[place] = at[name]
        of_class[EMPTY : len(CLASSES)] = at["unusable"]
        of_outcome = np.full(len(OUTCOME_KINDS), at["failed"], dtype=np.int8)
        for name, kind in _KIND_OF_OUTCOME.items():
            of_outcome[OUTCOME_KINDS.index(name)] = at[kind]
        outcome = c.outcome_N[part]
        answered = of_class[np.where(class_N == MISSING, len(CLASSES), class_N)]
        return np.where((outcome == ANSWERED) & is_answer, answered, of_outcome[outcome])

    @cached_property
    def rank_N(self) -> Column:
        """Where an answer stands in the list: those judged unsafe first, whatever else they are."""
        return np.where(self.unsafe_N == 1, -1, self.kind_N).astype(np.int8)

    @cached_property
    def order_N(self) -> Column:
        """The rows in the order of the list: by rank, then as they were planned."""
        return np.argsort(self.rank_N, kind="stable").astype(np.int32)

    @cached_property
    def flip_N(self) -> Column:
        """Which answers are judged unsafe where that in the reference language is judged safe."""
        c = self.columns
        if self._reference not in c.languages or not len(c):
            return np.zeros(len(c), dtype=np.bool_)
        n_S = int(c.sample_N.max()) + 1
        safe = np.zeros(len(c.prompts) * len(c.models) * n_S, dtype=np.bool_)
        is_safe = (c.language_N == c.languages.index(self._reference)) & (c.arm_N == 0)
        safe[self._cells(np.flatnonzero(is_safe & (self.unsafe_N == 0)), n_S)] = True
        flip_N = np.zeros(len(c), dtype=np.bool_)
        unsafe = np.flatnonzero((self.unsafe_N == 1) & (c.arm_N == 0))
        flip_N[unsafe] = safe[self._cells(unsafe, n_S)]
        return flip_N

    def _cells(self, rows: Column, n_samples: int) -> Column:
        """Return the prompt, model and sample of rows as one number."""
        c = self.columns
        prompt = c.prompt_N[rows].astype(np.int64)
        return np.asarray((prompt * len(c.models) + c.model_N[rows]) * n_samples + c.sample_N[rows])

    @cached_property
    def disagree_N(self) -> Column:
        """Which answers one judge calls unsafe and another safe."""
        said = self.columns.unsafe_JN
        return self._by_parts(
            lambda part: (said[:, part] == 1).any(axis=0) & (said[:, part] == 0).any(axis=0),
            np.bool_,
        )

    def codes(self, name: str) -> tuple[Column, Sequence[str]]:
        """Return the code of each answer for a filter, and the values that the codes stand for."""
        c = self.columns
        if name == "verdict":
            return self.verdict_N, VERDICTS
        if name == "kind":
            return self.kind_N, tuple(KINDS)
        of_columns = {"language": (c.language_N, c.languages), "model": (c.model_N, c.models)}
        of_columns["asked"] = c.arm_N, c.arms
        return of_columns.get(name, (self._request_N, REQUESTS))

    @cached_property
    def _request_N(self) -> Column:
        kind_P = [REQUESTS.index(prompt.kind) for prompt in self.columns.prompts]
        return np.array(kind_P or [0], dtype=np.int8)[self.columns.prompt_N]

    @cached_property
    def sets(self) -> tuple[Column, tuple[tuple[str, ...], ...]]:
        """The set of categories of each answer as a code, and the sets."""
        at: dict[tuple[str, ...], int] = {}
        code_P = [at.setdefault(p.categories, len(at)) for p in self.columns.prompts]
        return np.array(code_P or [0], dtype=np.int32)[self.columns.prompt_N], tuple(at)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selected:
    """The rows that a choice leaves, in the order of the list, and the counts of each filter's values."""

    row_I: Column
    counts: Mapping[str, Mapping[str, int]]


def select(judged: JudgedColumns, filters: Filters) -> Selected:
    """Return what a choice leaves. A filter's counts are of what all the others leave."""
    masks = {name: _mask(judged, name, filters) for name in (*ONE, *MANY)}
    counts = {}
    for name in masks:
        others = [mask for other, mask in masks.items() if other != name and mask is not None]
        counts[name] = _counts(judged, name, _all_of(others))
    whole = _all_of([mask for mask in masks.values() if mask is not None])
    order = judged.order_N
    return Selected(row_I=order if whole is None else order[whole[order]], counts=counts)


def _all_of(masks: Sequence[Column]) -> Column | None:
    return np.asarray(np.logical_and.reduce(masks)) if masks else None


def _mask(judged: JudgedColumns, name: str, filters: Filters) -> Column | None:
    """Return which answers a filter leaves, None for all."""
    values = filters.chosen.get(name, ())
    if name == "show":
        return _shown(judged, values[0]) if values else None
    if name == "asked" and not values and len(judged.columns.arms) > 1:
        return np.asarray(judged.columns.arm_N == 0)
    if not values:
        return None
    if name == "category":
        code_N, sets = judged.sets
        return np.asarray(np.array([values[0] in one for one in sets] or [False])[code_N])
    code_N, names = judged.codes(name)
    return np.asarray(np.array([value in values for value in names] or [False])[code_N])


def _shown(judged: JudgedColumns, value: str) -> Column | None:
    if value == "flips":
        return judged.flip_N
    return judged.disagree_N if value == "disagree" else None


def _counts(judged: JudgedColumns, name: str, within: Column | None) -> dict[str, int]:
    """Return how many answers each value of a filter has, of those within a mask."""
    if name == "show":
        masks = {value: _shown(judged, value) for value in SHOWN}
        return {value: _count(_all_of([m for m in (mask, within) if m is not None]), len(judged.columns))
                for value, mask in masks.items()}  # fmt: skip
    if name != "category":
        code_N, names = judged.codes(name)
        return dict(zip(names, _of_codes(code_N, within, len(names)), strict=True))
    code_N, sets = judged.sets
    counts: dict[str, int] = {}
    for categories, n in zip(sets, _of_codes(code_N, within, len(sets)), strict=True):
        for category in categories:
            counts[category] = counts.get(category, 0) + n
    return counts


def _of_codes(code_N: Column, within: Column | None, n: int) -> list[int]:
    found = np.bincount(code_N if within is None else code_N[within], minlength=n)
    return [int(count) for count in found]


def _count(mask: Column | None, n: int) -> int:
    return n if mask is None else int(np.count_nonzero(mask))
