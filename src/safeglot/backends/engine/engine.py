"""One engine carries the requests of every step: one cache, one retry policy, one budget."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from safeglot.backends.engine.descriptors import allow_connections
from safeglot.backends.engine.endpoints import Endpoints
from safeglot.backends.engine.faults import Faults
from safeglot.backends.engine.lane import Lane, Patience
from safeglot.backends.engine.lists import ListedModel
from safeglot.backends.engine.log_line import log_line
from safeglot.backends.engine.replicas import enter, group_name, others_up
from safeglot.backends.store.store import Store
from safeglot.backends.store.tries import forget_reply
from safeglot.errors import EndpointStopped, ModelError, Stopped
from safeglot.keys import request_key
from safeglot.types import Failure, Model, Reply, Request, Step

In = TypeVar("In")
Out = TypeVar("Out")
Keep: TypeAlias = Callable[[Reply], Awaitable[None]]
"""Queues a reply to be stored; what it returns is done once the reply is safe."""

GRACE_S = 15.0
"""Time that requests in flight have left once a limit has stopped the run."""
ANSWERED = frozenset({"blocked", "thought_only"})
"""Kinds of errors that are what a living server answered: they are asked once and end a streak."""
_START = 16
_RATE_LIMIT_PATIENCE = 8
_ELSEWHERE = frozenset({"auth", "not_found", "quota"})
"""Kinds of final errors that speak of one address only, so that a replica is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of a run: retries, tokens, money, patience."""

    retries: int = 4
    retry_budget: int = 1000
    """Retries of one endpoint; after that a failed request is final."""
    backoff_s: float = 0.5
    max_backoff_s: float = 30.0
    budget_tokens: int | None = None
    budget_usd: float | None = None
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way of requests to one model: its endpoint, concurrency and prices."""

    model: Model
    lane: str
    """Endpoint: models on one server share its capacity."""
    concurrency: int = 64
    fixed: bool = False
    """An in-process engine has a known number of slots; nothing to adapt."""
    usd_in: float | None = None
    """USD per million prompt tokens; None where the price is not known."""
    usd_out: float | None = None
    waits: bool = False
    """Its replies come long after they were asked for, many at a time."""
    others: tuple[Route, ...] = ()
    """The ways to further servers of the same model."""

    @property
    def replicas(self) -> tuple[Route, ...]:
        """All ways to the model."""
        return (self, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The origin of a failure: key of the parent, the model or judge, and the sample."""

    parent: str
    by: str
    sample: int = 0
    work: int | None = None
    """Number of the text or answer in the store, of what belongs to the plan."""


@dataclass(slots=True)
class Counters:
    """The requests of this process so far, and what they cost."""

    sent: int = 0
    cached: int = 0
    retried: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    said: list[str] = field(default_factory=list)
    """What was said of servers, each once."""
    unopened: int = 0
    """Thoughts that were cut off at a closing mark without an opening one."""
    served: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Model that was asked -> what the servers call themselves."""


class Engine:
    """Answers requests from the store or from the models, within the limits."""

    def __init__(
        self,
        store: Store,
        routes: Mapping[str, Route],
        limits: Limits | None = None,
        *,
        log: Callable[[str], object] | None = None,
        endpoints: Endpoints | None = None,
    ) -> None:
        self.store = store
        self.routes = routes
        self.limits = limits or Limits()
        self.counters = Counters()
        self.faults = Faults(self.limits.patience.rejected)
        self._log = log
        # what is surely not stored need not be looked up; half a key each, to spare memory
        self._stored = {short_key(key) for key in store.keys("replies")}
        self._in_flight: dict[str, asyncio.Future[Reply]] = {}
        self.endpoints = endpoints or Endpoints()
        self._ways = {
            model: {self._lane(way): way for way in route.replicas}
            for model, route in routes.items()
        }
        self._lanes = {model: tuple(ways) for model, ways in self._ways.items()}
        self._boundaries = {model: self.faults.around(f"model {model}") for model in routes}
        self.lanes = {lane.name: lane for ways in self._ways.values() for lane in ways}
        allow_connections(sum(lane.most for lane in self.lanes.values() if not lane.waits))

    def _lane(self, way: Route) -> Lane:
        most, patience = way.concurrency, self.limits.patience
        start = most if way.fixed else _START
        new = Lane(way.lane, start=start, most=most, patience=patience, waits=way.waits)
        lane = self.endpoints.lanes.setdefault(way.lane, new).begin()
        if isinstance(way.model, ListedModel):
            lane.turns_away.append(way.model.turn_away)
            way.model.others_idle, way.model.end_lane = self.is_idle, lane.end
        return lane

    def is_idle(self) -> bool:
        """Return whether what is in flight, if anything, are requests whose replies take long."""
        return not any(lane.in_flight for lane in self.lanes.values() if not lane.waits)

    @property
    def stopped(self) -> list[EndpointStopped]:
        """What gave up, each endpoint once."""
        return self.endpoints.stopped

    def group(self, model: str) -> str:
        """Return the name of the lanes that serve a model: those on the same addresses share them."""
        return group_name(self._ways[model])

    def room(self, group: str) -> int:
        """Return how many requests may ever be in flight on the lanes of a group."""
        ways = next(ways for model, ways in self._ways.items() if self.group(model) == group)
        return sum(lane.most for lane in ways)

    async def close(self) -> None:
        """Close all models."""
        for model in self._models():
            await model.close()

    def to_say(self) -> list[str]:
        """Return what was noticed of servers and has not been said yet."""
        notes = [n for m in self._models() for n in getattr(m, "notes", ())]
        new = [note for note in dict.fromkeys(notes) if note not in self.counters.said]
        self.counters.said += new
        return new

    def _models(self) -> Collection[Model]:
        ways = (way for route in self.routes.values() for way in route.replicas)
        return {id(way.model): way.model for way in ways}.values()

    async def produce(self, step: Step[In, Out], item: In) -> Out:
        """Return what a step reads of an item, after asking. Raises: ModelError once no retry is left; Stopped."""
        with self.faults.around(name_of(step)):
            requests = step.ask(item)
            if len(requests) == 1:
                return step.read(item, [await self.reply(requests[0])])
            return step.read(item, await gathered(map(self.reply, requests)))

    def fail(self, error: ModelError, stage: str, key: str, origin: Origin) -> None:
        """Record what gave nothing as a row."""
        failure = Failure(
            stage=stage,
            key=key,
            kind=error.kind,
            message=error.message,
            attempts=error.attempts,
            transient=error.transient or self.endpoints.gave_up(error.lane, error.kind),
            text=error.text,
            thought=error.thought,
        )
        self._put(failure, origin)
        self.endpoints.failed(error.lane, failure, origin)
        self.counters.failed += 1

    def _put(self, failure: Failure, origin: Origin) -> None:
        o = origin
        self.store.put_failure(failure, parent=o.parent, by=o.by, sample=o.sample, work=o.work)

    def forget(self, reply_key: str) -> None:
        """Forget a stored reply, so that the same request is asked anew."""
        forget_reply(self.store, reply_key)
        self._stored.discard(short_key(reply_key))

    async def reply(self, request: Request, key: str = "") -> Reply:
        """Return the reply to a request: stored, in flight, or asked for now.

        `key` is that of the request, where the caller has it already.

        Raises: ModelError once no retry is left; Stopped.
        """
        key = key or request_key(request)
        stored = self.store.reply(key) if short_key(key) in self._stored else None
        if stored is not None:
            self.counters.cached += 1
            return stored
        if key in self._in_flight:
            return await asyncio.shield(self._in_flight[key])
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._in_flight[key] = future

        def keep(reply: Reply) -> Awaitable[None]:
            return self.store.put_reply(key, reply)

        try:
            reply = await self.fresh(request, key, keep)
            self._stored.add(short_key(key))
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else Stopped("interrupted"))
            future.exception()  # mark as seen: often nobody else waits
            raise
        else:
            future.set_result(reply)
            return reply
        finally:
            del self._in_flight[key]

    async def fresh(self, request: Request, label: str, keep: Keep) -> Reply:
        """Return the reply to a request that is not stored; `keep` stores it before its slot is free.

        `label` names the request in the log. Raises: ModelError once no retry is left; Stopped.
        """
        try:
            return await self._ask(request, label, keep)
        except EndpointStopped:
            lanes = self._lanes[request.model]
            raise self.endpoints.none_left(lanes, request.model) from None
        except Stopped as stop:
            self.shut(str(stop))
            raise

    def shut(self, why: str) -> None:
        """Send nothing more on any lane; what is in flight may finish and is stored."""
        for lane in self.lanes.values():
            lane.shut(why)

    async def _ask(self, request: Request, key: str, keep: Keep) -> Reply:
        ways, lanes = self._ways[request.model], self._lanes[request.model]
        last, boundary, attempt = None, self._boundaries[request.model], 0
        while True:
            attempt += 1
            lane, started = await enter(lanes, last)
            route, last = ways[lane], lane
            try:
                with boundary:
                    reply = await route.model.answer(request)
                    self.counters.sent += 1
                    stored = keep(reply)
                lane.succeeded(started, request.model)  # now: failures wait for no commit
                await stored  # a slot is free once its reply is safe
            except ModelError as error:
                self._note(key, request, started=started, attempt=attempt, result=error.kind)
                error.attempts, error.lane = attempt, lane.name
                if error.kind in ANSWERED:
                    lane.succeeded(started, request.model)
                    self._spend(route, lane, error.tokens_in, error.tokens_out)
                    raise
                elsewhere = any(other.is_open for other in lanes if other is not lane)
                if not self._counts(lane, error, started, request.model, elsewhere=elsewhere):
                    attempt -= 1  # nobody was there to ask: it waits until somebody is
                    continue
                if not self._may_retry(error, attempt, lane, elsewhere=elsewhere):
                    raise
                moves_on = attempt % len(lanes) and others_up(lanes, lane)
                pause_s = 0.0 if moves_on else self._pause_s(error, attempt)
            else:
                self._note(key, request, started=started, attempt=attempt, result="ok", reply=reply)
                self._look_at(request.model, reply)
                self._spend(route, lane, reply.n_prompt_tokens or 0, reply.n_tokens or 0)
                return reply
            finally:
                lane.leave()
            self.counters.retried += 1
            lane.retried += 1
            await lane.rest(pause_s)

    def _counts(
        self, lane: Lane, error: ModelError, started: float, model: str, *, elsewhere: bool
    ) -> bool:
        """Return whether an error is to be counted. Raises: EndpointStopped where no replica is left."""
        try:
            return lane.failed(error, started, model)
        except EndpointStopped:
            for failure, origin in self.endpoints.taken_back(lane):
                self._put(failure, origin)
            if not elsewhere:
                raise
            self.endpoints.replica_stopped(lane)
            return False

    def _look_at(self, model: str, reply: Reply) -> None:
        if reply.unopened:
            self.counters.unopened += 1
        if reply.served_by:
            self.counters.served[model][reply.served_by] += 1

    def _may_retry(self, error: ModelError, attempt: int, lane: Lane, *, elsewhere: bool) -> bool:
        if error.kind == "rate_limited":  # a server that keeps its pace is not one that fails
            return attempt <= self.limits.retries * _RATE_LIMIT_PATIENCE
        worth_it = error.transient or (elsewhere and error.kind in _ELSEWHERE)
        affordable = lane.retried < self.limits.retry_budget
        return worth_it and attempt <= self.limits.retries and affordable

    def _pause_s(self, error: ModelError, attempt: int) -> float:
        if error.retry_after_s is not None:
            return max(error.retry_after_s, self.limits.backoff_s)
        longest = min(self.limits.max_backoff_s, self.limits.backoff_s * 2.0 ** (attempt - 1))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret

    def _spend(self, route: Route, lane: Lane, tokens_in: int, tokens_out: int) -> None:
        c, limits = self.counters, self.limits
        c.tokens_in += tokens_in
        c.tokens_out += tokens_out
        if route.usd_in or route.usd_out:
            c.usd += (tokens_in * (route.usd_in or 0.0) + tokens_out * (route.usd_out or 0.0)) / 1e6
        if limits.budget_tokens is not None and c.tokens_in + c.tokens_out > limits.budget_tokens:
            lane.stop(f"the budget of {limits.budget_tokens:,} tokens is used up.")
        if limits.budget_usd is not None and c.usd > limits.budget_usd:
            lane.stop(f"the budget of {limits.budget_usd:g} USD is used up.")

    def _note(
        self,
        key: str,
        request: Request,
        *,
        started: float,
        attempt: int,
        result: str,
        reply: Reply | None = None,
    ) -> None:
        if self._log is None:
            return
        seconds = time.monotonic() - started
        self._log(
            log_line(
                key, request.model, seconds=seconds, attempt=attempt, outcome=result, reply=reply
            )
        )


async def gathered(asked: Iterable[Awaitable[Reply]]) -> list[Reply]:
    """Return all replies. Raises: the first error, once all are there: none is left behind in flight."""
    replies = await asyncio.gather(*asked, return_exceptions=True)
    if error := next((reply for reply in replies if isinstance(reply, BaseException)), None):
        raise error
    return [reply for reply in replies if isinstance(reply, Reply)]


def name_of(step: Step[Any, Any]) -> str:
    """Return the name of a step as the user gave it, or its id."""
    return str(getattr(step, "name", "") or step.id)


def short_key(key: str) -> int:
    """Return the first 64 bits of a key."""
    return int(key[:16], 16)
