"""How requests flow to a server that limits, goes down and comes back, in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

import virtual_time
from safeglot.backends.engine.crew import stream
from safeglot.backends.engine.engine import Engine, Limits, Origin, Route
from safeglot.backends.store.store import Store
from safeglot.errors import EndpointStopped, ModelError, Stopped
from safeglot.types import Reply, Request
from virtual_time import now

SERVICE_S = 0.2


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.in_memory()
    yield opened
    opened.close()


@dataclass
class Server:
    """Answers after a while, unless `fault` gives an error for the n-th request at that time."""

    fault: Callable[[int, float], ModelError | None]
    sent: list[float] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    open: int = 0
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    async def answer(self, request: Request) -> Reply:
        self.sent.append(now())
        self.open += 1
        try:
            error = self.fault(len(self.sent), now())
            if error is not None:
                await asyncio.sleep(0.001)
                raise error
            await asyncio.sleep(SERVICE_S * self.rng.uniform(0.8, 1.2))
            self.answered[request.messages[0][1]] += 1
            return Reply(text="ok")
        finally:
            self.open -= 1

    async def close(self) -> None:
        """Hold nothing."""


def limited(retry_after_s: float | None = 1.0) -> ModelError:
    return ModelError("rate_limited", "slow down", transient=True, retry_after_s=retry_after_s)


def gone() -> ModelError:
    error = ModelError("unreachable", "nobody listens", transient=True)
    error.down = True
    return error


def run(store: Store, server: Server, n: int, *, models: tuple[str, ...] = ("m",), **limits: Any):
    """Ask n requests; return the virtual time that it took and the failures."""

    async def body() -> tuple[float, int]:
        route = Route(model=server, lane="lane", concurrency=64)
        engine = Engine(store, dict.fromkeys(models, route), Limits(**limits))

        async def work(i: int) -> None:
            model = models[i % len(models)]
            request = Request(model=model, messages=(("user", str(i)),), max_tokens=1)
            try:
                await engine.reply(request)
            except ModelError as error:
                engine.fail(error, "generate", str(i), Origin(parent="p", by=model))

        try:
            await stream(range(n), work, width=128)
        finally:
            store.flush()
        return now(), engine.counters.failed

    return virtual_time.run(body())


# ---- limits


def test_a_server_that_limits_every_second_request_keeps_its_pace(store):
    free = Server(lambda _n, _t: None)
    undisturbed_s, _ = run(Store.in_memory(), free, 2000)
    server = Server(lambda n, _t: limited() if n % 2 == 0 else None)
    took_s, failed = run(store, server, 2000)
    assert failed == 0
    assert len(server.answered) == 2000
    assert took_s < 10 * undisturbed_s  # one a second would be 2000 s
    assert took_s < 100


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_server_that_limits_at_random_keeps_its_pace(store, share):
    rng = random.Random(7)
    server = Server(lambda _n, _t: limited() if rng.random() < share else None)
    took_s, failed = run(store, server, 1000)
    assert (failed, len(server.answered)) == (0, 1000)
    assert took_s < 200


def test_a_quota_a_second_is_kept_without_asking_much_more(store):
    """The server takes 20 a second and says when the next second begins."""
    taken: Counter[int] = Counter()

    def quota(_n: int, t: float) -> ModelError | None:
        if taken[int(t)] >= 20:
            return limited(int(t) + 1 - t)
        taken[int(t)] += 1
        return None

    server = Server(quota)
    took_s, failed = run(store, server, 1000)
    assert (failed, len(server.answered)) == (0, 1000)
    assert took_s < 100  # 50 s at best
    assert len(server.sent) < 2500


def test_a_server_with_few_slots_is_not_flooded(store):
    server = Server(lambda _n, _t: None)
    server.fault = lambda _n, _t: limited(None) if server.open > 6 else None
    _, failed = run(store, server, 1000)
    assert (failed, len(server.answered)) == (0, 1000)
    assert len(server.sent) < 1400


def test_the_first_limit_of_a_server_holds_back_all(store):
    server = Server(lambda _n, t: limited(5.0) if t < 0.001 else None)
    run(store, server, 100)
    assert sum(t < 0.001 for t in server.sent) == 16
    assert not [t for t in server.sent if 0.002 < t < 5.0]


def test_each_endpoint_has_retries_of_its_own(store):
    """A neighbour that uses up its own leaves the other's alone."""
    broken = Server(lambda _n, _t: ModelError("server_error", "broke", transient=True))
    shaky = Server(
        lambda n, _t: ModelError("server_error", "", transient=True) if n % 20 == 0 else None
    )

    async def body() -> Engine:
        routes = {"a": Route(model=broken, lane="a"), "b": Route(model=shaky, lane="b")}
        engine = Engine(store, routes, Limits(retry_budget=20))

        async def work(i: int) -> None:
            with contextlib.suppress(ModelError, EndpointStopped):
                request = Request(model="ab"[i % 2], messages=(("user", str(i)),), max_tokens=1)
                await engine.reply(request)

        await stream(range(400), work, width=64)
        return engine

    engine = virtual_time.run(body())
    assert len(shaky.answered) == 200
    assert 8 <= engine.lanes["b"].retried <= 20
    assert engine.lanes["a"].retried >= 20


