"""The tasks of a run: they end together, whichever comes first, their work or a stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any, TypeVar

from safeglot.backends.engine.engine import GRACE_S
from safeglot.errors import Stopped

In = TypeVar("In")


class Crew:
    """Tasks that may start further ones."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            error = task.exception()  # looked at always: else asyncio complains
            self._error = self._error or error
        if (self._error is not None or not self._tasks) and not self._ended.done():
            self._ended.set_result(None)

    async def finish(self) -> None:
        """Wait until all is done. Raises: the first exception of a task.

        On Stopped the others have `GRACE_S` to finish what is paid for; on anything else they are
        cancelled at once.
        """
        try:
            if self._tasks:
                await self._ended
            if isinstance(self._error, Stopped) and self._tasks:
                await asyncio.wait(self._tasks, timeout=GRACE_S)
            if self._error is not None:
                raise self._error
        finally:
            left = list(self._tasks)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


async def stream(items: Iterable[In], work: Callable[[In], Awaitable[None]], *, width: int) -> None:
    """Run `work` on every item with `width` workers that draw from one iterator.

    Raises: the first exception of a worker. On Stopped the others have `GRACE_S` to finish
    what is paid for; on anything else they are cancelled at once.
    """
    queue: Iterator[In] = iter(items)

    async def worker() -> None:
        for item in queue:
            await work(item)

    workers = [asyncio.ensure_future(worker()) for _ in range(width)]
    try:
        await asyncio.gather(*workers)
    except Stopped:
        await asyncio.wait(workers, timeout=GRACE_S)
        raise
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
