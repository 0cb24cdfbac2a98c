"""Worker processes for long pure work: started quietly, gone with the process that started them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext

MOST = 8
"""Each worker holds some 40 MB, or 120 where they share nothing."""
SHARED = "safeglot.flow.preload"
"""The module whose memory the workers share, where they can."""
NONE_START = (OSError, EOFError, ImportError, NotImplementedError, BrokenProcessPool)
"""Errors of a machine on which processes cannot be started, or of a killed process."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def pool() -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of as many workers as there are cores; what is under way at the end is dropped.

    Workers are fresh interpreters, or copies of one (Linux): a fork of this process would copy
    open databases and threads.
    Raises: one of NONE_START, at the latest from the first result.
    """
    count = min(cores(), MOST)
    executor = ProcessPoolExecutor(count, mp_context=_context(), initializer=_begin)
    try:
        with _ignored():  # what is ignored is inherited
            for _ in range(count):
                executor.submit(int)  # each starts one
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _context() -> BaseContext:
    if sys.platform != "linux":  # there is no fork on Windows; macOS's libraries do not bear it
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([SHARED])
    return context


@contextlib.contextmanager
def _ignored() -> Iterator[None]:
    """Yield with Ctrl-C ignored: it reaches the workers too, which would each print a traceback."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    # a worker waits for work for ever where its parent was killed
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
