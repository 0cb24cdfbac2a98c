from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from loopback import Fault, Loopback, Script, Seen
from safeglot.backends.engine.crew import stream
from safeglot.backends.engine.engine import Engine, Limits, Origin, Route
from safeglot.backends.engine.lane import Patience
from safeglot.backends.models.bodies import Endpoint
from safeglot.backends.models.http import HttpModel
from safeglot.backends.store.store import Store
from safeglot.errors import ModelError, Stopped
from safeglot.keys import request_key
from safeglot.types import Reply, Request
from waiting import HANG_S, soon

SOON = Limits(backoff_s=0.001, max_backoff_s=0.002)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "safeglot.db")
    yield opened
    opened.close()


def server(
    fault: Callable[[Seen], Fault | None] = lambda _seen: None,
    answer: Callable[[Seen], str] = lambda seen: f"re: {seen.texts[-1]}",
) -> Loopback:
    return Loopback(Script(answer=answer, fault=fault))


def ask(text: str) -> Request:
    return Request(model="m", messages=(("user", text),), max_tokens=8)


class Echo:
    """A step of one or several requests an item."""

    id = "echo"

    def ask(self, item: str) -> Sequence[Request]:
        return [ask(part) for part in item.split("+")]

    def read(self, item: str, replies: Sequence[Reply]) -> str:
        return " & ".join(r.text for r in replies)


def run(
    store: Store,
    base_url: str,
    body: Callable[[Engine], Any],
    limits: Limits = SOON,
    **options: Any,
) -> Any:
    """Run `body` on an engine with one route."""
    log = options.pop("log", None)

    async def bounded() -> Any:
        model = HttpModel(Endpoint(model="m", base_url=base_url, timeout_s=HANG_S))
        route = Route(**({"model": model, "lane": base_url, "concurrency": 8} | options))
        engine = Engine(store, {"m": route}, limits, log=log)
        try:
            return await asyncio.wait_for(body(engine), HANG_S)
        finally:
            await engine.close()

    return asyncio.run(bounded())


async def produce(engine: Engine, item: str) -> Any:
    try:
        return await engine.produce(Echo(), item)
    except ModelError as error:
        engine.fail(error, "judge", f"k-{item}", Origin(parent="p", by="m"))
        return None


async def all_of(engine: Engine, items: Sequence[str]) -> list[Any]:
    return list(await asyncio.gather(*(produce(engine, item) for item in items)))


# ---- the store is the cache


def test_a_reply_is_in_the_file_before_its_slot_is_free(store: Store) -> None:
    """Looked at from outside: when the second request reaches the server, the first is committed."""
    committed: list[int] = []

    def look(_seen: Seen) -> None:
        db = sqlite3.connect(store.path)
        committed.append(db.execute("SELECT COUNT(*) FROM replies").fetchone()[0])
        db.close()

    with server(fault=look) as http:
        run(store, http.base_url, lambda e: all_of(e, list("abcdef")), concurrency=1)
    assert committed == [0, 1, 2, 3, 4, 5]


def test_a_stored_reply_is_not_asked_for_again(store: Store) -> None:
    with server() as http:
        first = run(store, http.base_url, lambda e: all_of(e, ["a", "b"]))
        again = run(store, http.base_url, lambda e: all_of(e, ["a", "b", "c"]))
        assert first == ["re: a", "re: b"]
        assert again == ["re: a", "re: b", "re: c"]
        assert len(http.requests) == 3


def test_the_same_request_in_flight_is_asked_once(store: Store) -> None:
    with server(fault=lambda _seen: Fault(delay_s=0.05)) as http:
        found = run(store, http.base_url, lambda e: all_of(e, ["a"] * 7))
        assert found == ["re: a"] * 7
        assert len(http.requests) == 1


def test_a_shared_request_that_fails_fails_for_all_who_wait(store: Store) -> None:
    with server(fault=lambda _seen: Fault(status=400, delay_s=0.05)) as http:
        assert run(store, http.base_url, lambda e: all_of(e, ["a"] * 3)) == [None] * 3
        assert len(http.requests) == 1


