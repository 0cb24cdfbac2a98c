"""The first replies of a target: where all of them are thoughts only, the rest is not paid for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from safeglot.errors import Stopped

FIRST = 4
"""Requests that are sent before one reply is known to be more than a thought."""
PATIENCE_S = 3.0
"""For so long the others wait: a slow server is not to be asked one by one."""


@dataclass(slots=True)
class _First:
    admitted: int = 0
    began: float = field(default_factory=time.monotonic)
    thoughts: int = 0
    known: bool = False
    """Whether a reply was anything else than a thought only."""


@dataclass(slots=True)
class FirstReplies:
    """Holds the requests to a target back until its first replies say that it has room to answer."""

    known: Collection[str] = ()
    """Targets that have given an answer in an earlier session."""
    patience_s: float = PATIENCE_S
    _of: dict[str, _First] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _why: str = ""

    async def enter(self, target: str) -> None:
        """Wait until a target may be sent one more request. Raises: Stopped."""
        first = self._first(target)
        while not self._why and not first.known and first.admitted >= FIRST:
            left_s = first.began + self.patience_s - time.monotonic()
            if left_s <= 0:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left_s)
        if self._why:
            raise Stopped(self._why, again=False)
        first.admitted += 1

    def stop(self, why: str) -> None:
        """Turn away those who wait, since the run stops."""
        self._why = self._why or why
        self._wake()

    def answered(self, target: str) -> None:
        """Note a reply that is more than a thought, or an error that says nothing of thoughts."""
        first = self._first(target)
        if not first.known:
            first.known = True
            self._wake()

    def thought_only(self, target: str, most_tokens: int) -> None:
        """Note a reply that is a thought only. Raises: Stopped where the first ones all are."""
        first = self._first(target)
        first.thoughts += 1
        if first.thoughts >= FIRST and not first.known:
            self._why = (
                f"{target}: its first {first.thoughts} replies hold a thought and no answer: the "
                f"limit of {most_tokens} tokens ends before the answer begins, so the rest is not "
                "asked. Give the thought room, as in --thought-tokens 4000 (tokens on top of "
                "--max-tokens), or raise --max-tokens itself."
            )
            self._wake()
            raise Stopped(self._why, again=False)

    def _first(self, target: str) -> _First:
        if target not in self._of:
            self._of[target] = _First(known=target in self.known)
        return self._of[target]

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
