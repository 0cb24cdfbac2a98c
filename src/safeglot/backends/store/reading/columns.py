"""All answers of a run as columns, for a list that is filtered in memory: about 30 bytes an answer.

What was asked and gave no answer is a row too. No table needs a further index, so that a run that
cannot be written is read alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.arrays import found, steps_of
from safeglot.backends.store.outcomes import outcome_of
from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import PromptLabel, prompt_labels
from safeglot.keys import places
from safeglot.types import OUTCOME_KINDS, Arm

Column: TypeAlias = npt.NDArray[Any]
ANSWERED = OUTCOME_KINDS.index("answered")
INVALID = ("", "INV-empty", "INV-degenerate", "INV-lang", "INV-echo")
"""What the checks may find, by its code; those of `score.answers.classes`."""
_FIRST_ARM: Arm = "main"
_BEFORE_ALL = -(2**63)
"""Before every number of a row."""

_SQL = named(__package__, "columns.sql")
PART = 100_000
"""Answers or texts that are read at a time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnswerColumns:
    """The answers of a run, N of them, in the order of the plan; codes are places in the names.

    `unsafe_JN` and `refusal_JN` are 1, 0, or -1 where nothing is known; `outcome_N` is a place in
    `OUTCOME_KINDS`, `invalid_N` in `INVALID`; `response_N` is 0 where there is no answer.
    """

    models: tuple[str, ...]
    languages: tuple[str, ...]
    judges: tuple[str, ...]
    arms: tuple[str, ...]
    prompts: tuple[PromptLabel, ...]
    response_N: Column
    text_N: Column
    prompt_N: Column
    language_N: Column
    arm_N: Column
    model_N: Column
    sample_N: Column
    outcome_N: Column
    invalid_N: Column
    truncated_N: Column
    unsafe_JN: Column
    refusal_JN: Column

    def __len__(self) -> int:
        """How many answers there are, those that did not come included."""
        return int(self.text_N.size)

    def find(self, text: int, model: int, sample: int) -> int:
        """Return the row of a text's answer by a model, -1 where there is none."""
        rows = np.flatnonzero(
            (self.text_N == text) & (self.model_N == model) & (self.sample_N == sample)
        )
        return int(rows[0]) if rows.size else -1


