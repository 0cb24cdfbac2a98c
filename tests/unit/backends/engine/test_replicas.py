"""Several servers of one model, in virtual time: which is asked, and what happens when one goes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

import virtual_time
from safeglot.backends.engine.crew import stream
from safeglot.backends.engine.engine import Engine, Limits, Origin, Route
from safeglot.backends.engine.lane import Lane, Patience
from safeglot.backends.engine.replicas import enter, others_up
from safeglot.backends.store.store import Store
from safeglot.errors import EndpointStopped, ModelError, Stopped
from safeglot.types import Reply, Request
from virtual_time import now


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.in_memory()
    yield opened
    opened.close()


@dataclass
class Server:
    """Answers after `takes_s`, unless `fault` gives an error for the time."""

    takes_s: float = 0.2
    fault: Callable[[float], ModelError | None] = lambda _t: None
    sent: list[float] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: Request) -> Reply:
        self.sent.append(now())
        if (error := self.fault(now())) is not None:
            await asyncio.sleep(0.001)
            raise error
        await asyncio.sleep(self.takes_s)
        self.answered[request.messages[0][1]] += 1
        return Reply(text="ok")

    async def close(self) -> None:
        """Hold nothing."""


def gone() -> ModelError:
    error = ModelError("unreachable", "nobody listens", transient=True)
    error.down = True
    return error


def dead(server: Server, *, after_s: float = 0.0, until_s: float = 1e9) -> Server:
    server.fault = lambda t: gone() if after_s <= t < until_s else None
    return server


def failing(kind: str, *, transient: bool = False) -> Server:
    return Server(fault=lambda _t: ModelError(kind, "said so", transient=transient))


def run(store: Store, servers: list[Server], n: int, *, most: int = 8, **limits: object):
    """Ask n requests of one model on all servers; return the time, failures, engine and stops."""

    async def body():
        ways = [
            Route(model=server, lane=name, concurrency=most)
            for name, server in zip("abc", servers, strict=False)
        ]
        route = Route(model=servers[0], lane="a", concurrency=most, others=tuple(ways[1:]))
        engine = Engine(store, {"m": route}, Limits(**limits))
        stops = []

        async def work(i: int) -> None:
            request = Request(model="m", messages=(("user", str(i)),), max_tokens=1)
            try:
                await engine.reply(request)
            except ModelError as error:
                engine.fail(error, "generate", str(i), Origin(parent="p", by="m"))
            except EndpointStopped as stop:
                stops.append(stop)

        await stream(range(n), work, width=4 * most)
        store.flush()
        return now(), engine.counters.failed, engine, stops

    return virtual_time.run(body())


def test_all_replicas_share_the_work(store):
    servers = [Server(), Server()]
    took_s, failed, _, _ = run(store, servers, 400)
    assert failed == 0
    assert [len(server.answered) for server in servers] == [200, 200]
    assert took_s == pytest.approx(400 / 16 * 0.2, rel=0.1)


def test_a_replica_that_is_faster_gets_more(store):
    fast, slow = Server(takes_s=0.1), Server(takes_s=0.4)
    run(store, [fast, slow], 500)
    assert len(fast.answered) == pytest.approx(400, abs=20)


def test_a_retry_goes_to_another_replica_at_once(store):
    broken, well = failing("server_error", transient=True), Server()
    took_s, failed, engine, _ = run(store, [broken, well], 20, retries=1)
    assert failed == 0
    assert len(well.answered) == 20
    assert engine.counters.retried == len(broken.sent)
    assert took_s < 2


def test_one_that_goes_down_gets_its_probes_only_and_its_work_is_done_by_the_other(store):
    down, well = dead(Server(), after_s=1.0), Server()
    took_s, failed, engine, stops = run(store, [down, well], 800)
    assert (failed, stops, engine.stopped) == (0, [], [])
    assert len(down.answered) + len(well.answered) == 800
    assert took_s == pytest.approx(20, rel=0.15)  # 800 at 40 a second, with 80 in the first
    assert len([t for t in down.sent if t > 1.2]) < 20


def test_one_that_comes_back_is_used_again(store):
    back, well = dead(Server(), after_s=1.0, until_s=5.0), Server()
    run(store, [back, well], 800)
    assert len([t for t in back.sent if t > 8]) > 50


def test_all_down_is_waited_for_and_loses_nothing(store):
    servers = [dead(Server(), after_s=1.0, until_s=s) for s in (30.0, 60.0)]
    took_s, failed, _, stops = run(store, servers, 400)
    assert (failed, stops) == (0, [])
    assert 30 < took_s < 60
    assert sum(len(server.answered) for server in servers) == 400


@pytest.mark.parametrize("kind", ["auth", "not_found", "quota"])
def test_what_one_replica_refuses_another_is_asked_and_nothing_is_missing(store, kind):
    refusing, well = failing(kind), Server()
    _, failed, engine, stops = run(store, [refusing, well], 100)
    assert (failed, stops, engine.stopped) == (0, [], [])
    assert len(well.answered) == 100
    assert len(refusing.sent) <= 8


def test_a_model_is_stopped_once_all_of_its_replicas_have_given_up(store):
    told = []
    servers = [failing("auth"), failing("quota")]
    route = Route(model=servers[0], lane="a", others=(Route(model=servers[1], lane="b"),))

    async def body() -> Engine:
        engine = Engine(store, {"m": route})
        engine.endpoints.say = told.append
        for text in "xy":
            request = Request(model="m", messages=(("user", text),), max_tokens=1)
            with pytest.raises(EndpointStopped, match=r"auth: said so.*quota: said so"):
                await engine.reply(request)
        return engine

    engine = virtual_time.run(body())
    (stop,) = engine.stopped
    assert (stop.endpoint, stop.answered) == ("a, b", False)
    assert told[0].partition(".")[2] == " Its replicas go on."
    assert len(told) == 1  # no other endpoint goes on: the end of the run names both
    assert [len(server.sent) for server in servers] == [1, 1]


def test_a_group_has_the_room_of_all_its_lanes(store):
    server = Server()
    two = Route(model=server, lane="b", concurrency=300, others=(Route(model=server, lane="a"),))
    engine = Engine(store, {"m": two, "n": two, "o": Route(model=server, lane="a")})
    assert engine.group("m") == engine.group("n") == "a, b"
    assert engine.group("o") == "a"
    assert (engine.room("a, b"), engine.room("a")) == (364, 64)


def test_a_replica_that_says_retry_after_is_not_waited_for(store):
    limited, well = Server(), Server()
    limited.fault = lambda t: ModelError("rate_limited", "", transient=True, retry_after_s=300) if t < 1 else None  # fmt: skip
    took_s, failed, _, _ = run(store, [limited, well], 100)
    assert failed == 0
    assert took_s < 10


def test_a_plain_stop_goes_before_a_lane_that_gave_up():
    async def body() -> None:
        one, two = (Lane(name, start=1, most=1) for name in "ab")
        with pytest.raises(EndpointStopped):
            one.failed(ModelError("auth", "no", transient=False), now())
        two.shut("the budget")
        with pytest.raises(Stopped, match="the budget") as caught:
            await enter([one, two])
        assert not isinstance(caught.value, EndpointStopped)

    virtual_time.run(body())


def test_those_who_wait_for_a_lane_that_gives_up_go_to_the_other():
    async def body() -> None:
        one, two = (Lane(name, start=1, most=1, patience=Patience(failures=1, new_s=0)) for name in "ab")  # fmt: skip
        lanes = [one, two]
        assert others_up(lanes, one)
        entered = [await enter(lanes), await enter(lanes)]
        assert {lane.name for lane, _ in entered} == {"a", "b"}
        waits = [asyncio.ensure_future(enter(lanes)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(EndpointStopped):
            one.failed(ModelError("auth", "no", transient=False), now())
        one.leave()
        two.leave()
        lane, _ = await waits[0]
        assert lane is two
        assert not others_up(lanes, two)
        two.leave()
        assert (await waits[1])[0] is two

    virtual_time.run(body())


def test_those_who_are_cancelled_while_they_wait_for_several_lose_no_slot():
    async def body() -> None:
        lanes = [Lane(name, start=1, most=1) for name in "ab"]
        for _ in lanes:
            await enter(lanes)
        woken, next_one = (asyncio.ensure_future(enter(lanes)) for _ in range(2))
        await asyncio.sleep(0)
        lanes[1].leave()
        woken.cancel()
        assert (await next_one)[0] is lanes[1]
        assert [len(lane.waiting) for lane in lanes] == [0, 0]

    virtual_time.run(body())