def test_an_item_of_several_requests_is_read_in_their_order(store: Store) -> None:
    slow = Fault(delay_s=0.05)
    with server(fault=lambda seen: slow if seen.texts == ["a"] else None) as http:
        assert run(store, http.base_url, lambda e: produce(e, "a+b")) == "re: a & re: b"


# ---- retries


def test_a_passing_fault_is_tried_again(store: Store) -> None:
    with server(fault=lambda seen: Fault(status=500) if seen.nth <= 2 else None) as http:
        assert run(store, http.base_url, lambda e: produce(e, "a")) == "re: a"
        assert len(http.requests) == 3


def test_a_lasting_fault_becomes_a_row_with_its_tries(store: Store) -> None:
    limits = Limits(retries=2, backoff_s=0.001)
    with server(fault=lambda _seen: Fault(status=500, message="no luck")) as http:
        assert run(store, http.base_url, lambda e: produce(e, "a"), limits) is None
    store.flush()
    (row,) = store.rows("SELECT stage, key, parent, by, kind, attempts, transient FROM failures")
    assert row == ("judge", "k-a", "p", "m", "server_error", 3, 1)


@pytest.mark.parametrize("fault", [Fault(status=400), Fault(finish_reason="content_filter")])
def test_a_final_refusal_is_not_tried_again(store: Store, fault: Fault) -> None:
    with server(fault=lambda _seen: fault) as http:
        assert run(store, http.base_url, lambda e: produce(e, "a")) is None
        assert len(http.requests) == 1
    assert store.keys("replies") == set()


def test_the_retry_budget_bounds_an_endpoint(store: Store) -> None:
    limits = Limits(retries=10, retry_budget=5, backoff_s=0.001)
    with server(fault=lambda _seen: Fault(status=500)) as http:
        found = run(store, http.base_url, lambda e: all_of(e, list("abcd")), limits)
        assert found == [None] * 4
        assert len(http.requests) <= 4 + 5 + 4  # those at the budget's edge end their try


def test_no_request_goes_out_before_retry_after(store: Store) -> None:
    at: list[float] = []

    def limited(_seen: Seen) -> Fault | None:
        at.append(time.monotonic())
        return Fault(status=429, headers={"Retry-After": "0.4"}) if len(at) == 1 else None

    async def one_then_more(engine: Engine) -> list[Any]:
        first = asyncio.ensure_future(produce(engine, "a"))
        await soon(lambda: any(lane.resume_at for lane in engine.lanes.values()))
        return [await first, *await all_of(engine, ["b", "c"])]

    with server(fault=limited) as http:
        assert run(store, http.base_url, one_then_more) == ["re: a", "re: b", "re: c"]
    assert len(at) == 4
    assert min(at[1:]) - at[0] >= 0.4


def test_concurrency_halves_on_429_and_no_item_is_lost(store: Store) -> None:
    limit: list[float] = []

    def crowded(seen: Seen) -> Fault | None:
        return Fault(status=429) if seen.nth == 1 and seen.texts[0] in ("0", "1") else None

    async def body(engine: Engine) -> list[Any]:
        found = await all_of(engine, [str(i) for i in range(12)])
        limit.append(next(iter(engine.lanes.values())).limit)
        return found

    with server(fault=crowded) as http:
        found = run(store, http.base_url, body)
        assert http.most_in_flight <= 8
    assert found == [f"re: {i}" for i in range(12)]
    assert limit[0] < 8


def test_a_fixed_route_begins_with_all_its_slots(store: Store) -> None:
    with server() as http:
        http.script.fault = lambda _seen: Fault(until=lambda: http.most_in_flight >= 24)
        items = [str(i) for i in range(24)]
        run(store, http.base_url, lambda e: all_of(e, items), concurrency=24, fixed=True)
        assert http.most_in_flight == 24


