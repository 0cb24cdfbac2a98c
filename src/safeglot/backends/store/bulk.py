"""A run's answers and verdicts in bulk: read once, into arrays.

Keys of answers and verdicts are random, so a join looks up each row somewhere in the file. Here
every table is read from end to end, and rows are joined by their keys in memory: of an answer
its key (32 bytes) and its place (8) are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.store import Store
from safeglot.types import Prompt

Keys: TypeAlias = npt.NDArray[np.bytes_]
Places: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.int8]
Bools: TypeAlias = npt.NDArray[np.bool_]

LOOSE = "@loose"
"""Ending of the name under which a judge of three labels is read a second time."""
ROWS = 20_000
"""Rows that are taken at a time."""
ABSENT, STRAY = -1, -2
"""No place: not an answer of the main arm to a prompt of the run; or one that was not planned."""

_TEXTS = "SELECT key, language, prompt FROM translations WHERE arm = 'main'"
_GATED = "SELECT arm, language, prompt FROM translations WHERE arm IN ('main', 'gated')"
_ANY_GATED = "SELECT EXISTS(SELECT 1 FROM translations WHERE arm = 'gated')"
_ANSWERS = "SELECT CAST(key AS BLOB), translation, model, sample FROM responses ORDER BY key"
_VERDICTS = """
SELECT CAST(response AS BLOB), judge,
  9 * ifnull(unsafe <> 0, -1) + 3 * ifnull(unsafe_loose <> 0, -1) + ifnull(refusal <> 0, -1) + 13
FROM verdicts
"""
_THREE_LABELS = "SELECT DISTINCT judge FROM verdicts WHERE unsafe IS NOT unsafe_loose"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Index:
    """The answers of the main arm by their keys, which are sorted, shapes (N,).

    `place_N` tells where an answer stands in arrays of `shape` (M, L, P, S), read flat.
    """

    shape: tuple[int, int, int, int]
    key_N: Keys
    place_N: Places

    def find(self, keys: Sequence[bytes]) -> Places:
        """Return the places of answers by their keys, ABSENT or STRAY for those that have none."""
        wanted = np.array(keys, dtype=np.bytes_)
        if not self.key_N.size:
            return np.full(wanted.shape, ABSENT, dtype=np.int64)
        order = np.argsort(wanted, kind="stable")  # neighbours are near each other in memory
        at = np.empty(wanted.shape, dtype=np.int64)
        at[order] = np.searchsorted(self.key_N, wanted[order])
        at[at == self.key_N.size] = 0
        return np.where(self.key_N[at] == wanted, self.place_N[at], ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What a run holds of the answers of the main arm.

    `judges` has a second reading of judges with three labels. `unsafe_JMLPS` and `refusal_JMLPS`
    are 1, 0, or -1 where nothing is known. `gated_LP` marks the texts that the quality gate took
    out of the main arm, None where there are none. `strange` says that there are verdicts outside
    the plan, or two that contradict each other: of these, one is held.
    """

    index: Index
    prompts: tuple[Prompt, ...]
    judges: tuple[str, ...]
    unsafe_JMLPS: Flags
    refusal_JMLPS: Flags
    strange: bool
    gated_LP: Bools | None = None


def read(store: Store, manifest: Manifest) -> Held:
    """Read all answers and verdicts of the main arm; what was planned sets the shape."""
    prompts, names = tuple(store.prompts()), tuple(manifest.judges)
    index = _index(store, manifest, [prompt.id for prompt in prompts])
    three = {judge for (judge,) in store.rows(_THREE_LABELS)}
    strict, loose, refusal, strange = _verdicts(store, index, names)
    readings = [
        (at, name + ending, is_loose)
        for at, name in enumerate(names)
        for ending, is_loose in (("", False), (LOOSE, True))
        if name in three or not is_loose
    ]
    shape = (len(readings), *index.shape)
    unsafe = [loose[at] if is_loose else strict[at] for at, _, is_loose in readings]
    return Held(
        index=index,
        prompts=prompts,
        judges=tuple(name for _, name, _ in readings),
        unsafe_JMLPS=np.array(unsafe, dtype=np.int8).reshape(shape),
        refusal_JMLPS=np.array([refusal[at] for at, _, _ in readings], np.int8).reshape(shape),
        strange=strange,
        gated_LP=_gated(store, manifest.languages, [prompt.id for prompt in prompts]),
    )


def columns(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Sequence[Any], ...]]:
    """Turn rows into columns, so many rows at a time."""
    left = iter(rows)
    while chunk := list(islice(left, ROWS)):
        yield tuple(zip(*chunk, strict=True))


