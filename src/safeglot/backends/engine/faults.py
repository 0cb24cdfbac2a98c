"""The fault boundary: what goes wrong in a step, a model or a row costs that row, not the run."""

from __future__ import annotations

import sqlite3
import traceback
from collections import Counter
from pathlib import Path

from safeglot.errors import ModelError, SafeglotError, Stopped

_PASSED = (SafeglotError, sqlite3.Error, MemoryError)
"""What has a meaning of its own: a limit, a full disk, no memory left."""
_MESSAGE_CHARS = 300


class Faults:
    """Turns exceptions into failures of one row, and counts those in a row."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._streaks: Counter[str] = Counter()

    def around(self, who: str) -> Boundary:
        """Return what the body is run in for `who`, a step or a model.

        Raises: ModelError of kind fault for what the body did not mean to raise; Stopped after
        too many of these in a row.
        """
        return Boundary(self, who)

    def passed(self, who: str) -> None:
        """Note that a body ended without a fault."""
        if self._streaks:
            self._streaks.pop(who, None)

    def turned(self, who: str, error: Exception) -> SafeglotError:
        """Return what is raised in place of a fault."""
        fault = _fault(who, error)
        self._streaks[who] += 1
        if self._streaks[who] < self._most:
            return fault
        return Stopped(
            f"{who}: stopped after {self._streaks[who]} faults in a row "
            f"({fault.message}). Nothing but this program or a plug-in can be the reason; "
            "please report it with this line."
        )


class Boundary:
    """Turns what a body does not mean to raise into a failure; written out, since each request passes several."""

    __slots__ = ("_faults", "_who")

    def __init__(self, faults: Faults, who: str) -> None:
        self._faults = faults
        self._who = who

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> None:
        """Raise a fault in place of an error that has no meaning of its own."""
        if error is None:
            self._faults.passed(self._who)
        elif isinstance(error, Exception) and not isinstance(error, _PASSED):
            raise self._faults.turned(self._who, error) from error


def _fault(who: str, error: Exception) -> ModelError:
    """Return an exception as a failure; it is transient, so that the same command tries it again."""
    said = f"{type(error).__name__}: {error}"
    if len(said) > _MESSAGE_CHARS:
        said = f"{said[:_MESSAGE_CHARS]}…"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return ModelError("fault", f"{who}: {said}{where}", transient=True)
