"""The fault boundary: what goes wrong in a step, a model or a row costs that row, not the run."""

from __future__ import annotations

import contextlib
import sqlite3
import traceback
from collections import Counter
from collections.abc import Iterator
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

    @contextlib.contextmanager
    def around(self, who: str) -> Iterator[None]:
        """Run the body for `who`, a step or a model.

        Raises: ModelError of kind fault for what the body did not mean to raise; Stopped after
        too many of these in a row.
        """
        try:
            yield
        except _PASSED:
            raise
        except Exception as error:
            fault = _fault(who, error)
            self._streaks[who] += 1
            if self._streaks[who] >= self._most:
                raise Stopped(
                    f"{who}: stopped after {self._streaks[who]} faults in a row "
                    f"({fault.message}). Nothing but this program or a plug-in can be the reason; "
                    "please report it with this line."
                ) from error
            raise fault from error
        else:
            self._streaks.pop(who, None)


def _fault(who: str, error: Exception) -> ModelError:
    """Return an exception as a failure; it is transient, so that the same command tries it again."""
    said = f"{type(error).__name__}: {error}"
    if len(said) > _MESSAGE_CHARS:
        said = f"{said[:_MESSAGE_CHARS]}…"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return ModelError("fault", f"{who}: {said}{where}", transient=True)
