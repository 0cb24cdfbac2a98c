"""The event loop that servers are asked in: uvloop's where it is installed, else Python's own."""

from __future__ import annotations

import asyncio
import contextvars
import importlib.util
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_apart: set[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = set()
"""What runs outside the main thread, which Ctrl-C alone does not reach."""


def run(main: Coroutine[Any, Any, T], *, proxied: bool = False) -> T:
    """Return what a coroutine returns, as asyncio.run does, Ctrl-C included.

    Through a proxy it is always Python's own loop: one in twenty times uvloop waits for ever at its
    end where a proxy refused a connection for TLS (uvloop 0.23).
    """
    with asyncio.Runner(loop_factory=None if proxied else _factory()) as runner:
        return runner.run(main if _is_main() else _reachable(main))


def apart(work: Callable[[], T]) -> T:
    """Return what `work` returns, in a thread of its own where a loop runs here already (a notebook).

    An interrupt cancels what `work` awaits, and is raised once it has ended.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    context = contextvars.copy_context()  # a notebook's output goes to the cell that asked
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(context.run, work)
        try:
            return future.result()
        except KeyboardInterrupt:
            for loop, task in tuple(_apart):
                loop.call_soon_threadsafe(task.cancel)
            return future.result()


async def _reachable(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    here = (asyncio.get_running_loop(), task)
    _apart.add(here)
    try:
        return await main
    finally:
        _apart.discard(here)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop
