"""The limit of requests in flight, against made-up servers in a time of its own."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

from safeglot.backends.engine.pace import Pace


def limits_at(
    accept: Callable[[int, int], bool], *, refused_s: float, n: int = 2000
) -> list[float]:
    """Ask until n are answered; `accept` gets the number of the request and how many are served."""
    pace, rng, t = Pace(start=16, most=64), random.Random(1), 0.0
    events: list[tuple[float, int, bool, float]] = []
    sent = serving = answered = 0
    limits = []
    while answered < n:
        while len(events) < int(pace.limit):
            sent += 1
            accepted = accept(sent, serving)
            serving += accepted
            lasts_s = rng.uniform(0.8, 1.2) if accepted else refused_s
            heapq.heappush(events, (t + lasts_s, sent, accepted, t))
        t, _, accepted, started = heapq.heappop(events)
        if accepted:
            serving, answered = serving - 1, answered + 1
            pace.succeeded()
        else:
            pace.overloaded(started=started, now=t)
        limits.append(pace.limit)
    return limits[len(limits) // 2 :]


@pytest.mark.parametrize("refused_s", [0.01, 1.0])
def test_a_server_that_takes_all_is_asked_as_much_as_is_allowed(refused_s):
    assert limits_at(lambda _n, _serving: True, refused_s=refused_s)[-1] == 64.0


@pytest.mark.parametrize("refused_s", [0.01, 1.0])
@pytest.mark.parametrize("slots", [1, 6, 30])
def test_the_limit_stays_about_what_a_server_can_do(slots, refused_s):
    limits = limits_at(lambda _n, serving: serving < slots, refused_s=refused_s, n=1000)
    assert 0.4 * slots < sum(limits) / len(limits) < 2 * slots + 1


@pytest.mark.parametrize("refused_s", [0.01, 1.0])
@pytest.mark.parametrize("every", [2, 3, 10])
def test_fewer_at_a_time_do_not_help_where_a_share_is_refused_anyhow(every, refused_s):
    limits = limits_at(lambda n, _serving: n % every > 0, refused_s=refused_s)
    assert sum(limits) / len(limits) > 10


def test_a_server_that_gets_worse_later_is_asked_less():
    slots = iter([64] * 3000 + [4] * 100_000)
    limits = limits_at(lambda _n, serving: serving < next(slots), refused_s=0.01, n=4000)
    assert limits[-1] < 12


def test_it_doubles_each_round_up_to_the_most_that_the_user_allows():
    pace, limits = Pace(start=16, most=1000), []
    for _ in range(7):
        for _ in range(int(pace.limit)):
            pace.succeeded()
        limits.append(pace.limit)
    assert limits == [32.0, 64.0, 128.0, 256.0, 512.0, 1000.0, 1000.0]


def test_after_an_overload_it_doubles_no_more():
    pace = Pace(start=16, most=1000)
    for _ in range(16):
        pace.succeeded()
    pace.overloaded(started=0.0, now=0.0)
    for _ in range(16):
        pace.succeeded()
    assert 16.9 < pace.limit < 17.1


def test_an_endpoint_that_restarts_was_not_too_much_for():
    pace = Pace(start=16, most=1000)
    pace.cut(1.0)
    for _ in range(8):
        pace.succeeded()
    assert pace.limit == 16.0


def test_those_under_way_when_it_was_cut_do_not_cut_again():
    pace = Pace(start=16, most=16)
    for _ in range(16):
        pace.overloaded(started=1.0, now=2.0)
    assert pace.limit == 8.0
    pace.overloaded(started=3.0, now=3.0)
    assert pace.limit == 4.0


def test_the_limit_is_between_one_and_the_most():
    pace = Pace(start=2, most=3)
    for t in range(10):
        pace.overloaded(started=t, now=t)
    assert pace.limit == 1.0
    for _ in range(10):
        pace.succeeded()
    assert pace.limit == 3.0
