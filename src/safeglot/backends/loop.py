"""The event loop that servers are asked in: uvloop's where it is installed, else Python's own."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T], *, proxied: bool = False) -> T:
    """Return what a coroutine returns, as asyncio.run does, Ctrl-C included.

    Through a proxy it is always Python's own loop: one in twenty times uvloop waits for ever at its
    end where a proxy refused a connection for TLS (uvloop 0.23).
    """
    with asyncio.Runner(loop_factory=None if proxied else _factory()) as runner:
        return runner.run(main)


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop
