"""The end of a process with threads that may be inside C++.

It must not go through it: what computes on faults where C++ has taken its tables away, and a
thread that comes back to Python (before 3.14) is unwound, which aborts where C++ catches that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from safeglot.errors import ModelError, SafeglotError, Stopped

_SILENT_S, _LONGEST_S = 5.0, 300.0
"""Seconds after which a message says what is waited for, and after which waiting ends."""


def wait_or_leave(what: str, stop: Callable[[float], int]) -> None:
    """Stop threads before the process ends; leave at once where they do not end, or at Ctrl-C.

    `stop` gives them so many seconds and returns how many are left.
    """
    try:
        left = stop(_SILENT_S)
        if left:
            _say(f"waiting for {what}: {left} in flight (Ctrl-C leaves at once)")
            left = stop(_LONGEST_S)
    except KeyboardInterrupt:  # whoever was waited for counts as ended now (CPython 3.11), but runs
        _leave(f"interrupted; {what} was in flight", Stopped.exit_code)
    if left:
        _leave(f"error: {what} does not end; left with {left} in flight", SafeglotError.exit_code)


def closed() -> ModelError:
    """Return the error of a request to a model that has been closed."""
    return ModelError("engine", "the model has been closed")


def _leave(why: str, code: int) -> NoReturn:
    _say(why)
    with suppress(Exception):  # nobody may read it any more
        sys.stdout.flush()
    os._exit(code)


def _say(text: str) -> None:
    with suppress(Exception):  # nobody may read it any more
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the process is at its end
