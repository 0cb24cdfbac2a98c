"""What a run may ask for once more or has asked in batches, and the prompts that belong to texts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from safeglot.backends.store.records import prompt_of
from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.store import Store
from safeglot.types import Prompt

Try: TypeAlias = tuple[str, str, int, int]
"""(stage, name of the step, number of the text or answer, sample)."""

_SQL = named(__package__, "tries.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """A batch that was given to a service, some of whose replies are not stored."""

    id: int
    model: str
    address: str
    ticket: str
    """The service's name of it, "" where it is not known whether the service has it."""
    requests: int
    began: float
    """Seconds of Unix time."""
    left: int
    """Requests whose replies are not stored."""


def failed_tries(store: Store, *, final: bool) -> set[Try]:
    """Return what failed in a way that another try may mend; with `final` all that failed."""
    return set(store.rows(_SQL["failed"] if final else f"{_SQL['failed']} AND transient = 1"))


def count_thoughts_only(store: Store, name: str) -> tuple[int, int]:
    """Return how many replies of a target held a thought only, and how many failed of anything else."""
    return next(iter(store.rows(_SQL["thoughts"], (name,))))


def is_keyed(store: Store) -> bool:
    """Return whether an earlier version kept the judges' replies, under the keys of their requests."""
    return store.holds(_SQL["old"])


def prompts_by_id(store: Store, ids: Iterable[str]) -> dict[str, Prompt]:
    """Return the prompts of some ids."""
    rows = store.rows(_SQL["prompts"], (json.dumps(list(ids)),))
    return {row[0]: prompt_of(row) for row in rows}


def forget_reply(store: Store, key: str) -> None:
    """Forget a reply, so that the next one takes its place."""
    store.write("forgotten_replies", [(key,)])


def count_momentary(store: Store, stages: Sequence[str]) -> int:
    """Return how many requests of some stages failed in a way that another try may mend."""
    marks = ",".join("?" * len(stages))
    query = f"SELECT COUNT(*) FROM failures WHERE transient = 1 AND stage IN ({marks})"  # noqa: S608 - only marks
    return store.count(query, stages)


# ---- batches


def open_batches(store: Store) -> list[OpenBatch]:
    """Return the batches some of whose replies are not stored."""
    names = ("id", "model", "address", "ticket", "requests", "began", "left")
    return [OpenBatch(**dict(zip(names, row, strict=True))) for row in store.rows(_SQL["open"])]


def batch_keys(store: Store, batch: int) -> list[str]:
    """Return the keys of those requests of a batch whose replies are not stored."""
    return [key for (key,) in store.rows(_SQL["keys"], (batch,))]


def begin_batch(store: Store, model: str, address: str, keys: Sequence[str]) -> OpenBatch:
    """Return a batch that is about to be given to a service; it is stored before."""
    store.flush()  # keys that are forgotten go first
    began, number, n = time.time(), store.numbers("batches"), len(keys)
    store.write("batches", [(number, model, address, "", "sending", n, began, None)])
    store.write("batch_requests", ((key, number) for key in keys))
    return OpenBatch(
        id=number, model=model, address=address, ticket="", requests=n, began=began, left=n
    )


def note_ticket(store: Store, batch: int, ticket: str) -> None:
    """Store the service's name of a batch, which it has."""
    store.write("submitted_batches", [(ticket, batch)])


def note_end(store: Store, batch: int, state: Literal["ended", "gone"]) -> None:
    """Store how a batch ended; of one that is gone no reply will come."""
    if state == "gone":
        store.write("forgotten_requests_of", [(batch,)])
    store.write("ended_batches", [(state, time.time(), batch)])


def forget_request(store: Store, key: str) -> None:
    """Queue that a request of a batch has its reply or failure, which is queued with it."""
    store.put("forgotten_batch_requests", (key,))
