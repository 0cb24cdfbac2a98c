"""One queue in front of the lanes of a model: the least loaded first, one that is down is only probed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from safeglot.backends.engine.lane import Lane, loop_time
from safeglot.errors import EndpointStopped, Stopped


async def enter(lanes: Sequence[Lane], after: Lane | None = None) -> tuple[Lane, float]:
    """Return a lane with a slot that is taken there, and its starting time; another than `after` if it can be.

    Raises: EndpointStopped where all of them have given up; Stopped where all are shut.
    """
    if len(lanes) == 1:  # as it mostly is: nothing to choose
        now = lanes[0].taken_now()
        return lanes[0], await _alone(lanes[0], lanes) if now is None else now
    while True:
        there = [lane for lane in lanes if lane.is_open]
        if not there:
            raise refusal(lanes)
        lane = _best(there, after)
        if lane is None:
            await _wait(there)
            continue
        try:
            return lane, await lane.take(there)
        except EndpointStopped:  # it gave up while this one waited for its pause to end
            continue


async def _alone(lane: Lane, lanes: Sequence[Lane]) -> float:
    while True:
        while lane.is_open and not lane.free:
            await _wait(lanes)
        if not lane.is_open:
            raise refusal(lanes)
        try:
            return await lane.take()
        except EndpointStopped:  # it gave up while this one waited for its pause to end
            continue


def refusal(lanes: Sequence[Lane]) -> Stopped:
    """Return the error of a model none of whose lanes is open."""
    each = [lane.refusal for lane in lanes]
    if len(each) == 1:
        return each[0]
    gave_up = [stop for stop in each if isinstance(stop, EndpointStopped)]
    if len(gave_up) < len(each):
        return next(stop for stop in each if not isinstance(stop, EndpointStopped))
    return EndpointStopped(
        " ".join(map(str, gave_up)),
        endpoint=group_name(lanes),
        answered=any(stop.answered for stop in gave_up),
    )


def group_name(lanes: Iterable[Lane]) -> str:
    """Return the name of the lanes that serve a model together."""
    return ", ".join(sorted(lane.name for lane in lanes))


def others_up(lanes: Sequence[Lane], lane: Lane) -> bool:
    """Return whether another of the lanes may be asked in place of one."""
    return any(other.is_open and not other.is_down for other in lanes if other is not lane)


def _best(lanes: Sequence[Lane], after: Lane | None) -> Lane | None:
    """Return the lane to enter, None where all have to be waited for."""
    now = loop_time()
    up = [lane for lane in lanes if not lane.is_down]
    if not up:
        return min((lane for lane in lanes if lane.free), key=_resumes, default=None)
    due = (lane for lane in lanes if lane.is_down and lane.free and lane.resume_at <= now)
    if (probed := next(due, None)) is not None:
        return probed
    others = [lane for lane in up if lane is not after] or up
    free = [lane for lane in others if lane.free]
    if any(lane.resume_at <= now for lane in others):  # what is held back is not waited for
        ready = (lane for lane in free if lane.resume_at <= now)
        return min(ready, key=lambda lane: lane.in_flight / lane.limit, default=None)
    return min(free, key=_resumes, default=None)


def _resumes(lane: Lane) -> float:
    return lane.resume_at


async def _wait(lanes: Sequence[Lane]) -> None:
    """Wait until one of the lanes may have a slot."""
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    for lane in lanes:
        lane.waiting[waiter] = None
    try:
        await waiter
    except BaseException:
        for lane in lanes:
            lane.waiting.pop(waiter, None)
            lane.wake()  # it may have been woken and cancelled at once: the slot goes to another
        raise
    for lane in lanes:
        lane.waiting.pop(waiter, None)
