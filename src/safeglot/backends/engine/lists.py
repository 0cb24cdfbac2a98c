"""Models that take requests in lists and give the replies later, each made into one that answers one request.

So the engine's store, retries, budgets and breakers stay the only ones: it waits for many replies.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from safeglot.errors import ModelError, Stopped
from safeglot.keys import request_key
from safeglot.types import Reply, Request

Asked: TypeAlias = tuple[str, Request]
"""The key of a request, 32 hex digits, and the request."""
Told: TypeAlias = tuple[str, Reply | ModelError]
"""The key of a request, and what came of it."""
_LEAST_S = 0.01
"""The least pause between two looks at whether a list may go."""
_TOGETHER = 256
"""Replies that are given out before those who waited for them go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A list that is not done."""

    done: int = 0
    """Requests of it that are."""
    after_s: float | None = None
    """When its service wants to be asked again, where it says so."""


class PartOfList(list[Told]):
    """What came of some requests of a list, while its others are at work: the next look brings more."""


class ListModel(Protocol):
    """What takes requests in lists: a batch API, a cluster."""

    most: int
    """The most requests of a list."""
    most_bytes: int
    """The largest sum of `size`; 0 where that does not matter."""

    def size(self, asked: Asked) -> int:
        """Return the bytes of one request in a list; asked only where there is a largest sum."""

    async def submit(self, asked: Sequence[Asked]) -> str:
        """Return the ticket of a list. Raises: ModelError, which all its requests then raise; Stopped."""

    async def poll(self, ticket: str) -> Iterable[Told] | Running:
        """Return what came of a list, once it is done, or of a part; it may itself wait until then.

        A key that is left out failed for the moment. Raises: ModelError, which all its requests
        then raise; Stopped.
        """

    async def close(self) -> None:
        """Free what it holds."""


class ListedModel:
    """Gathers single requests into lists: a list goes when it is full, or when nothing more comes."""

    def __init__(self, lists: ListModel, *, quiet_s: float = 0.0, wait_s: float = 0.0) -> None:
        self.lists = lists
        self.quiet_s = quiet_s
        """How long nothing more is asked before a list goes that is not full."""
        self.wait_s = wait_s
        """The pause before the next look at a list that is not done."""
        self.others_idle: Callable[[], bool] = lambda: True
        """Returns whether nothing else is in flight that may bring further requests."""
        self.end_lane: Callable[[str], Stopped] = Stopped
        """Ends the way to it, where it gives up, and returns what is then raised."""
        self._gathered: dict[str, tuple[Request, int]] = {}
        self._futures: dict[str, asyncio.Future[Reply]] = {}
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._asked_at = 0.0
        self.tasks: set[asyncio.Task[None]] = set()
        """One for each list under way."""

    @property
    def notes(self) -> Sequence[str]:
        """What was noticed and should be said once."""
        return tuple(getattr(self.lists, "notes", ()))

    async def close(self) -> None:
        """Give up what is waited for; a service goes on with it."""
        if self._timer is not None:
            self._timer.cancel()
        for task in (tasks := list(self.tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.lists.close()

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request, which goes with others. Raises: ModelError; Stopped."""
        return await self.answered(request_key(request), request)

    async def answered(self, key: str, request: Request) -> Reply:
        """Return the reply to a request under its key; equal ones that wait are asked once."""
        if (future := self._futures.get(key)) is not None:
            return await asyncio.shield(future)
        future = self._futures[key] = asyncio.get_running_loop().create_future()
        self.take(key, request)
        return await future

    def turn_away(self, stop: BaseException) -> None:
        """Raise an error in all who wait and whose list has not gone: nothing more is asked."""
        gathered, self._gathered = self._gathered, {}
        for key in gathered:
            self._settle(key, stop)

    # ---- gathering

    def take(self, key: str, request: Request) -> None:
        """Put a request into the next list."""
        size = self.lists.size((key, request)) if self.lists.most_bytes else 0
        self._gathered[key] = request, size
        self._bytes += size
        is_full = len(self._gathered) >= self.lists.most or self._bytes > self.lists.most_bytes > 0
        if is_full and self.may_send():
            self._send()
        self.look_later()

    def look_later(self) -> None:
        """Have a look once nothing more is asked."""
        loop = asyncio.get_running_loop()
        self._asked_at = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self.quiet_s, self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        left_s = self._asked_at + self.quiet_s - loop.time()
        is_quiet = left_s <= 0 and self.is_quiet()
        if is_quiet:
            self.on_quiet()
            while self._gathered and self.may_send():
                self._send()
        if self._gathered or not is_quiet:
            self._timer = loop.call_later(max(left_s, self.quiet_s / 4, _LEAST_S), self._look)

    def may_send(self) -> bool:
        """Return whether a list may go now."""
        return True

    def is_quiet(self) -> bool:
        """Return whether a list may go that is not full."""
        return True

    def on_quiet(self) -> None:
        """Do what has waited for a moment in which nothing more is asked."""

    def _send(self) -> None:
        """Send as much of what is gathered as one list may hold."""
        now: list[Asked] = []
        room = self.lists.most_bytes or self._bytes
        for key, (request, size) in self._gathered.items():
            if now and (len(now) >= self.lists.most or size > room):
                break
            now.append((key, request))
            room -= size
            self._bytes -= size
        for key, _ in now:
            del self._gathered[key]
        self.start(now)

    # ---- the way of one list

    def start(self, asked: Sequence[Asked], ticket: str = "") -> None:
        """Begin to carry a list, or to wait for one that went before under a ticket."""
        task = asyncio.get_running_loop().create_task(self._carry(list(asked), ticket))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _carry(self, asked: list[Asked], ticket: str) -> None:
        keys = {key for key, _ in asked}
        try:
            ticket = ticket or await self.submitted(asked)
            asked.clear()
            while isinstance(told := await self.told(ticket), PartOfList):
                await self._give_out(told, keys)
            keys = self.due(ticket, keys)
            await self._give_out(told, keys)
            why = f"{self.called(ticket)} is done and holds no reply to this request"
            error: BaseException = ModelError("malformed", why)
        except asyncio.CancelledError:
            raise
        except BaseException as raised:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            error, keys = raised, self.due(ticket, keys)
        for key in keys:
            self._settle(key, error)
        self.finished(ticket)

    def called(self, ticket: str) -> str:
        """Return what people are told of a list."""
        return f"the list {ticket}"

    def finished(self, ticket: str) -> None:
        """Note that nothing more comes of a list, "" for one that did not go."""

    async def _give_out(self, told: Iterable[Told], keys: set[str]) -> None:
        for n, (key, result) in enumerate(told, 1):
            if key in keys:  # any other is none that was asked, or came twice
                keys.discard(key)
                self._settle(key, result)
            if n % _TOGETHER == 0:
                await asyncio.sleep(0)

    def due(self, ticket: str, keys: set[str]) -> set[str]:  # noqa: ARG002 - for those who know more
        """Return the keys of a list that are waited for and have no reply yet."""
        return keys

    async def submitted(self, asked: Sequence[Asked]) -> str:
        """Return the ticket of a list that was submitted."""
        return await self.lists.submit(asked)

    async def told(self, ticket: str) -> Iterable[Told]:
        """Return what came of a list, once it is done."""
        while True:
            told = await self.lists.poll(ticket)
            if not isinstance(told, Running):
                return told
            await asyncio.sleep(self.wait_s if told.after_s is None else told.after_s)

    def _settle(self, key: str, result: Reply | BaseException) -> None:
        future = self._futures.pop(key, None)
        if future is None or future.done():  # nobody waits any more
            return
        if isinstance(result, Reply):
            future.set_result(result)
        elif isinstance(result, ModelError):  # each notes its own attempts in it
            future.set_exception(copy.copy(result))
        else:
            future.set_exception(result)
