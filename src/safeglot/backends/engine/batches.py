"""A model behind a batch API, whose batches outlive this process: what was submitted stands in the store.

A batch and the keys of its requests are stored before they are sent. So the same command finds after
a kill what is under way, and nothing is submitted twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from safeglot.backends.engine.lists import Asked, ListedModel, ListModel, Running, Told
from safeglot.backends.store import tries
from safeglot.backends.store.store import Store
from safeglot.backends.store.tries import OpenBatch
from safeglot.errors import ModelError
from safeglot.keys import digest, request_key
from safeglot.types import Model, Reply, Request

AT_ONCE = 4
"""Requests of a model that are asked at once, at the full price, before any batch goes.

A wrong name or key, a refused setting or a thought without an answer shows now, not in a day.
"""
QUIET_S = 2.0
"""How long nothing more is asked before a batch goes that is not full."""
FIRST_PAUSE_S, LONGEST_PAUSE_S, PAUSES_GROW = 5.0, 300.0, 1.3
"""Pauses between two looks at a batch; most end within an hour, some take a day."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedList:
    """A batch that failed as a whole: none of its requests was asked."""

    error: ModelError


class BatchService(ListModel, Protocol):
    """A batch API."""

    address: str

    async def submit(self, asked: Sequence[Asked], mark: str = "") -> str:
        """Return the service's name of a new batch. Raises: ModelError."""

    async def poll(self, ticket: str) -> Iterable[Told] | Running | FailedList:  # type: ignore[override]
        """Return what came of a batch. Raises: ModelError, of kind not_found where it is not known."""

    async def find(self, mark: str, batch: OpenBatch) -> str:
        """Return the service's name of a batch that may not have come to it, "" where it has none."""


@dataclass(slots=True, kw_only=True)
class Desk:
    """What a model's batches are kept and told with."""

    store: Store
    model: str
    """The model's id."""
    say: Callable[[str], None] = lambda _note: None
    patience_s: float = 600.0
    """How long a service that does not answer is waited for."""
    first_pause_s: float = FIRST_PAUSE_S
    is_new: bool = True
    """Whether new batches are submitted; else only those under way are waited for."""


@dataclass(slots=True)
class _UnderWay:
    """One batch of this process or an earlier one."""

    batch: OpenBatch
    ticket: str
    done: int = 0
    followed: bool = False


