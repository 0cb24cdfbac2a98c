"""What is made in a thread of its own while pages are served, and made again later."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")
_MMAP_THRESHOLD, _LARGE_BYTES = -3, 262_144
"""The setting of glibc's mallopt, and from which size on a block goes back to the system when it is freed."""


class Background(Generic[Made]):
    """Makes a thing aside; what was made last stays until the next is whole."""

    def __init__(self, make: Callable[[Callable[[int, int], None]], Made]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._made: Made | None = None
        self._error: Exception | None = None
        self.done, self.of = 0, 0
        self.took_s = 0.0
        self.ended = 0.0

    def begin(self) -> None:
        """Begin, if it is not begun: another thread works on it."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    def result(self, wait_s: float) -> Made | None:
        """Return what was made last, waiting for the first; None where it is not there yet.

        Raises: what the making raised, once; the next call begins anew.
        """
        if self._made is None and self._thread is not None:
            self._thread.join(wait_s)
        error, self._error = self._error, None
        if error is not None:
            self.begin()
            raise error
        return self._made

    def is_stale(self, share: float) -> bool:
        """Return whether it may be made again: then it takes at most this share of the time."""
        return time.monotonic() - self.ended > self.took_s / share

    def _work(self) -> None:
        _give_back_large_blocks()
        began = time.monotonic()
        try:
            self._made = self._make(self._tell)
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            self._error = error
        self.ended = time.monotonic()
        self.took_s = self.ended - began

    def _tell(self, done: int, of: int) -> None:
        self.done, self.of = done, of


def _give_back_large_blocks() -> None:
    """Keep columns that were freed out of the process; with other C libraries nothing is done."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
