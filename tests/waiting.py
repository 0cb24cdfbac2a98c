"""Waiting for what happens instead of for a time.

HANG_S ends what would hang for ever. Nothing is expected to come near it, on a busy machine either.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

HANG_S = 600.0
_PAUSE_S = 0.01


def until(happened: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + HANG_S
    while not happened():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(_PAUSE_S)


async def soon(happened: Callable[[], object]) -> None:
    """Wait until something is so, and let the event loop go on meanwhile."""
    end = time.monotonic() + HANG_S
    while not happened():
        assert time.monotonic() < end, "what was waited for did not happen"
        await asyncio.sleep(_PAUSE_S)


def cpu_s(*pids: int) -> float:
    """Return the processor time that processes have used; of Linux."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
