from __future__ import annotations

import contextlib

import pytest

from safeglot.backends.engine.endpoints import Endpoints
from safeglot.backends.engine.lane import Lane
from safeglot.errors import EndpointStopped, ModelError
from safeglot.types import Failure


def failure(key: str, kind: str, *, transient: bool = False) -> Failure:
    return Failure(
        stage="generate", key=key, kind=kind, message="m", attempts=1, transient=transient
    )


def given_up(name: str, kind: str, *, answered: bool = False) -> Lane:
    lane = Lane(name, start=1, most=1)
    error = ModelError(kind, "said so", transient=False)
    if answered:
        lane.succeeded(0.0, "m")
    for _ in range(20):
        with contextlib.suppress(EndpointStopped):
            lane.failed(error, 0.0, "m")
    assert not lane.is_open
    return lane


def test_only_what_failed_as_what_made_this_lane_give_up_is_taken_back():
    endpoints = Endpoints()
    lane = endpoints.lanes["a"] = given_up("a", "auth")
    for name, kind in (("a", "auth"), ("a", "blocked"), ("b", "auth")):
        endpoints.failed(name, failure(f"{name}-{kind}", kind), "origin")
    ((taken, origin),) = endpoints.taken_back(lane)
    assert (taken.key, taken.transient, origin) == ("a-auth", True, "origin")
    assert endpoints.taken_back(lane) == []
    assert endpoints.gave_up("a", "auth")
    assert not endpoints.gave_up("a", "blocked")
    assert not endpoints.gave_up("b", "auth")


@pytest.mark.parametrize(
    ("by_lane", "known", "answered"), [(False, (), False), (True, (), True), (False, ("m",), True)]
)
def test_a_stop_is_kept_and_told_once_with_whether_it_ever_answered(by_lane, known, answered):
    told: list[str] = []
    endpoints = Endpoints(say=told.append, known=lambda: known)
    lane = endpoints.lanes["a"] = given_up("http://a/v1", "auth", answered=by_lane)
    endpoints.lanes["b"] = Lane("http://b/v1", start=1, most=1)
    for _ in range(3):
        stop = endpoints.none_left([lane], "m")
        assert isinstance(stop, EndpointStopped)
    assert [(s.endpoint, s.answered) for s in endpoints.stopped] == [("http://a/v1", answered)]
    (line,) = told
    assert "http://a/v1: stopped" in line


def test_the_last_that_gives_up_is_not_told_since_the_command_ends_with_it():
    told: list[str] = []
    endpoints = Endpoints(say=told.append)
    lane = endpoints.lanes["a"] = given_up("a", "auth")
    endpoints.none_left([lane], "m")
    assert (told, len(endpoints.stopped)) == ([], 1)


def test_a_replica_that_stops_is_told_and_is_no_stop():
    told: list[str] = []
    endpoints = Endpoints(say=told.append)
    for _ in range(2):
        endpoints.replica_stopped(given_up("a", "quota"))
    assert len(told) == 1
    assert endpoints.stopped == []
