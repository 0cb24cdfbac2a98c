from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from safeglot.backends.engine import replicas
from safeglot.backends.engine.lane import Lane, Patience
from safeglot.errors import EndpointStopped, ModelError, Stopped
from waiting import HANG_S

AT_ONCE = Patience(failures=3, new_s=0, known_s=0, overload_s=0, rejected=4)


def error(kind: str, retry_after_s: float | None = None) -> ModelError:
    return ModelError(kind, "said so", transient=True, retry_after_s=retry_after_s)


async def enter(lane: Lane) -> float:
    """Wait for a slot of a lane alone and return its starting time."""
    entered, started = await replicas.enter([lane])
    assert entered is lane
    return started


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(body(), HANG_S)  # a lost slot shows as a time-out, not as a hang

    asyncio.run(bounded())


def failures_until_stopped(lane: Lane, kind: str, most: int = 50) -> int | None:
    for count in range(1, most + 1):
        try:
            lane.failed(error(kind), time.monotonic())
        except Stopped:
            return count
    return None


def test_the_limit_doubles_until_something_is_too_much_then_grows_by_one_a_round() -> None:
    lane = Lane("x", start=4, most=16)
    for _ in range(4):
        lane.succeeded()
    assert lane.limit == 8.0
    lane.failed(error("rate_limited"), time.monotonic())
    assert lane.limit == 4.0
    for _ in range(4):
        lane.succeeded()
    assert 4.8 < lane.limit < 5.0
    for _ in range(200):
        lane.succeeded()
    assert lane.limit == 16.0


def test_the_start_is_never_above_the_most() -> None:
    assert Lane("x", start=16, most=2).limit == 2.0


@pytest.mark.parametrize("kind", ["rate_limited", "timeout"])
def test_overload_halves_once_a_round(kind: str) -> None:
    lane = Lane("x", start=16, most=16)
    started = time.monotonic()
    for _ in range(5):  # all of one round: they were under way when the first came back
        lane.failed(error(kind), started)
    assert lane.limit == 8.0
    lane.failed(error(kind), time.monotonic())
    assert lane.limit == 4.0


@pytest.mark.parametrize("kind", ["server_error", "blocked", "malformed", "unreachable"])
def test_other_errors_do_not_slow_down(kind: str) -> None:
    lane = Lane("x", start=16, most=16)
    lane.failed(error(kind), time.monotonic())
    assert lane.limit == 16.0


def test_the_limit_never_falls_below_one() -> None:
    lane = Lane("x", start=2, most=2)
    for _ in range(5):
        lane.failed(error("timeout"), time.monotonic())
    assert lane.limit == 1.0


def test_no_more_enter_than_the_limit_and_all_get_their_turn() -> None:
    async def body() -> None:
        lane, most, done = Lane("x", start=3, most=3), 0, 0

        async def one() -> None:
            nonlocal most, done
            await enter(lane)
            most = max(most, lane.in_flight)
            await asyncio.sleep(0.001)
            lane.leave()
            done += 1

        await asyncio.gather(*(one() for _ in range(40)))
        assert (most, done, lane.in_flight) == (3, 40, 0)

    run(body)


def test_those_who_are_cancelled_while_they_wait_lose_no_slot() -> None:
    async def body() -> None:
        lane = Lane("x", start=1, most=1)
        await enter(lane)
        woken, next_one = (asyncio.ensure_future(enter(lane)) for _ in range(2))
        await asyncio.sleep(0)
        lane.leave()  # wakes the first, which is cancelled before it can run
        woken.cancel()
        await next_one
        assert woken.cancelled()
        assert lane.in_flight == 1

    run(body)


def test_retry_after_holds_back_the_next_one() -> None:
    async def body() -> None:
        lane = Lane("x", start=4, most=4)
        asked = time.monotonic()
        lane.failed(error("rate_limited", retry_after_s=0.2), asked)
        started = await enter(lane)
        assert started - asked >= 0.2

    run(body)


def test_an_endpoint_that_never_answered_stops_soon() -> None:
    assert failures_until_stopped(Lane("x", start=1, most=1, patience=AT_ONCE), "unreachable") == 3


