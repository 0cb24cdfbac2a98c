"""Response classes and over-refusal of a run, from its answers and verdicts."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import numpy as np

from safeglot.backends.console import Console
from safeglot.backends.engine import workers
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store import bulk
from safeglot.backends.store.bulk import Held, Index
from safeglot.backends.store.store import Store
from safeglot.errors import Stopped
from safeglot.judge.answers.identify import ENGLISH, covers
from safeglot.judge.answers.response_class import VERSION, Traits, traits_of
from safeglot.score.answers.classes import INVALID
from safeglot.score.answers.response_classes import Answers
from safeglot.score.answers.response_classes import estimates as told
from safeglot.score.arrays import Bytes
from safeglot.text.close_languages import group_of
from safeglot.text.languages import primary
from safeglot.types import Estimate

BATCH = 2000
"""Answers that are checked and written at a time."""
SHARE = 250
"""Of these, how many a worker process gets at a time."""
MANY = 20_000
"""More answers than these are checked by several processes: these take a second to start."""

_LACKS = "NOT EXISTS (SELECT 1 FROM traits x WHERE x.response = r.key AND x.version = ?)"
_TO_CHECK = f"""
SELECT COUNT(*) FROM responses r
CROSS JOIN translations t ON t.key = r.translation AND t.arm = 'main' WHERE {_LACKS}
"""  # noqa: S608 - our own text
_UNCHECKED = f"""
SELECT r.key, p.text, t.text, t.language, p.finish_reason
FROM responses r CROSS JOIN translations t ON t.key = r.translation AND t.arm = 'main'
CROSS JOIN replies p ON p.key = r.reply
WHERE {_LACKS} AND r.key > ? ORDER BY r.key LIMIT ?
"""  # noqa: S608 - as above
_TRAITS = """
SELECT CAST(response AS BLOB), invalid, ifnull(language = ?, -1), truncated
FROM traits WHERE version = ? ORDER BY response
"""
_INVALID_CODE: dict[str | None, int] = {None: 0}
_INVALID_CODE |= {name: code for code, name in enumerate(INVALID, start=1)}


def estimates(
    store: Store,
    manifest: Manifest,
    held: Held | None = None,
    *,
    level: float,
    console: Console | None = None,
) -> list[Estimate]:
    """Return the estimates of response classes and over-refusal.

    Answers that were not checked yet, or by an earlier version of the checks, are checked first;
    the console shows how far that is. Raises: Stopped where that is interrupted.
    """
    fill(store, console)
    return list(told(answers_of(store, manifest, held), level=level))


def fill(store: Store, console: Console | None = None) -> int:
    """Check the answers of the main arm that have no traits of this version; return how many.

    Many answers are checked by several processes, with the same result. What is checked is kept,
    however this ends. Raises: Stopped where it is interrupted.
    """
    of = _to_check(store)
    done = 0
    with (
        (console or Console(quiet=True)).counting("answers checked", of) as tell,
        contextlib.closing(_filled(store, many=of > MANY)) as filled,
    ):
        try:
            for n in filled:
                done += n
                tell(done)
        except KeyboardInterrupt:
            raise Stopped(_how_to_go_on(store, of)) from None
    return done


def _to_check(store: Store) -> int:
    return int(next(store.rows(_TO_CHECK, (VERSION,)))[0])


def _how_to_go_on(store: Store, of: int) -> str:
    return (
        f"interrupted.\n{of - _to_check(store)} of {of} answers are checked, and stay so in "
        f"{store.path.parent}. Run the same command again, or `safeglot score {store.path.parent}`, "
        "to go on from there."
    )


def _filled(store: Store, *, many: bool) -> Generator[int, None, None]:
    """Check batch after batch, and tell the size of each that is written."""
    if many and workers.cores() > 1:
        with contextlib.suppress(*workers.NONE_START), workers.pool() as pool:
            yield from _written(
                store, lambda *columns: pool.map(traits_of, *columns, chunksize=SHARE)
            )
    yield from _written(store, lambda *columns: map(traits_of, *columns))


def _written(store: Store, check: Callable[..., Iterator[Traits]]) -> Iterator[int]:
    waiting: deque[tuple[Sequence[str], Iterator[Traits]]] = deque()
    for keys, *columns in _unchecked(store):
        waiting.append((keys, check(*columns)))
        if len(waiting) > 1:  # one batch is checked while another is written and the next one read
            yield _write(store, *waiting.popleft())
    for keys, found in waiting:
        yield _write(store, keys, found)


def _unchecked(store: Store) -> Iterator[tuple[Sequence[str], ...]]:
    last = ""
    while rows := list(store.rows(_UNCHECKED, (VERSION, last, BATCH))):
        last = rows[-1][0]
        yield tuple(zip(*rows, strict=True))


def _write(store: Store, keys: Sequence[str], found: Iterator[Traits]) -> int:
    store.write("traits", [_row(key, traits) for key, traits in zip(keys, found, strict=True)])
    return len(keys)


def _row(key: str, found: Traits) -> tuple[Any, ...]:
    confidence, truncated = found.confidence, int(found.truncated)
    return key, VERSION, found.invalid, found.language, confidence, truncated


def answers_of(store: Store, manifest: Manifest, held: Held | None = None) -> Answers:
    """Read checks and verdicts into arrays; what was planned sets their shape.

    `held` is what `bulk.read` gave, where that is there already.
    """
    held = bulk.read(store, manifest) if held is None else held
    languages = manifest.languages
    foreign_L = np.array([group_of(primary(tag)) != ENGLISH for tag in languages], dtype=np.bool_)
    invalid, english, truncated = _read_traits(store, held.index)
    english[:, ~foreign_L] = -1
    return Answers(
        unsafe_JMLPS=held.unsafe_JMLPS,
        refusal_JMLPS=held.refusal_JMLPS,
        invalid_MLPS=invalid,
        english_MLPS=english,
        truncated_MLPS=truncated,
        harmful_P=np.array([prompt.kind == "harmful" for prompt in held.prompts], dtype=np.bool_),
        told_J=np.asarray((held.refusal_JMLPS >= 0).any(axis=(1, 2, 3, 4))),
        foreign_L=foreign_L,
        covered_L=np.array([covers(tag) for tag in languages], dtype=np.bool_),
        judges=held.judges,
        models=manifest.models,
        languages=languages,
        reference=manifest.reference,
        gated_LP=held.gated_LP,
    )


def _read_traits(store: Store, index: Index) -> tuple[Bytes, Bytes, Bytes]:
    size = int(np.prod(index.shape))
    invalid, english, truncated = (np.full(size, -1, dtype=np.int8) for _ in range(3))
    for key, name, is_english, is_cut in bulk.columns(store.rows(_TRAITS, (ENGLISH, VERSION))):
        place = index.find(key)
        pick = place >= 0
        cell = place[pick]
        invalid[cell] = np.array([_INVALID_CODE[one] for one in name], dtype=np.int8)[pick]
        english[cell] = np.array(is_english, dtype=np.int8)[pick]
        truncated[cell] = np.array(is_cut, dtype=np.int8)[pick]
    return (
        invalid.reshape(index.shape),
        english.reshape(index.shape),
        truncated.reshape(index.shape),
    )
