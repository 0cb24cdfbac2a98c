"""The event loop that servers are asked in: uvloop's where it is installed, else Python's own."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import importlib.util
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")
LOOK_AGAIN_S = 0.1
_apart: set[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = set()
"""What runs outside the main thread, which Ctrl-C alone does not reach."""


def run(main: Coroutine[Any, Any, T], *, proxied: bool = False) -> T:
    """Return what a coroutine returns, as asyncio.run does, Ctrl-C included.

    Through a proxy it is always Python's own loop: one in twenty times uvloop waits for ever at its
    end where a proxy refused a connection for TLS (uvloop 0.23).
    """
    with asyncio.Runner(loop_factory=None if proxied else _factory()) as runner:
        is_main = threading.current_thread() is threading.main_thread()
        return runner.run(main if is_main else _reachable(main))


def apart(work: Callable[[], T]) -> T:
    """Return what `work` returns, in a thread of its own where a loop runs here already (a notebook).

    An interrupt cancels what `work` awaits, and is raised once it has ended.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    future: Future[T] = Future()
    context = contextvars.copy_context()  # a notebook's output goes to the cell that asked
    thread = threading.Thread(target=_settle, args=(future, context, work), name="apart")
    try:
        thread.start()
        return future.result()
    except KeyboardInterrupt:
        if thread.ident is None:
            raise
        _cancel_until_done(future)
        return future.result()
    finally:
        if thread.ident is not None:
            thread.join()


def _settle(future: Future[T], context: contextvars.Context, work: Callable[[], T]) -> None:
    try:
        future.set_result(context.run(work))
    except BaseException as error:  # noqa: BLE001 - whoever waits gets it
        future.set_exception(error)


def _cancel_until_done(future: Future[T]) -> None:
    """Cancel what runs in other threads, once each, until the work has ended."""
    cancelled: set[asyncio.Task[Any]] = set()
    while not future.done():
        for loop, task in tuple(_apart):
            if task not in cancelled:
                cancelled.add(task)
                with contextlib.suppress(RuntimeError):  # its loop is closed by now
                    loop.call_soon_threadsafe(task.cancel)
        wait([future], timeout=LOOK_AGAIN_S)


async def _reachable(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    here = (asyncio.get_running_loop(), task)
    _apart.add(here)
    try:
        return await main
    finally:
        _apart.discard(here)


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop
