"""Off-topic answers: the cosines of a draw of answers with their prompts, filled in and read."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Sequence

import numpy as np

from safeglot.backends.console import Console
from safeglot.backends.encoders import use
from safeglot.backends.encoders.cosines import Cosines
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.arrays import AnswersByNumber
from safeglot.backends.store.prompts import Prompts
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import prompt_labels
from safeglot.backends.store.traits import STAGE, cosine_columns, has_cosines, lacking, text_pairs
from safeglot.config import registry
from safeglot.errors import Stopped, UsageError
from safeglot.score.answers.off_topic import THRESHOLD
from safeglot.score.answers.sheet import Topics
from safeglot.text.languages import primary

PROMPTS = 300
"""That are drawn, the same in every language and for every model: 300 texts take a CPU second."""
BLOCK = 200
"""Answers that are embedded and written at a time."""
ENCODER = use.UseEncoder.id


def fill(store: Store, manifest: Manifest, console: Console | None = None) -> str:
    """Return why cosines are lacking, "" where none is, having filled in those that were.

    What is embedded is kept, however this ends. Raises: Stopped where it is interrupted.
    """
    covered = [tag for tag in manifest.languages if is_covered(tag)]
    if not covered:
        return ""
    answers = lacking(
        store, ENCODER, drawn(p.id for p in prompt_labels(store) if p.kind == "harmful"), covered
    )
    if not answers:
        return ""
    try:
        encoder = registry.encoder()
    except UsageError as error:
        return str(error)
    if encoder is None:
        return f"the encoder is not installed ({use.INSTALL})"
    try:
        _embed(store, Cosines(encoder), answers, console or Console(quiet=True))
    except KeyboardInterrupt:
        raise Stopped(
            f"interrupted.\nThe cosines of answers so far stay in {store.path.parent}. Run the same "
            f"command again, or `safeglot score {store.path.parent}`, to go on from there."
        ) from None
    return ""


def _embed(store: Store, cosines: Cosines, answers: Sequence[int], console: Console) -> None:
    step = store.step(STAGE, ENCODER)
    with console.counting("answers embedded", len(answers)) as show:
        for start in range(0, len(answers), BLOCK):
            block = answers[start : start + BLOCK]
            values = cosines.of(text_pairs(store, block))
            rows = [(number, step, value) for number, value in zip(block, values, strict=True)]
            store.write("cosines", rows)
            show(start + len(block))


def is_covered(tag: str) -> bool:
    """Return whether the encoder knows a language."""
    return primary(tag) in use.LANGUAGES


def drawn(harmful: Iterable[str]) -> frozenset[str]:
    """Return the harmful prompts whose answers are measured: those with the lowest hashes of their ids."""
    return frozenset(heapq.nsmallest(PROMPTS, harmful, key=_turn))


def _turn(name: str) -> bytes:
    return hashlib.blake2b(b"off-topic:" + name.encode(), digest_size=8).digest()


def topics_of(
    store: Store,
    manifest: Manifest,
    answers: AnswersByNumber,
    prompts: Prompts,
    *,
    lacks: str = "",
) -> Topics:
    """Return which of the drawn answers are off topic; `lacks` is what `fill` returned."""
    off_MLP = np.full(answers.shape[:3], -1, dtype=np.int8)
    flat = off_MLP.reshape(-1)
    for rows in cosine_columns(store, ENCODER):
        place_I = answers.find(rows.response)
        first_I = (place_I >= 0) & (place_I % answers.shape[3] == 0)
        off_I = np.array(rows.cosine)[first_I] < THRESHOLD
        flat[place_I[first_I] // answers.shape[3]] = off_I
    drawn_P = np.zeros(len(prompts.ids), dtype=np.bool_)
    drawn_P[list(prompts.places(drawn(prompts.of_kind("harmful").ids)).values())] = True
    off_MLP[:, :, ~drawn_P] = -1
    return Topics(
        off_MLP=off_MLP,
        drawn_P=drawn_P,
        covered_L=np.array([is_covered(tag) for tag in manifest.languages], dtype=np.bool_),
        encoder=ENCODER,
        lacks=lacks,
    )


def identity(store: Store) -> str:
    """Return what tells cosines from others: the encoder and the threshold; "" where there are none."""
    return f"{ENCODER}<{THRESHOLD}" if has_cosines(store) else ""