class BatchModel(ListedModel):
    """Answers by batches; the first requests, and those that no batch takes, are asked at once."""

    lists: BatchService

    def __init__(
        self, service: BatchService, now: Model, desk: Desk, *, quiet_s: float = QUIET_S
    ) -> None:
        super().__init__(service, quiet_s=quiet_s)
        self._now = now
        self._desk = desk
        self._first = AT_ONCE
        """Requests that are still to be asked at once."""
        self._asking = 0
        self._smaller = False
        """Whether the service takes no more at present, so that one batch goes after the other."""
        self._batches: dict[str, _UnderWay] = {}
        """By our own numbers."""
        self._of: dict[str, str] = {}
        """Key of a request -> the number of the batch that it is in."""
        for batch in tries.open_batches(desk.store):
            if (batch.model, batch.address) == (desk.model, service.address):
                self._add(batch, tries.batch_keys(desk.store, batch.id))

    def _add(self, batch: OpenBatch, keys: Iterable[str]) -> str:
        number = str(batch.id)
        self._batches[number] = _UnderWay(batch, batch.ticket)
        self._of.update(dict.fromkeys(keys, number))
        return number

    @property
    def holds_any(self) -> bool:
        """Whether batches of an earlier process have replies to come."""
        return bool(self._of)

    @property
    def notes(self) -> Sequence[str]:
        """What was noticed of the server and should be said once."""
        return getattr(self._now, "notes", ())

    @property
    def under_way(self) -> tuple[int, int, int]:
        """How many batches are waited for, with how many requests, and how many of these are done."""
        waited = [b for b in self._batches.values() if b.followed]
        return len(waited), sum(b.batch.requests for b in waited), sum(b.done for b in waited)

    async def close(self) -> None:
        """Give up what is waited for; the service goes on with it."""
        await super().close()
        await self._now.close()

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request. Raises: ModelError; Stopped."""
        key = request_key(request)
        if key not in self._of and self._is_asked_at_once(request):
            return await self._at_once(request)
        try:
            reply = await self.answered(key, request)
        except ModelError:
            self._forget(key)
            raise
        self._forget(key)  # in one transaction with the reply: the caller stores it before it waits
        return reply

    def _is_asked_at_once(self, request: Request) -> bool:
        return self._first > 0 or not self._desk.is_new or request.prompt is not None

    async def _at_once(self, request: Request) -> Reply:
        self._asking += 1
        self._first -= 1
        try:
            return await self._now.answer(request)
        except ModelError as error:
            self._first += error.kind != "blocked"  # it is to be seen whether the model answers
            raise
        finally:
            self._asking -= 1

    def _forget(self, key: str) -> None:
        if self._of.pop(key, None) is not None:
            tries.forget_request(self._desk.store, key)

    # ---- gathering

    def take(self, key: str, request: Request) -> None:
        """Put a request into the next batch, but for one that is in a batch already."""
        if key in self._of:
            self.look_later()
        else:
            super().take(key, request)

    def may_send(self) -> bool:
        """Return whether a batch may go now."""
        return not self._asking and not (self._smaller and self.tasks)

    def is_quiet(self) -> bool:
        """Return whether a batch may go that is not full: nothing else may bring more for it."""
        return self.others_idle()

    def on_quiet(self) -> None:
        """Wait for earlier batches that hold what is asked now."""
        for number in dict.fromkeys(self._of[key] for key in self._futures if key in self._of):
            if not self._batches[number].followed:
                self._batches[number].followed = True
                self.start((), number)

    # ---- the way of one batch

    async def submitted(self, asked: Sequence[Asked]) -> str:
        """Return our number of a batch that was submitted, once the service has it. Raises: ModelError; Stopped."""
        desk, keys = self._desk, [key for key, _ in asked]
        batch = tries.begin_batch(desk.store, desk.model, self.lists.address, keys)
        number = self._add(batch, keys)
        mark = mark_of(batch, keys)

        async def submit() -> str:
            return await self.lists.submit(asked, mark)

        async def find_or_submit() -> str:
            return await self.lists.find(mark, batch) or await submit()

        try:
            ticket = await self._patiently(submit, find_or_submit)
        except ModelError:
            self._end(number, "gone")
            raise
        self._batches[number].ticket = ticket
        self._batches[number].followed = True
        tries.note_ticket(desk.store, batch.id, ticket)
        desk.say(f"{ticket}: {len(keys):,} requests of {desk.model} submitted as a batch")
        return number

    async def told(self, ticket: str) -> Iterable[Told]:
        """Return what came of a batch, by our number. Raises: ModelError; Stopped."""
        under_way = self._batches[ticket]
        if not under_way.ticket:
            await self._find(ticket)
        pause_s, name = self._desk.first_pause_s, under_way.ticket
        try:
            while True:
                told = await self._patiently(lambda: self.lists.poll(name))
                if not isinstance(told, Running):
                    break
                under_way.done = told.done
                await asyncio.sleep(pause_s if told.after_s is None else told.after_s)
                pause_s = min(LONGEST_PAUSE_S, pause_s * PAUSES_GROW)
        except ModelError as error:
            if error.kind != "not_found":
                raise self.end_lane(f"{error.message} {name} goes on at the service.") from None
            raise self._gone(
                ticket, f"{name} is not known to {self.lists.address} any more"
            ) from None
        if isinstance(told, FailedList):
            self._end(ticket, "gone")
            if told.error.kind == "rate_limited":
                self._take_less(under_way)
            raise told.error
        self._end(ticket, "ended")
        return told

    async def _find(self, number: str) -> None:
        """Find out the service's name of a batch that was under way to it. Raises: ModelError where it has none."""
        under_way = self._batches[number]
        keys = tries.batch_keys(self._desk.store, under_way.batch.id)
        mark = mark_of(under_way.batch, keys)
        ticket = await self._patiently(lambda: self.lists.find(mark, under_way.batch))
        if not ticket or any(ticket == b.ticket for b in self._batches.values()):
            raise self._gone(
                number, f"a batch that was being submitted did not come to {self.lists.address}"
            )
        under_way.ticket = ticket
        tries.note_ticket(self._desk.store, under_way.batch.id, ticket)

    def _gone(self, number: str, why: str) -> ModelError:
        """Return the error of each request of a batch that will give no reply, once it was said."""
        waiting = len(self.due(number, set()))
        self._desk.say(f"note: {why}; its {waiting:,} requests without a reply are submitted anew")
        self._end(number, "gone")
        return ModelError("server_error", why)

    def _take_less(self, under_way: _UnderWay) -> None:
        """Submit one batch after the other, or smaller ones where there was no other."""
        if len(self.tasks) == 1:
            self.lists.most = max(1, under_way.batch.requests // 2)
        self._smaller = True

    def _end(self, number: str, state: Literal["ended", "gone"]) -> None:
        tries.note_end(self._desk.store, self._batches[number].batch.id, state)
        if state == "gone":  # those who wait for one of its requests are told first
            waited = self._futures
            self._of = {k: n for k, n in self._of.items() if n != number or k in waited}

    def called(self, ticket: str) -> str:
        """Return what people are told of a batch: the service's name of it."""
        return self._batches[ticket].ticket

    def finished(self, ticket: str) -> None:
        """Note that nothing more comes of a batch; what nobody asked for stays with the service."""
        if ticket:
            self._batches[ticket].followed = False
            if self.due(ticket, set()):  # asked for while replies were given out
                self.look_later()

    def due(self, ticket: str, keys: set[str]) -> set[str]:
        """Return the keys of a batch that are waited for, those of an earlier one too."""
        if not ticket:
            return keys
        return {
            key for key, number in self._of.items() if number == ticket and key in self._futures
        }

    async def _patiently(
        self,
        ask: Callable[[], Awaitable[Result]],
        again: Callable[[], Awaitable[Result]] | None = None,
    ) -> Result:
        """Return what a service says, asked again while another try may help. Raises: ModelError; Stopped."""
        loop = asyncio.get_running_loop()
        began, pause_s = loop.time(), self._desk.first_pause_s
        while True:
            try:
                return await ask()
            except ModelError as error:
                if not error.transient:
                    raise
                waited_s = loop.time() - began
                if waited_s >= self._desk.patience_s:
                    why = f"{error.message} It was waited for {waited_s:.0f} s (--patience)."
                    raise self.end_lane(why) from None
                await asyncio.sleep(error.retry_after_s or pause_s)
                pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
                ask = again or ask


def mark_of(batch: OpenBatch, keys: Iterable[str]) -> str:
    """Return what tells a batch from others at the service; it is the same after a restart."""
    return digest("batch", batch.model, batch.began, batch.requests, min(keys))[:24]
