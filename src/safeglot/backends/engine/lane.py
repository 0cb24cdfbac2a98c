"""One endpoint's traffic: adaptive concurrency, pauses, a probe while it is down, and a breaker."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NoReturn

from safeglot.backends.engine.pace import Pace
from safeglot.errors import EndpointStopped, ModelError, Stopped

_OVERLOAD = frozenset({"rate_limited", "timeout"})
HOPELESS = frozenset({"auth", "not_found", "setting"})
"""Kinds of errors that no other try mends."""
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
    """For one that did, and answers with errors now."""
    down_s: float = 600.0
    """For one that did, and where nobody listens or answers in time: servers restart."""
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


@dataclass(slots=True)
class _Outage:
    """The time in which nobody listened."""

    since: float
    pause_s: float
    """From one probe to the next."""
    n: int = 0
    probing: bool = False


def loop_time() -> float:
    """Return the time of the event loop, where one runs."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()


class Lane:
    """The way to one endpoint; what waits for it stands in `waiting`."""

    def __init__(
        self,
        name: str,
        *,
        start: int,
        most: int,
        patience: Patience | None = None,
        waits: bool = False,
    ) -> None:
        self.name = name
        self.waits = waits
        """Its replies come long after they were asked for, many at a time."""
        self.turns_away: list[Callable[[Stopped], None]] = []
        """Are called with the refusal once it is not open."""
        self.in_flight = 0
        self.retried = 0
        """Requests that were sent once more."""
        self.resume_at = 0.0
        """When the next one may be sent, on the loop's clock."""
        self.gave_up = ""
        """The kind of errors that stopped it."""
        self.waiting: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        self._pace = Pace(start=start, most=most)
        self._patience = patience or Patience()
        self._resting: set[asyncio.Future[None]] = set()
        self._successes = 0
        self._successes_of_engine = 0
        self._streaks: dict[str, _Streak] = {}
        self._limited = 0
        self._limited_since = 0.0
        self._outage: _Outage | None = None
        self._shut = ""
        self._ended = ""

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
        return self._outage is not None

    @property
    def is_open(self) -> bool:
        """Whether it may still be entered, now or later."""
        return not (self._shut or self._ended)

    @property
    def has_answered(self) -> bool:
        """Whether it ever gave an answer."""
        return self._successes > 0

    @property
    def free(self) -> int:
        """How many more may enter now."""
        if self._outage is not None:
            return int(not self._outage.probing)
        return max(int(self._pace.limit) - self.in_flight, 0)

    @property
    def refusal(self) -> Stopped:
        """What those who come are told once it is not open."""
        if self._ended and not self._shut:
            return EndpointStopped(self._ended, endpoint=self.name, answered=self.has_answered)
        return Stopped(self._shut)

    def begin(self) -> Lane:
        """Return this lane for another engine, whose first limit holds back all again."""
        self._successes_of_engine = self._limited = 0
        self.turns_away = []
        return self

    def taken_now(self) -> float | None:
        """Return the starting time of a slot that is taken at once, None where it has to be waited for."""
        if self._outage is not None or self._shut or self._ended:
            return None
        if self.in_flight >= int(self._pace.limit) or self.resume_at > (now := loop_time()):
            return None
        self.in_flight += 1
        return now

    async def take(self, along: Collection[Lane] = ()) -> float:
        """Return the starting time of a free slot, taken at once and used when nothing holds the lane back.

        The free slots of the lanes `along` go to others who wait. Raises: Stopped.
        """
        self.in_flight += 1
        outage = self._outage
        if outage is not None:
            outage.probing = True
        if len(along) > 1:
            for lane in along:
                lane.wake()
        try:
            while (wait_s := self.resume_at - (now := loop_time())) > 0 and self.is_open:
                await self.rest(wait_s)  # a later Retry-After may move the end
            if not self.is_open:
                raise self.refusal  # noqa: TRY301 - whoever waits leaves, as at any other end
        except BaseException:
            if outage is not None:
                outage.probing = False
            self.leave()
            raise
        return now

    async def rest(self, wait_s: float) -> None:
        """Wait for so long, or until the lane is shut."""
        if not self.is_open:
            return
        shut = asyncio.get_running_loop().create_future()
        self._resting.add(shut)
        try:
            await asyncio.wait((shut,), timeout=wait_s)
        finally:
            self._resting.discard(shut)

    def leave(self) -> None:
        """Give the slot back."""
        self.in_flight -= 1
        self.wake()

    def wake(self) -> None:
        """Call as many of those who wait as there are free slots."""
        if not self.waiting:
            return
        free = self.free
        while free > 0 and self.waiting:
            waiter, _ = self.waiting.popitem(last=False)
            if not waiter.done():
                waiter.set_result(None)
                free -= 1

    def succeeded(self, started: float | None = None, model: str = "") -> None:
        """Count an answer: the streak ends, the limit grows."""
        started = loop_time() if started is None else started
        self._successes += 1
        self._successes_of_engine += 1
        self._streak(model).end()
        self._pace.succeeded()
        if started >= self._limited_since:  # sent after one that was limited
            self._limited = 0
        self._listens(started)

    def failed(self, error: ModelError, started: float, model: str = "") -> bool:
        """Return whether a failed attempt is to be counted: it is not where nobody was there to ask.

        The lane slows down on overload, and gives up after too many of the same.
        Raises: EndpointStopped.
        """
        now = loop_time()
        if self.waits:  # it came now, and says nothing of how much is too much
            started = now
        elif error.kind in _OVERLOAD:
            self._pace.overloaded(started=started, now=now)
        if error.kind == "rate_limited" and not self.waits:
            self._hold_back(error.retry_after_s, started, now)
        streak = self._streak(model)
        streak.add(error, started)
        if error.down:
            hopeless = self._probe_later(started, now)
        else:
            self._listens(started)
            hopeless = self._is_hopeless(streak, now)
        if hopeless:
            self._give_up(error, streak.n, now)
        return not error.down

    def _give_up(self, error: ModelError, n: int, now: float) -> NoReturn:
        self.gave_up = error.kind
        waited = ""
        if self._outage is not None:
            n = max(n, self._outage.n)
            if self.has_answered:
                waited = f" It was waited for {now - self._outage.since:.0f} s (--patience)."
        often = f" after the same error {n} times in a row" if n > 1 else ""
        self._ended = self._ended or (
            f"{self.name}: stopped{often} ({error.kind}: {error.message}).{waited}"
        )
        self._turn_away()
        raise self.refusal

    def _streak(self, model: str) -> _Streak:
        if model not in self._streaks:
            self._streaks[model] = _Streak()
        return self._streaks[model]

    def _hold_back(self, wait_s: float | None, started: float, now: float) -> None:
        """Hold back all where the server limits all: the first it ever said, or many in a row.

        A server that limits some only keeps its pace: who was limited waits, the others do not.
        """
        if self._limited == 0:
            self._limited_since = started
        self._limited += 1
        limits_all = self._successes_of_engine == 0 or self._limited > max(ROW, 2 * int(self.limit))
        if wait_s is not None and limits_all:
            self.resume_at = max(self.resume_at, now + wait_s)

    def _probe_later(self, started: float, now: float) -> bool:
        """Return whether nobody has listened for so long that nobody will.

        Until then nobody but a probe enters, after a pause that grows with each that fails.
        """
        outage, p = self._outage, self._patience
        if outage is None:
            outage = self._outage = _Outage(since=now, pause_s=PROBE_S)
            self._pace.cut(now)
            self.resume_at = max(self.resume_at, now + PROBE_S)
        elif started >= outage.since:  # else it was under way when the endpoint went down
            outage.pause_s = min(2 * outage.pause_s, MOST_PROBE_S)
            outage.probing = False
            self.resume_at = max(self.resume_at, now + outage.pause_s)
        outage.n += 1
        if self.has_answered:
            return now - outage.since >= p.down_s
        return outage.n >= p.failures and now - outage.since >= p.new_s

    def _listens(self, started: float) -> None:
        """Note that somebody answered what was sent then."""
        if self._outage is not None and started >= self._outage.since:
            self._outage = None
            self.wake()

    def stop(self, why: str) -> NoReturn:
        """Shut the lane. Raises: Stopped."""
        self.shut(why)
        raise Stopped(why)

    def shut(self, why: str) -> None:
        """Let nobody enter any more; those who wait are turned away, those inside may finish."""
        self._shut = self._shut or why
        self._turn_away()

    def end(self, why: str) -> Stopped:
        """Return what those are told who come to a lane that gives up now, whatever was counted."""
        self._ended = self._ended or why
        self._turn_away()
        return self.refusal

    def _turn_away(self) -> None:
        for waiter in (*self.waiting, *self._resting):
            if not waiter.done():
                waiter.set_result(None)
        self.waiting.clear()
        for turn_away in self.turns_away:
            turn_away(self.refusal)

    def _is_hopeless(self, streak: _Streak, now: float) -> bool:
        kind, p = streak.kind, self._patience
        if kind == "blocked":
            return False
        if kind == "quota":
            return True
        if kind in HOPELESS:
            return streak.successes == 0 or streak.n >= p.failures
        if kind in _REFUSED:
            return streak.n >= p.rejected
        limit_s = p.known_s if self.has_answered else p.new_s
        if kind in _OVERLOAD:
            limit_s = max(p.overload_s, p.down_s) if self.has_answered else p.overload_s
        return streak.n >= p.failures and now - streak.since >= limit_s
