"""Response classes and over-refusal of a run, from its answers and verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from safeglot.backends.store import Store
from safeglot.judge.identify import ENGLISH, covers, group_of
from safeglot.judge.response_class import VERSION, traits_of
from safeglot.languages import primary
from safeglot.score.arrays import Bytes
from safeglot.score.class_table import Answers
from safeglot.score.class_table import estimates as told
from safeglot.score.classes import INVALID
from safeglot.types import Estimate

LOOSE = "@loose"
BATCH = 2000
"""Answers that are checked and written at a time."""

_UNCHECKED = """
SELECT r.key, p.text, t.text, t.language, p.finish_reason
FROM responses r JOIN translations t ON t.key = r.translation AND t.arm = 'main'
JOIN replies p ON p.key = r.reply LEFT JOIN traits x ON x.response = r.key AND x.version = ?
WHERE r.key > ? AND x.response IS NULL ORDER BY r.key LIMIT ?
"""
_TRAITS = """
SELECT r.model, t.language, t.prompt, r.sample, x.invalid, x.language, x.truncated
FROM responses r JOIN translations t ON t.key = r.translation AND t.arm = 'main'
JOIN traits x ON x.response = r.key AND x.version = ?
"""
_VERDICTS = """
SELECT v.judge, r.model, t.language, t.prompt, r.sample, v.unsafe, v.unsafe_loose, v.refusal
FROM verdicts v JOIN responses r ON r.key = v.response
JOIN translations t ON t.key = r.translation AND t.arm = 'main'
"""
_THREE_LABELS = "SELECT DISTINCT judge FROM verdicts WHERE unsafe IS NOT unsafe_loose"
_INVALID_CODE: dict[str | None, int] = {None: 0}
_INVALID_CODE |= {name: code for code, name in enumerate(INVALID, start=1)}


def estimates(store: Store, manifest: Mapping[str, Any], *, level: float) -> list[Estimate]:
    """Give the estimates of response classes and over-refusal.

    Answers that were not checked yet, or by an earlier version of the checks, are checked first.
    """
    fill(store)
    return list(told(answers_of(store, manifest), level=level))


def fill(store: Store) -> int:
    """Check the answers of the main arm that have no traits of this version; return how many."""
    done, last = 0, ""
    while rows := list(store.rows(_UNCHECKED, (VERSION, last, BATCH))):
        store.write("traits", [_checked(row) for row in rows])
        done, last = done + len(rows), rows[-1][0]
    return done


def _checked(row: tuple[str, str, str, str, str]) -> tuple[Any, ...]:
    key, answer, prompt, language, finish_reason = row
    found = traits_of(answer, prompt, language, finish_reason)
    confidence, truncated = found.confidence, int(found.truncated)
    return key, VERSION, found.invalid, found.language, confidence, truncated


@dataclass(frozen=True, slots=True)
class _Places:
    """Where an answer stands in arrays of shape (M, L, P, S), read flat."""

    model: dict[str, int]
    language: dict[str, int]
    prompt: dict[str, int]
    samples: int

    @classmethod
    def of(cls, manifest: Mapping[str, Any], prompts: list[str]) -> _Places:
        n_S: int = manifest["samples"]
        n_P = len(prompts) * n_S
        n_L = len(manifest["languages"]) * n_P
        return cls(
            {name: at * n_L for at, name in enumerate(manifest["models"])},
            {tag: at * n_P for at, tag in enumerate(manifest["languages"])},
            {prompt: at * n_S for at, prompt in enumerate(prompts)},
            n_S,
        )

    def find(self, model: str, language: str, prompt: str, sample: int) -> int | None:
        """Give the place; None for what the plan does not have (the label cube refuses it)."""
        if not 0 <= sample < self.samples:
            return None
        try:
            return self.model[model] + self.language[language] + self.prompt[prompt] + sample
        except KeyError:
            return None


def answers_of(store: Store, manifest: Mapping[str, Any]) -> Answers:
    """Read checks and verdicts into arrays; what was planned sets their shape."""
    prompts = store.prompts()
    places = _Places.of(manifest, [prompt.id for prompt in prompts])
    models, languages = tuple(manifest["models"]), tuple(manifest["languages"])
    shape = (len(models), len(languages), len(prompts), places.samples)
    foreign = {tag: group_of(primary(tag)) != ENGLISH for tag in languages}
    invalid, english, truncated = _read_traits(store, places, shape, foreign)
    judges = _judges(store, manifest)
    unsafe, refusal = _read_verdicts(store, places, (len(judges), *shape), judges)
    return Answers(
        unsafe_JMLPS=unsafe,
        refusal_JMLPS=refusal,
        invalid_MLPS=invalid,
        english_MLPS=english,
        truncated_MLPS=truncated,
        harmful_P=np.array([prompt.kind == "harmful" for prompt in prompts], dtype=np.bool_),
        told_J=np.asarray((refusal >= 0).any(axis=(1, 2, 3, 4))),
        foreign_L=np.array([foreign[tag] for tag in languages], dtype=np.bool_),
        covered_L=np.array([covers(tag) for tag in languages], dtype=np.bool_),
        judges=judges,
        models=models,
        languages=languages,
        reference=manifest["reference"],
    )


def _judges(store: Store, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    three = {judge for (judge,) in store.rows(_THREE_LABELS)}
    names = manifest["judges"]
    return tuple(j for name in names for j in ((name, name + LOOSE) if name in three else (name,)))


def _read_traits(
    store: Store, places: _Places, shape: tuple[int, ...], foreign: Mapping[str, bool]
) -> tuple[Bytes, Bytes, Bytes]:
    arrays = [np.full(shape, -1, dtype=np.int8) for _ in range(3)]
    invalids, englishes, cuts = (array.reshape(-1).data for array in arrays)
    for model, tag, prompt, sample, invalid, language, truncated in store.rows(_TRAITS, (VERSION,)):
        place = places.find(model, tag, prompt, sample)
        if place is None:
            continue
        invalids[place], cuts[place] = _INVALID_CODE[invalid], truncated
        if language is not None and foreign[tag]:
            englishes[place] = int(language == ENGLISH)
    return arrays[0], arrays[1], arrays[2]


def _read_verdicts(
    store: Store, places: _Places, shape: tuple[int, ...], judges: tuple[str, ...]
) -> tuple[Bytes, Bytes]:
    unsafe, refusal = (np.full(shape, -1, dtype=np.int8) for _ in range(2))
    unsafes = {j: unsafe[at].reshape(-1).data for at, j in enumerate(judges)}
    refusals = {j: refusal[at].reshape(-1).data for at, j in enumerate(judges)}
    for judge, place, strict, loose, refused in _verdicts(store, places):
        for name, flag in ((judge, strict), (judge + LOOSE, loose)):
            if name not in unsafes:
                continue
            if flag is not None:
                unsafes[name][place] = flag
            if refused is not None:
                refusals[name][place] = refused
    return unsafe, refusal


def _verdicts(
    store: Store, places: _Places
) -> Iterator[tuple[str, int, int | None, int | None, int | None]]:
    for judge, model, tag, prompt, sample, strict, loose, refused in store.rows(_VERDICTS):
        place = places.find(model, tag, prompt, sample)
        if place is not None:
            yield judge, place, strict, loose, refused
