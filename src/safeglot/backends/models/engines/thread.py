"""The threads that a model of this process runs in."""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from safeglot.backends.models.ending import closed, wait_or_leave
from safeglot.types import Reply, Request

STOP_TIMEOUT_S = 60.0


@dataclass(slots=True, eq=False)
class ThreadCall:
    """One request on its way through a thread; once it is `left` nobody waits for it."""

    request: Request
    done: Future[Reply] = field(default_factory=Future)
    left: bool = False
    line: Any = None
    """What its engine has made of it."""


class ModelThread:
    """Threads, at most so many, that start with the calls and are waited for before the process ends.

    A subclass has `run_calls`, which returns once `stopping` is set; `changed` guards what all sides
    see.
    """

    def __init__(self, name: str, what: str, *, most: int = 1) -> None:
        self.changed = threading.Condition()
        self.stopping = False
        self.workers: list[threading.Thread] = []
        self._name = name
        self._what = what
        self._most = most

    def run_calls(self) -> None:
        """Answer calls until `stopping` is set."""
        raise NotImplementedError

    def begin(self) -> None:
        """Start a thread where there may be one more; `changed` is held. Raises: ModelError after `stop`."""
        if self.stopping:
            raise closed()
        if not self.workers:
            atexit.register(self.end)
        if len(self.workers) < self._most:
            # A daemon: a program can come to its end while a model is inside C++.
            worker = threading.Thread(target=self.run_calls, name=self._name, daemon=True)
            self.workers.append(worker)
            worker.start()

    def refuse(self) -> None:
        """Refuse the calls that wait; nothing is begun any more."""

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Return how many threads have not ended after a while; what waits is refused."""
        with self.changed:
            self.stopping = True
            self.changed.notify()
            workers = list(self.workers)
        self.refuse()
        # One deadline for all: the first may be the last to end.
        until = time.monotonic() + timeout_s
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
        left = sum(worker.is_alive() for worker in workers)
        if not left:
            atexit.unregister(self.end)
        return left

    def end(self) -> None:
        """Stop before the process ends."""
        wait_or_leave(self._what, self.stop)


class ThreadedModel:
    """A model that threads of this process answer for: `submit` queues a call."""

    def __init__(self, thread: ModelThread, submit: Callable[[ThreadCall], None]) -> None:
        self._submit = submit
        self._finalizer = weakref.finalize(self, thread.stop)
        self._finalizer.atexit = False  # the thread sees to that

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request. Raises: ModelError."""
        call = ThreadCall(request)
        self._submit(call)
        try:
            return await asyncio.wrap_future(call.done)
        finally:
            call.left = True

    async def close(self) -> None:
        """End the calls in flight and free the model. It can be closed twice, not used again."""
        await asyncio.to_thread(self._finalizer)