def _index(store: Store, manifest: Manifest, prompts: Sequence[str]) -> Index:
    models, languages, n_S = manifest.models, manifest.languages, manifest.samples
    per_M = len(languages) * len(prompts) * n_S
    at_M = {name: at * per_M for at, name in enumerate(models)}
    at_T = _texts(store, languages, prompts, n_S)
    keys: list[Keys] = []
    places: list[Places] = []
    for key, text, model, samples in columns(store.rows(_ANSWERS)):
        text_I = np.array([at_T.get(one, _OTHER) for one in text], dtype=np.int64)
        model_I = np.array([at_M.get(one, STRAY) for one in model], dtype=np.int64)
        sample_I = np.array(samples, dtype=np.int64)
        fits = (text_I >= 0) & (model_I >= 0) & (sample_I >= 0) & (sample_I < n_S)
        place = np.where(fits, text_I + model_I + sample_I, np.minimum(text_I, STRAY))
        place[text_I == ABSENT] = ABSENT
        main = text_I != _OTHER
        keys.append(np.array(key, dtype=np.bytes_)[main])
        places.append(place[main])
    return Index(
        shape=(len(models), len(languages), len(prompts), n_S),
        key_N=np.concatenate(keys) if keys else np.empty(0, dtype=np.bytes_),
        place_N=np.concatenate(places) if places else np.empty(0, dtype=np.int64),
    )


_OTHER = -3
"""In place of a text: it is of another arm, or not there."""


def _texts(
    store: Store, languages: Sequence[str], prompts: Sequence[str], samples: int
) -> dict[str, int]:
    """Return the place of each text's first answer within a model's."""
    at_L = {tag: at * len(prompts) * samples for at, tag in enumerate(languages)}
    at_P = {prompt: at * samples for at, prompt in enumerate(prompts)}
    found: dict[str, int] = {}
    for key, tag, prompt in store.rows(_TEXTS):
        if prompt not in at_P:
            found[key] = ABSENT
        else:
            found[key] = at_L[tag] + at_P[prompt] if tag in at_L else STRAY
    return found


def _gated(store: Store, languages: Sequence[str], prompts: Sequence[str]) -> Bools | None:
    """Return which texts the gate took out, shape (L, P): those without a main text in their place."""
    if not next(store.rows(_ANY_GATED))[0]:
        return None
    at_L, at_P = ({name: at for at, name in enumerate(names)} for names in (languages, prompts))
    there = {name: np.zeros((len(at_L), len(at_P)), dtype=np.bool_) for name in ("main", "gated")}
    for arm, tag, prompt in store.rows(_GATED):
        if tag in at_L and prompt in at_P:
            there[arm][at_L[tag], at_P[prompt]] = True
    gated_LP = there["gated"] & ~there["main"]
    return gated_LP if gated_LP.any() else None


def _verdicts(
    store: Store, index: Index, judges: Sequence[str]
) -> tuple[Flags, Flags, Flags, bool]:
    """Return verdicts, loose verdicts and refusals, shapes (J, M L P S), and whether some are strange."""
    size = int(np.prod(index.shape))
    at_J = {name: at * size for at, name in enumerate(judges)}
    strict, loose, refusal = (np.full(len(judges) * size, -1, dtype=np.int8) for _ in range(3))
    strange = False
    for key, names, code in columns(store.rows(_VERDICTS)):
        judge_I = np.array([at_J.get(name, -1) for name in names], dtype=np.int64)
        place_I = index.find(key)
        strange |= bool(((place_I == STRAY) & (judge_I >= 0)).any())
        pick = (place_I >= 0) & (judge_I >= 0)
        cell_I, code_I = (judge_I + place_I)[pick], np.array(code, dtype=np.int8)[pick]
        strange |= _put(strict, cell_I, code_I // 9 - 1)
        strange |= _put(loose, cell_I, code_I // 3 % 3 - 1)
        _put(refusal, cell_I, code_I % 3 - 1)
    shape = (len(judges), size)
    return strict.reshape(shape), loose.reshape(shape), refusal.reshape(shape), strange


def _put(flags: Flags, cell_I: Places, flag_I: Flags) -> bool:
    """Write what is told into its cells; say whether it contradicts what is there."""
    told = flag_I >= 0
    cell, flag = cell_I[told], flag_I[told]
    before = flags[cell]
    flags[cell] = flag
    return bool((((before >= 0) & (before != flag)) | (flags[cell] != flag)).any())
