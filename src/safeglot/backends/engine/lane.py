"""One endpoint's traffic: adaptive concurrency, pauses, a probe while it is down, and a breaker."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import NoReturn

from safeglot.backends.engine.pace import Pace
from safeglot.errors import ModelError, Stopped

_OVERLOAD = frozenset({"rate_limited", "timeout"})
_HOPELESS = frozenset({"auth", "not_found", "setting"})
_REFUSED = frozenset({"bad_request", "fault"})
ROW = 4
"""The least requests limited in a row that hold back the others of an endpoint that answers."""
PROBE_S, MOST_PROBE_S = 0.1, 2.0
"""Pauses between the probes of an endpoint that is down: the first, and the longest."""


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


@dataclass(slots=True)
class _Streak:
    """The same errors in a row of one model."""

    kind: str = ""
    since: float = 0.0
    n: int = 0
    successes: int = 0
    """Answers of this model, ever."""

    def add(self, error: ModelError, started: float) -> None:
        if error.kind != self.kind:
            self.kind, self.since, self.n = error.kind, started, 0
        self.n += 1

    def end(self) -> None:
        self.kind, self.n = "", 0
        self.successes += 1


def _now() -> float:
    """Return the time of the event loop, where one runs."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()


class Lane:
    """A queue in front of one endpoint."""

    def __init__(
        self,
        name: str,
        *,
        start: int,
        most: int,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.in_flight = 0
        self.gave_up = ""
        """The kind of errors that stopped it."""
        self._pace = Pace(start=start, most=most)
        self._patience = patience or Patience()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._resting: set[asyncio.Future[None]] = set()
        self._resume_at = 0.0
        self._successes = 0
        self._streaks: dict[str, _Streak] = {}
        self._limited = 0
        self._limited_since = 0.0
        self._down_since: float | None = None
        self._probe_s = 0.0
        self._probing = False
        self._stopped = ""

    @property
    def limit(self) -> float:
        """How many requests may be in flight, in part."""
        return self._pace.limit

    @property
    def most(self) -> int:
        """The most requests that may ever be in flight."""
        return self._pace.most

    @property
    def is_down(self) -> bool:
        """Whether nobody listens at the endpoint, so that one request after the other probes it."""
        return self._down_since is not None

    async def enter(self) -> float:
        """Return the starting time of a slot, once one is free.

        Raises: Stopped where the breaker is open.
        """
        while not self._free() and not self._stopped:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except BaseException:
                self._forget(waiter)
                raise
        self.in_flight += 1
        self._probing = probe = self.is_down
        try:
            await self._pause()
        except BaseException:
            self._probing = self._probing and not probe
            self.leave()
            raise
        return _now()

    def _free(self) -> int:
        if self.is_down:
            return int(not self._probing)
        return int(self.limit) - self.in_flight if self.in_flight < int(self.limit) else 0

    async def _pause(self) -> None:
        while not self._stopped and (wait_s := self._resume_at - _now()) > 0:
            await self.rest(wait_s)  # a later Retry-After may move the end
        if self._stopped:
            raise Stopped(self._stopped)

    async def rest(self, wait_s: float) -> None:
        """Wait for so long, or until the lane is shut."""
        if self._stopped:
            return
        shut = asyncio.get_running_loop().create_future()
        self._resting.add(shut)
        try:
            await asyncio.wait((shut,), timeout=wait_s)
        finally:
            self._resting.discard(shut)

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
        free = self._free()
        while free > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1

    def succeeded(self, started: float | None = None, model: str = "") -> None:
        """Count an answer: the streak ends, the limit grows."""
        started = _now() if started is None else started
        self._successes += 1
        self._streak(model).end()
        self._pace.succeeded()
        if started >= self._limited_since:  # sent after one that was limited
            self._limited = 0
        self._listens(started)

    def failed(self, error: ModelError, started: float, model: str = "") -> bool:
        """Return whether a failed attempt is to be counted: it is not where nobody was there to ask.

        The lane slows down on overload, and stops after too many of the same. Raises: Stopped.
        """
        now = _now()
        if error.kind in _OVERLOAD:
            self._pace.overloaded(started=started, now=now)
        if error.kind == "rate_limited":
            self._hold_back(error.retry_after_s, started, now)
        if error.down:
            self._probe_later(started, now)
        else:
            self._listens(started)
        streak = self._streak(model)
        streak.add(error, started)
        if self._is_hopeless(streak, now):
            self.gave_up = error.kind
            self.stop(
                f"{self.name}: stopped after the same error {streak.n} times in a row "
                f"({error.kind}: {error.message})."
            )
        return not error.down

    def _streak(self, model: str) -> _Streak:
        return self._streaks.setdefault(model, _Streak())

    def _hold_back(self, wait_s: float | None, started: float, now: float) -> None:
        """Hold back all where the server limits all: the first it ever said, or many in a row.

        A server that limits some only keeps its pace: who was limited waits, the others do not.
        """
        if self._limited == 0:
            self._limited_since = started
        self._limited += 1
        limits_all = self._successes == 0 or self._limited > max(ROW, 2 * int(self.limit))
        if wait_s is not None and limits_all:
            self._resume_at = max(self._resume_at, now + wait_s)

    def _probe_later(self, started: float, now: float) -> None:
        """Let nobody but a probe enter, after a pause that grows with each that fails."""
        if self._down_since is None:
            self._down_since, self._probe_s = now, PROBE_S
            self._pace.cut(now)
        elif started < self._down_since:  # was under way when the endpoint went down
            return
        else:
            self._probe_s = min(2 * self._probe_s, MOST_PROBE_S)
        self._probing = False
        self._resume_at = max(self._resume_at, now + self._probe_s)

    def _listens(self, started: float) -> None:
        """Note that somebody answered what was sent then."""
        if self._down_since is not None and started >= self._down_since:
            self._down_since, self._probing = None, False
            self._wake()

    def stop(self, why: str) -> NoReturn:
        """Shut the lane. Raises: Stopped."""
        self.shut(why)
        raise Stopped(why)

    def shut(self, why: str) -> None:
        """Let nobody enter any more; those who wait are turned away, those inside may finish."""
        self._stopped = self._stopped or why
        for waiter in (*self._waiting, *self._resting):
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    def _is_hopeless(self, streak: _Streak, now: float) -> bool:
        kind, p = streak.kind, self._patience
        if kind == "blocked":
            return False
        if kind == "quota":
            return True
        if kind in _HOPELESS:
            return streak.successes == 0 or streak.n >= p.failures
        if kind in _REFUSED:
            return streak.n >= p.rejected
        waited = now - streak.since
        limit_s = p.known_s if self._successes else p.new_s
        if kind in _OVERLOAD:
            limit_s = p.overload_s
        return streak.n >= p.failures and waited >= limit_s
