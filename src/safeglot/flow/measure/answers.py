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
from safeglot.backends.store.arrays import AnswersByNumber, RunVerdicts
from safeglot.backends.store.reading.costs import tokens_read
from safeglot.backends.store.store import Store
from safeglot.backends.store.traits import count_unchecked, trait_columns, unchecked
from safeglot.errors import Stopped
from safeglot.flow.measure.off_topic import topics_of
from safeglot.judge.answers.identify import ENGLISH, covers
from safeglot.judge.answers.response_class import VERSION, Traits, traits_of_row
from safeglot.score.answers.classes import INVALID
from safeglot.score.answers.premium import token_premiums
from safeglot.score.answers.sheet import Answers
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

_INVALID_CODE: dict[str | None, int] = {None: 0}
_INVALID_CODE |= {name: code for code, name in enumerate(INVALID, start=1)}


def fill(store: Store, console: Console | None = None) -> int:
    """Return how many answers were checked: those of the main arm without traits of this version.

    Many answers are checked by several processes, with the same result. What is checked is kept,
    however this ends. Raises: Stopped where it is interrupted.
    """
    of = count_unchecked(store, VERSION)
    done = 0
    with (
        (console or Console(quiet=True)).counting("answers checked", of) as show,
        contextlib.closing(_filled(store, many=of > MANY)) as filled,
    ):
        try:
            for n in filled:
                done += n
                show(done)
        except KeyboardInterrupt:
            raise Stopped(_how_to_go_on(store, of)) from None
    return done


def _how_to_go_on(store: Store, of: int) -> str:
    checked = of - count_unchecked(store, VERSION)
    return (
        f"interrupted.\n{checked} of {of} answers are checked, and stay so in "
        f"{store.path.parent}. Run the same command again, or `safeglot score {store.path.parent}`, "
        "to go on from there."
    )


def _filled(store: Store, *, many: bool) -> Generator[int, None, None]:
    """Yield the size of each batch that is checked and written."""
    if many and workers.cores() > 1:
        with contextlib.suppress(*workers.NONE_START), workers.pool() as pool:
            yield from _written(store, lambda rows: pool.map(traits_of_row, rows, chunksize=SHARE))
    yield from _written(store, lambda rows: map(traits_of_row, rows))


def _written(store: Store, check: Callable[..., Iterator[Traits]]) -> Iterator[int]:
    waiting: deque[tuple[Sequence[int], Iterator[Traits]]] = deque()
    for numbers, *columns in unchecked(store, VERSION, BATCH):
        waiting.append((numbers, check(zip(*columns, strict=True))))
        if len(waiting) > 1:  # one batch is checked while another is written and the next one read
            yield _write(store, *waiting.popleft())
    for numbers, traits in waiting:
        yield _write(store, numbers, traits)


def _write(store: Store, numbers: Sequence[int], traits: Iterator[Traits]) -> int:
    store.write("traits", [_row(*answer) for answer in zip(numbers, traits, strict=True)])
    return len(numbers)


def _row(number: int, traits: Traits) -> tuple[Any, ...]:
    confidence, truncated = traits.confidence, int(traits.truncated)
    row = (number, VERSION, traits.invalid, traits.language, confidence, truncated)
    return *row, traits.thought_language


def answers_of(store: Store, manifest: Manifest, verdicts: RunVerdicts, lacks: str = "") -> Answers:
    """Return checks and verdicts as arrays; what was planned sets their shape.

    `lacks` is why cosines are lacking, as `off_topic.fill` says.
    """
    languages = manifest.languages
    foreign_L = np.array([group_of(primary(tag)) != ENGLISH for tag in languages], dtype=np.bool_)
    invalid, english, truncated = read_traits(store, verdicts.answers)
    english[:, ~foreign_L] = -1
    categories = verdicts.prompts.categories()
    used = tuple(name for name in manifest.taxonomy.categories if name in categories)
    macro = manifest.taxonomy.macro
    return Answers(
        unsafe_JMLPS=verdicts.unsafe_JMLPS,
        refusal_JMLPS=verdicts.refusal_JMLPS,
        invalid_MLPS=invalid,
        english_MLPS=english,
        truncated_MLPS=truncated,
        harmful_P=verdicts.prompts.is_kind("harmful"),
        says_refusal_J=np.asarray((verdicts.refusal_JMLPS >= 0).any(axis=(1, 2, 3, 4))),
        foreign_L=foreign_L,
        covered_L=np.array([covers(tag) for tag in languages], dtype=np.bool_),
        judges=verdicts.judges,
        models=manifest.models,
        languages=languages,
        reference=manifest.reference,
        gated_LP=verdicts.gated_LP,
        unneeded_MLP=verdicts.unneeded_MLP,
        member_PC=verdicts.prompts.members(used),
        categories=used,
        macro_C=tuple(macro[name] for name in used) if macro else None,
        sizes=(sizes_of(manifest, "harmful", used), sizes_of(manifest, "benign", used)),
        topics=topics_of(store, manifest, verdicts.answers, verdicts.prompts, lacks=lacks),
    )


def premiums(
    store: Store, manifest: Manifest, answers: AnswersByNumber, *, level: float
) -> Iterator[Estimate]:
    """Yield the token premiums of each model, by the tokens that its replies say a request had."""
    told_N = np.fromiter(tokens_read(store), dtype=[("response", "i8"), ("tokens", "f8")])
    place_N = answers.find(told_N["response"])
    tokens = np.full(int(np.prod(answers.shape)), np.nan)
    tokens[place_N[place_N >= 0]] = told_N["tokens"][place_N >= 0]
    for model, tokens_LPS in zip(manifest.models, tokens.reshape(answers.shape), strict=True):
        row = Estimate(metric="", model=model, level=level)
        yield from token_premiums(
            tokens_LPS[..., 0], manifest.languages, reference=manifest.reference, row=row
        )


def sizes_of(manifest: Manifest, kind: str, categories: Sequence[str]) -> tuple[int, ...] | None:
    """Return how many prompts the source has in each category, None where all of them were taken."""
    sizes = manifest.source.sizes.get(kind)
    return None if sizes is None else tuple(sizes.get(name, 0) for name in categories)


def read_traits(store: Store, answers: AnswersByNumber) -> tuple[Bytes, Bytes, Bytes]:
    """Return what the checks say of answers: invalid, in English, and cut off, -1 where it is not known."""
    told = np.full((3, int(np.prod(answers.shape))), -1, dtype=np.int8)
    for rows in trait_columns(store, VERSION, ENGLISH):
        place_I = answers.find(rows.response)
        pick = place_I >= 0
        codes = [_INVALID_CODE[reason] for reason in rows.invalid]
        columns = np.array([codes, rows.in_language, rows.truncated], dtype=np.int8)
        told[:, place_I[pick]] = columns[:, pick]
    invalid, english, truncated = told.reshape(3, *answers.shape)
    return invalid, english, truncated