def test_an_adaptive_route_begins_small(store: Store) -> None:
    with server() as http:
        http.script.fault = lambda _seen: Fault(until=lambda: http.most_in_flight >= 16)
        items = [str(i) for i in range(64)]
        run(store, http.base_url, lambda e: all_of(e, items), concurrency=64)
        assert 16 <= http.most_in_flight < 64


# ---- what stops a run


@pytest.mark.parametrize(
    ("fault", "most_sent"),
    [(Fault(status=401), 8), (Fault(status=404), 8), (Fault(status=400), 60)],
)
def test_an_endpoint_without_hope_stops_the_run(store: Store, fault: Fault, most_sent: int) -> None:
    with server(fault=lambda _seen: fault) as http:
        items = [str(i) for i in range(100)]
        with pytest.raises(Stopped, match="stopped"):
            run(store, http.base_url, lambda e: all_of(e, items))
        assert len(http.requests) <= most_sent


def test_a_dead_port_stops_the_run(store: Store) -> None:
    limits = Limits(retries=50, backoff_s=0.001, patience=Patience(failures=5, new_s=0))
    with server() as http:
        base_url = http.base_url
    with pytest.raises(Stopped, match="unreachable"):
        run(store, base_url, lambda e: all_of(e, list("abc")), limits)


def test_blocked_answers_are_rows_however_many(store: Store) -> None:
    with server(fault=lambda _seen: Fault(status=400, code="content_filter")) as http:
        found = run(store, http.base_url, lambda e: all_of(e, [str(i) for i in range(40)]))
    assert found == [None] * 40
    store.flush()
    assert list(store.rows("SELECT kind, COUNT(*) FROM failures GROUP BY 1")) == [("blocked", 40)]


@pytest.mark.parametrize(
    ("limits", "prices", "message"),
    [
        (Limits(budget_tokens=10), {}, "tokens"),
        (Limits(budget_usd=0.001), {"usd_in": 100.0, "usd_out": 100.0}, "USD"),
    ],
)
def test_a_budget_stops_the_run_and_what_was_paid_for_is_kept(
    store: Store, limits: Limits, prices: dict[str, float], message: str
) -> None:
    with server() as http:
        items = [str(i) for i in range(50)]
        with pytest.raises(Stopped, match=message):
            run(store, http.base_url, lambda e: all_of(e, items), limits, concurrency=1, **prices)
        assert len(store.keys("replies")) == len(http.requests) < 50


# ---- log and stream


def test_each_try_is_a_line_of_the_log(store: Store) -> None:
    written: list[str] = []
    with server(fault=lambda seen: Fault(status=500) if seen.nth == 1 else None) as http:
        run(store, http.base_url, lambda e: produce(e, "a"), log=written.append)
    lines = [json.loads(line) for line in written]
    assert [(line["attempt"], line["outcome"]) for line in lines] == [
        (1, "server_error"),
        (2, "ok"),
    ]
    assert {line["key"] for line in lines} == {request_key(ask("a"))}
    assert lines[1]["tokens_in"] > 0
    assert all(line.endswith("}\n") for line in written)
    assert "re: a" not in "".join(written)  # texts stay in the store


def test_a_stream_draws_one_item_a_worker() -> None:
    drawn: list[int] = []
    done: list[int] = []

    def items() -> Iterator[int]:
        for i in range(20):
            drawn.append(i)
            yield i

    async def work(item: int) -> None:
        assert len(drawn) - len(done) <= 3
        await asyncio.sleep(0.001)
        done.append(item)

    asyncio.run(stream(items(), work, width=3))
    assert sorted(done) == list(range(20))


def test_the_first_error_of_a_stream_ends_the_others() -> None:
    ended: list[int] = []

    async def work(item: int) -> None:
        if item == 1:
            raise ModelError("engine", "broke", transient=False)
        try:
            await asyncio.sleep(HANG_S)
        finally:
            ended.append(item)

    with pytest.raises(ModelError, match="broke"):
        asyncio.run(stream(range(10), work, width=4))
    assert sorted(ended) == [0, 2, 3]