# ---- down


def test_a_restart_of_twenty_seconds_costs_no_answer_and_few_probes(store):
    server = Server(lambda _n, t: gone() if 2 <= t < 22 else None)
    took_s, failed = run(store, server, 2000, retries=0)
    assert (failed, len(server.answered)) == (0, 2000)
    assert max(server.answered.values()) == 1
    assert 22 < took_s < 60
    probes = [t for t in server.sent if 2.5 < t < 22]
    assert 5 < len(probes) < 30
    assert all(b - a > 0.05 for a, b in itertools.pairwise(probes))


def test_an_endpoint_that_stays_down_stops_the_run_with_nothing_lost(store):
    server = Server(lambda _n, t: gone() if t >= 2 else None)
    with pytest.raises(Stopped, match=r"the same error .* times in a row .*nobody listens"):
        run(store, server, 2000)
    assert 600 < server.sent[-1] - 2 < 603
    assert store.failed(final_only=False) == set()


def test_an_endpoint_that_was_never_there_stops_soon(store):
    server = Server(lambda _n, _t: gone())
    with pytest.raises(Stopped):
        run(store, server, 100)
    assert 5 <= server.sent[-1] < 8


# ---- rows of one model


class Named(Server):
    """Knows one of two models only."""

    async def answer(self, request: Request) -> Reply:
        if request.model == "wrong":
            await asyncio.sleep(0.001)
            raise ModelError("not_found", "no such model", transient=False)
        return await super().answer(request)


def test_a_wrong_name_is_not_hidden_by_another_model_of_the_server(store):
    server = Named(lambda _n, _t: None)
    with pytest.raises(Stopped, match="no such model"):
        run(store, server, 100, models=("right", "wrong"))


def test_errors_of_one_model_are_no_row_of_another(store):
    """Nine of each: ten in a row of one would stop."""
    server = Server(lambda n, _t: None)

    async def refusing(request: Request) -> Reply:
        await asyncio.sleep(0.001)
        if int(request.messages[0][1]) < 36:
            raise ModelError("bad_request", "too long", transient=False)
        return Reply(text="ok")

    server.answer = refusing
    assert run(store, server, 60, models=("a", "b"))[1] == 36


def test_what_failed_in_the_row_that_stopped_the_run_is_asked_again(store):
    """A key that ends in the middle: the rows before the stop are for the next start."""
    server = Server(
        lambda n, _t: ModelError("auth", "no such key", transient=False) if n > 100 else None
    )
    with pytest.raises(Stopped, match="no such key"):
        run(store, server, 300)
    assert store.failed(final_only=True) == set()
    mended = Server(lambda _n, _t: None)
    assert run(store, mended, 300)[1] == 0
    assert len(mended.answered) == 300 - len(server.answered)


def test_a_used_up_quota_stops_at_the_first(store):
    server = Server(
        lambda n, _t: ModelError("quota", "used up", transient=False) if n > 50 else None
    )
    with pytest.raises(Stopped, match="used up"):
        run(store, server, 300)
    assert store.failed(final_only=True) == set()


def test_a_stop_wakes_those_who_wait_for_another_try(store):
    """Otherwise the command would end only after the longest pause."""

    def fault(n: int, t: float) -> ModelError | None:
        if n == 20:  # this one waits, the others do not
            return limited(500.0)
        return ModelError("quota", "used up", transient=False) if t > 10 else None

    server = Server(fault)

    async def ended_at() -> float:
        route = Route(model=server, lane="lane", concurrency=4)
        engine = Engine(store, {"m": route})

        async def work(i: int) -> None:
            await engine.reply(Request(model="m", messages=(("user", str(i)),), max_tokens=1))

        with pytest.raises(Stopped, match="used up"):
            await stream(range(4000), work, width=8)
        store.flush()
        return now()

    assert 10 < virtual_time.run(ended_at()) < 11