def test_an_endpoint_gets_its_time_before_it_is_stopped() -> None:
    patience = Patience(failures=3, new_s=60)
    lane = Lane("x", start=1, most=1, patience=patience)
    assert failures_until_stopped(lane, "unreachable") is None


def test_a_wrong_key_stops_at_once() -> None:
    assert failures_until_stopped(Lane("x", start=1, most=1), "auth") == 1


def test_a_key_that_worked_before_gets_more_tries() -> None:
    lane = Lane("x", start=1, most=1, patience=AT_ONCE)
    lane.succeeded()
    assert failures_until_stopped(lane, "auth") == 3


def test_requests_refused_for_good_stop_after_a_row_of_them() -> None:
    assert failures_until_stopped(Lane("x", start=1, most=1, patience=AT_ONCE), "bad_request") == 4


def test_blocked_answers_never_stop_an_endpoint() -> None:
    lane = Lane("x", start=1, most=1, patience=AT_ONCE)
    assert failures_until_stopped(lane, "blocked") is None


def test_a_success_or_another_error_begins_a_new_row() -> None:
    lane = Lane("x", start=1, most=1, patience=AT_ONCE)
    for kind in ("unreachable", "unreachable", "server_error", "server_error"):
        lane.failed(error(kind), time.monotonic())
    lane.succeeded()
    lane.failed(error("server_error"), time.monotonic())
    lane.failed(error("server_error"), time.monotonic())
    with pytest.raises(Stopped, match="3 times in a row"):
        lane.failed(error("server_error"), time.monotonic())


def test_once_stopped_nobody_enters() -> None:
    async def body() -> None:
        lane = Lane("http://x/v1", start=1, most=1)
        waits = [asyncio.ensure_future(enter(lane)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Stopped):
            lane.failed(error("auth"), time.monotonic())
        lane.leave()
        found = await asyncio.gather(*waits, return_exceptions=True)
        assert [type(f) for f in found] == [float, EndpointStopped, EndpointStopped]
        assert "http://x/v1" in str(found[1])
        assert lane.in_flight == 0

    run(body)


def test_one_probe_at_a_time_while_nobody_listens() -> None:
    async def body() -> None:
        lane = Lane("x", start=4, most=4)
        started = await enter(lane)
        gone = error("unreachable")
        gone.down = True
        assert not lane.failed(gone, started)
        lane.leave()
        assert lane.is_down
        waits = [asyncio.ensure_future(enter(lane)) for _ in range(3)]
        probe = await waits[0]
        assert not lane.failed(gone, probe)
        lane.leave()
        probe = await waits[1]
        assert not waits[2].done()
        lane.succeeded(probe)
        assert not lane.is_down
        lane.leave()
        await waits[2]
        assert lane.in_flight == 1

    run(body)


def test_a_probe_that_is_cancelled_leaves_its_place() -> None:
    async def body() -> None:
        lane = Lane("x", start=4, most=4)
        gone = error("unreachable")
        gone.down = True
        lane.failed(gone, time.monotonic())
        probe = asyncio.ensure_future(enter(lane))
        await asyncio.sleep(0)
        probe.cancel()
        await enter(lane)
        assert lane.in_flight == 1

    run(body)


def test_errors_in_a_row_are_those_of_one_model() -> None:
    lane = Lane("x", start=1, most=1, patience=AT_ONCE)
    now = time.monotonic()
    for _ in range(2):
        assert lane.failed(error("malformed"), now, "a")
        assert lane.failed(error("malformed"), now, "b")
    lane.succeeded(now, "b")
    with pytest.raises(Stopped, match="3 times in a row"):
        lane.failed(error("malformed"), now, "a")


def test_a_rest_ends_when_the_lane_is_shut() -> None:
    async def body() -> None:
        lane = Lane("x", start=1, most=1)
        resting = asyncio.ensure_future(lane.rest(HANG_S))
        await asyncio.sleep(0)
        lane.shut("enough")
        await resting
        await lane.rest(HANG_S)  # nobody begins to rest any more

    run(body)
