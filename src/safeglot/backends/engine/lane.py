"""One endpoint's traffic: adaptive concurrency, pauses, and a breaker.

Concurrency grows by one a round of successes and halves on overload (AIMD: Chiu and Jain 1989).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import NoReturn

from safeglot.errors import ModelError, Stopped

_OVERLOAD = frozenset({"rate_limited", "timeout"})
_HOPELESS = frozenset({"auth", "not_found", "quota", "setting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The bounds of errors in a row that stop an endpoint; times are seconds without a success."""

    failures: int = 10
    new_s: float = 5.0
    """For an endpoint that never answered."""
    known_s: float = 60.0
    """For one that did: servers restart."""
    overload_s: float = 300.0
    rejected: int = 20
    """Requests in a row that the server refuses for good (status 400)."""


class Lane:
    """A queue in front of one endpoint."""

    def __init__(
        self, name: str, *, start: int, most: int, patience: Patience | None = None
    ) -> None:
        self.name = name
        self.limit = float(min(start, most))
        self.most = most
        self.in_flight = 0
        self._patience = patience or Patience()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._resume_at = 0.0
        self._cut_at = 0.0
        self._successes = 0
        self._streak_kind = ""
        self._streak = 0
        self._streak_since = 0.0
        self._stopped = ""

    async def enter(self) -> float:
        """Return the starting time of a slot, once one is free.

        Raises: Stopped where the breaker is open.
        """
        while self.in_flight >= int(self.limit) and not self._stopped:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except BaseException:
                self._forget(waiter)
                raise
        self.in_flight += 1
        try:
            await self._pause()
        except BaseException:
            self.leave()
            raise
        return time.monotonic()

    async def _pause(self) -> None:
        now = time.monotonic()
        while now < self._resume_at:  # a later Retry-After may move the end
            await asyncio.sleep(self._resume_at - now)
            now = time.monotonic()
        if self._stopped:
            raise Stopped(self._stopped)

    def _forget(self, waiter: asyncio.Future[None]) -> None:
        try:
            self._waiting.remove(waiter)
        except ValueError:  # woken and cancelled at once: pass the slot on
            self._wake()

    def leave(self) -> None:
        """Give the slot back."""
        self.in_flight -= 1
        self._wake()

    def _wake(self) -> None:
        free = int(self.limit) - self.in_flight
        while free > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1

    def succeeded(self) -> None:
        """Count an answer: the streak ends, the limit grows."""
        self._successes += 1
        self._streak = 0
        self._streak_kind = ""
        if self.limit < self.most:
            self.limit = min(float(self.most), self.limit + 1.0 / self.limit)

    def failed(self, error: ModelError, started: float) -> None:
        """Count a failed attempt: slow down on overload, stop after too many of the same.

        Raises: Stopped.
        """
        now = time.monotonic()
        if error.kind in _OVERLOAD and started >= self._cut_at:
            self.limit = max(1.0, self.limit / 2)
            self._cut_at = now
        if error.retry_after_s is not None:
            self._resume_at = max(self._resume_at, now + error.retry_after_s)
        if error.kind != self._streak_kind:
            self._streak_kind, self._streak, self._streak_since = error.kind, 0, started
        self._streak += 1
        if self._is_hopeless(now):
            self.stop(
                f"{self.name}: stopped after the same error {self._streak} times in a row "
                f"({error.kind}: {error.message})."
            )

    def stop(self, why: str) -> NoReturn:
        """Shut the lane. Raises: Stopped."""
        self.shut(why)
        raise Stopped(why)

    def shut(self, why: str) -> None:
        """Let nobody enter any more; those who wait are turned away, those inside may finish."""
        self._stopped = self._stopped or why
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def _is_hopeless(self, now: float) -> bool:
        kind, p = self._streak_kind, self._patience
        if kind == "blocked":
            return False
        if kind == "quota":
            return True
        if kind in _HOPELESS:
            return self._successes == 0 or self._streak >= p.failures
        if kind == "bad_request":
            return self._streak >= p.rejected
        waited = now - self._streak_since
        limit_s = p.known_s if self._successes else p.new_s
        if kind in _OVERLOAD:
            limit_s = p.overload_s
        return self._streak >= p.failures and waited >= limit_s