def read_columns(
    store: Store, manifest: Manifest, tell: Callable[[int, int], None]
) -> AnswerColumns:
    """Return the answers of a run; `tell` hears how many of how many rows are read.

    Answers of models, languages and prompts that the manifest does not name are left out. Raises:
    ValueError where a number is none, as in a damaged database.
    """
    n = store.count(_SQL["count"])
    prompts = tuple(prompt_labels(store))
    texts = _Texts.of(store, manifest, prompts)
    made = _RowColumns(n, np.int32 if store.count(_SQL["last"]) < 2**31 else np.int64)
    for numbers, columns in _answers(store, manifest):
        made.add(numbers, columns, texts)
        tell(made.size // 2, n)
    for numbers, columns in _lost(store, manifest):
        made.add(numbers, columns, texts)
    held = made.ordered()
    return AnswerColumns(
        models=manifest.models,
        languages=manifest.languages,
        judges=tuple(manifest.judges),
        arms=tuple(texts.arms),
        prompts=prompts,
        **held,
        **_judged(store, manifest, held["response_N"], tell),
    )


@dataclass(slots=True, kw_only=True, eq=False)
class _Texts:
    """What each text is of, found by its number."""

    number_T: Column
    prompt_T: Column
    language_T: Column
    arm_T: Column
    arms: dict[str, int]

    @classmethod
    def of(cls, store: Store, manifest: Manifest, prompts: Sequence[PromptLabel]) -> _Texts:
        at_P, at_L = places(prompt.id for prompt in prompts), places(manifest.languages)
        arms: dict[str, int] = {_FIRST_ARM: 0}
        parts, last = [], _BEFORE_ALL
        while True:
            (row,) = store.rows(_SQL["texts"], (last, PART))
            names, tags, arm = map(json.loads, row[:3])
            (number,) = _numbers(row[3:])
            parts.append(
                (
                    number,
                    np.array([at_P.get(name, -1) for name in names], dtype=np.int32),
                    np.array([at_L.get(tag, -1) for tag in tags], dtype=np.int16),
                    np.array([arms.setdefault(a, len(arms)) for a in arm], dtype=np.int8),
                )
            )
            if number.size < PART:
                break
            last = int(number[-1])
        joined = [np.concatenate([part[i] for part in parts]) for i in range(4)]
        return cls(
            number_T=joined[0], prompt_T=joined[1], language_T=joined[2], arm_T=joined[3], arms=arms
        )

    def find(self, numbers: Column) -> Column:
        """Return the places of texts by their numbers, -1 for those that are not there."""
        return found(self.number_T, numbers)


class _RowColumns:
    """Rows as they are read, into columns whose length is known."""

    def __init__(self, most: int, number: type) -> None:
        self.size = 0
        self._most = most
        kinds = {
            "response_N": number, "text_N": number, "prompt_N": np.int32, "language_N": np.int16,
            "arm_N": np.int8, "model_N": np.int16, "sample_N": np.int16, "outcome_N": np.int8,
        }  # fmt: skip
        self._held: dict[str, Column] = {
            name: np.empty(most, dtype=kind) for name, kind in kinds.items()
        }

    def add(self, numbers: Column, columns: Sequence[Column], texts: _Texts) -> None:
        """Add rows of (text, model, sample, outcome) that have their place in the plan."""
        text, model, sample, outcome = columns
        at = texts.find(text)
        fits = (at >= 0) & (model >= 0) & (sample >= 0) & (sample < np.iinfo(np.int16).max)
        fits &= (texts.prompt_T[at] >= 0) & (texts.language_T[at] >= 0)
        at = at[fits][: self._most - self.size]  # a run that goes on has more than were counted
        upto = self.size + at.size
        whole = (
            numbers[fits], text[fits], texts.prompt_T[at], texts.language_T[at], texts.arm_T[at],
            model[fits], sample[fits], outcome[fits],
        )  # fmt: skip
        for column, values in zip(self._held.values(), whole, strict=True):
            column[self.size : upto] = values[: at.size]
        self.size = upto

    def ordered(self) -> dict[str, Column]:
        """Return the columns in the order of the plan; an answer goes before its earlier failures."""
        held = {name: column[: self.size] for name, column in self._held.items()}
        self._held = {}
        n_M = int(held["model_N"].max(initial=0)) + 1
        n_S = int(held["sample_N"].max(initial=0)) + 1
        place = (held["text_N"].astype(np.int64) * n_M + held["model_N"]) * n_S + held["sample_N"]
        order = np.argsort(place, kind="stable").astype(np.int32)
        place = place[order]
        first = np.ones(place.size, dtype=np.bool_)
        first[1:] = place[1:] != place[:-1]
        order = order[first]
        del place
        for name in held:
            held[name] = held[name][order]
        return held


def _numbers(row: Sequence[Any]) -> list[Column]:
    """Return columns of numbers of a row that counts and then joins each of them by commas.

    So no object is made for each of millions of numbers: a third of the time, and other threads go on
    meanwhile. Raises: ValueError where one is no whole number, as in a damaged database.
    """
    columns = [np.fromstring(text or "", dtype=np.int64, sep=",") for text in row[1:]]
    if any(column.size != row[0] for column in columns):
        raise ValueError("a number is missing")
    return columns


def _answers(store: Store, manifest: Manifest) -> Iterator[tuple[Column, list[Column]]]:
    models, last = steps_of(store, "generate", manifest.models), _BEFORE_ALL
    while True:
        (row,) = store.rows(_SQL["answers"], (last, PART))
        number, text, step, sample = _numbers(row)
        if not number.size:
            return
        outcome = np.full(number.size, ANSWERED, dtype=np.int8)
        yield number, [text, models.find(step), sample, outcome]
        last = int(number[-1])


def _lost(store: Store, manifest: Manifest) -> Iterator[tuple[Column, list[Column]]]:
    at = places(manifest.models)
    for by, text, sample, kinds in store.columns(_SQL["lost"]):
        columns: list[Column] = [
            np.array(text, dtype=np.int64),
            np.array([at.get(name, -1) for name in by], dtype=np.int64),
            np.array(sample, dtype=np.int64),
            np.array([OUTCOME_KINDS.index(outcome_of(kind)) for kind in kinds], dtype=np.int8),
        ]
        yield np.zeros(len(by), dtype=np.int64), columns


def _judged(
    store: Store, manifest: Manifest, response_N: Column, tell: Callable[[int, int], None]
) -> dict[str, Column]:
    """Return what judges and checks said of each answer."""
    by_number = np.argsort(response_N, kind="stable").astype(np.int32)
    numbers, n = response_N[by_number], response_N.size
    shape = (len(manifest.judges), n)
    unsafe, refusal = (np.full(shape, -1, dtype=np.int8) for _ in range(2))
    invalid, truncated = (np.zeros(n, dtype=np.int8) for _ in range(2))
    judges = steps_of(store, "judge", manifest.judges)
    for start in range(0, n, PART):
        part = numbers[start : start + PART]
        (found_row,) = store.rows(_SQL["verdicts"], (int(part[0]), int(part[-1])))
        response, step, code = _numbers(found_row)
        at, judge = found(part, response), judges.find(step)
        own = (at >= 0) & (judge >= 0)
        row, code = by_number[start : start + PART][at[own]], code[own].astype(np.int8)
        unsafe[judge[own], row] = code // 3 - 1
        refusal[judge[own], row] = code % 3 - 1
        tell((n + start + part.size) // 2, n)
    of = places(INVALID)
    for checked, kinds, cut in store.columns(_SQL["traits"]):
        at = found(numbers, np.array(checked, dtype=np.int64))
        own = at >= 0
        row = by_number[at[own]]
        invalid[row] = np.array([of.get(kind, 0) for kind in kinds], dtype=np.int8)[own]
        truncated[row] = np.array(cut, dtype=np.int8)[own]
    return {
        "unsafe_JN": unsafe,
        "refusal_JN": refusal,
        "invalid_N": invalid,
        "truncated_N": truncated,
    }
