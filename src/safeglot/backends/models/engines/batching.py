"""Batches of the requests that wait together, for models that run in this process.

The batches run in one thread of their own, one after another; while one runs, the next gathers.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from safeglot.backends.models.ending import closed
from safeglot.backends.models.engines.thread import ModelThread
from safeglot.errors import ModelError
from safeglot.types import Reply, Request

Run: TypeAlias = Callable[[list[Request]], Sequence[Reply | ModelError]]
"""Answers a batch, sorted by size: one reply or error a request, in their order."""

_QUIET_S = 0.003
_LONGEST_WAIT_S = 0.05
"""A batch is closed once its first request has waited for so long, too."""


class Batcher:
    """Answers requests in batches of similar size.

    A batch holds the request that has waited longest and those nearest to it in size, as long as
    their number times the largest size is at most `most`; one that is larger runs alone. `run` is
    called in a thread. What `size` raises, the caller of `answer` gets. `quiet_s` is how long no
    request may have come before a batch is closed; at 0 it is what waits.
    """

    def __init__(
        self, run: Run, *, most: int, size: Callable[[Request], int], quiet_s: float = _QUIET_S
    ) -> None:
        self._size = size
        self._pool = _Pool(run=run, most=most, quiet_s=quiet_s)
        self._finalizer = weakref.finalize(self, self._pool.stop)
        self._finalizer.atexit = False  # the pool sees to that

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request. Raises: ModelError."""
        loop = asyncio.get_running_loop()
        call = _Pending(
            request=request, size=self._size(request), loop=loop, done=loop.create_future()
        )
        self._pool.submit(call)
        return await call.done

    async def close(self) -> None:
        """Wait for the batch that runs, and refuse those that wait. It can be called twice."""
        await asyncio.to_thread(self._finalizer)


class BatchedModel:
    """A model of this process: requests that wait together are one batch, and what it loads it frees.

    A subclass sets `_batcher`, and keeps what it loads in a cached property of the name `loads`.
    """

    loads: ClassVar[str] = "_engine"
    _batcher: Batcher

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request. Raises: ModelError."""
        return await self._batcher.answer(request)

    async def close(self) -> None:
        """Wait for the running batch and free the model. It can be closed twice, not used again."""
        await self._batcher.close()
        self.__dict__.pop(self.loads, None)


def prompt_size(request: Request) -> int:
    """Return the characters of a request's prompt, and one more: none is free."""
    return 1 + len(request.prompt or "")


@dataclass(slots=True, eq=False, kw_only=True)
class _Pending:
    request: Request
    size: int
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Reply]


class _Pool(ModelThread):
    """The calls that wait, and the thread that takes them."""

    def __init__(self, *, run: Run, most: int, quiet_s: float) -> None:
        super().__init__("batches", "a batch")
        self.run = run
        self.most = most
        self.quiet_s = quiet_s
        self.waiting: list[_Pending] = []

    def submit(self, call: _Pending) -> None:
        """Queue a call. Raises: ModelError after `stop`."""
        with self.changed:
            self.begin()
            self.waiting.append(call)
            if len(self.waiting) == 1:  # the worker sleeps only while nothing waits
                self.changed.notify()

    def refuse(self) -> None:
        """Refuse the calls that wait; nothing is begun any more."""
        with self.changed:
            left, self.waiting = self.waiting, []
        _settle(left, [closed() for _ in left])

    def run_calls(self) -> None:
        """Answer calls, batch by batch, until `stopping` is set."""
        while calls := self._next():
            ready = [call for call in calls if not call.done.cancelled()]
            if ready:
                _settle(ready, self._replies(ready))

    def _next(self) -> list[_Pending]:
        """Return the next batch of calls, once there are any; empty at the end."""
        with self.changed:
            while not self.waiting and not self.stopping:
                self.changed.wait()
            self._gather()
            if self.stopping:
                return []
            batch = choose([call.size for call in self.waiting], self.most)
            taken = [self.waiting[place] for place in batch]
            left = set(range(len(self.waiting))).difference(batch)
            self.waiting = [self.waiting[place] for place in sorted(left)]
            return taken

    def _gather(self) -> None:
        """Give requests that are on their way a moment to come."""
        end = time.monotonic() + _LONGEST_WAIT_S
        while self.quiet_s and not self.stopping and time.monotonic() < end:
            before = len(self.waiting)
            if sum(call.size for call in self.waiting) > self.most:
                return
            self.changed.wait_for(lambda: self.stopping, timeout=self.quiet_s)
            if len(self.waiting) == before:
                return

    def _replies(self, calls: Sequence[_Pending]) -> Sequence[Reply | ModelError]:
        try:
            replies = self.run([call.request for call in calls])
        except ModelError as error:
            return [_copy(error) for _ in calls]
        except Exception as error:  # noqa: BLE001 - it must reach those who wait, not end the thread
            fault = f"{type(error).__name__}: {error}"
            return [ModelError("engine", fault) for _ in calls]
        if len(replies) == len(calls):
            return replies
        fault = f"the model gave {len(replies)} replies to {len(calls)} requests"
        return [ModelError("engine", fault) for _ in calls]


def choose(sizes: Sequence[int], most: int) -> list[int]:
    """Return the places of a batch, by size: the first, and those nearest to it that fit.

    `most` bounds the number of items times the largest size, which is what padding costs.
    """
    if not sizes:
        return []
    order = sorted(range(len(sizes)), key=lambda place: (sizes[place], place))
    low = high = bisect_left(order, (sizes[0], 0), key=lambda place: (sizes[place], place))
    while True:
        below = sizes[0] - sizes[order[low - 1]] if low else None
        above = sizes[order[high + 1]] - sizes[0] if high + 1 < len(order) else None
        wide = high - low + 2
        if above is not None and (below is None or above <= below):
            if wide * sizes[order[high + 1]] <= most:
                high += 1
                continue
            above = None
        if low and wide * sizes[order[high]] <= most:
            low -= 1
            continue
        return order[low : high + 1]


def _settle(calls: Sequence[_Pending], replies: Sequence[Reply | ModelError]) -> None:
    """Hand a batch over in one go: waking a loop for each reply costs more than the reply."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Pending, Reply | ModelError]]] = {}
    for call, reply in zip(calls, replies, strict=True):
        by_loop.setdefault(call.loop, []).append((call, reply))
    for loop, pairs in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_deliver, pairs)


def _deliver(pairs: Sequence[tuple[_Pending, Reply | ModelError]]) -> None:
    for call, reply in pairs:
        if call.done.done():
            continue
        if isinstance(reply, ModelError):
            call.done.set_exception(reply)
        else:
            call.done.set_result(reply)


def _copy(error: ModelError) -> ModelError:
    """Return a copy: each request needs an error of its own, since the engine counts attempts on it."""
    return ModelError(error.kind, error.message, transient=error.transient)
