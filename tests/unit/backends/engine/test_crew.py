"""Tasks that end together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

import virtual_time
from safeglot.backends.engine.crew import Crew
from safeglot.backends.engine.engine import GRACE_S
from safeglot.errors import Stopped


def run(body: Callable[[Crew], Awaitable[None]]) -> float:
    async def work() -> float:
        await body(Crew())
        return virtual_time.now()

    return virtual_time.run(work())


def test_it_ends_when_all_have_those_that_tasks_begin_too() -> None:
    done: list[int] = []

    async def body(crew: Crew) -> None:
        async def work(left: int) -> None:
            await asyncio.sleep(1)
            done.append(left)
            if left:
                crew.start(work(left - 1))

        crew.start(work(3))
        await crew.finish()

    assert run(body) == pytest.approx(4, abs=0.1)
    assert done == [3, 2, 1, 0]


def test_without_tasks_it_has_ended() -> None:
    async def body(crew: Crew) -> None:
        await crew.finish()

    assert run(body) == pytest.approx(0, abs=0.1)


async def raising(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "others_s", "finished"),
    [
        (Stopped("budget"), 2.0, True),
        (Stopped("budget"), 10 * GRACE_S, False),
        (KeyError(), 2.0, False),
    ],
    ids=["a stop waits", "not for ever", "a fault does not"],
)
def test_on_a_stop_the_others_may_finish_what_is_paid_for(error, others_s, finished) -> None:
    done: list[bool] = []

    async def body(crew: Crew) -> None:
        async def work() -> None:
            await asyncio.sleep(others_s)
            done.append(True)

        crew.start(work())
        crew.start(raising(error))
        with pytest.raises(type(error)):
            await crew.finish()

    run(body)
    assert bool(done) is finished
