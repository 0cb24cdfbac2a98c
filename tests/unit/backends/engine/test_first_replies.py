from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from safeglot.backends.engine.first_replies import FIRST, FirstReplies
from safeglot.errors import Stopped
from waiting import HANG_S


def running(body: Callable[[FirstReplies], Awaitable[None]], **more: object) -> None:
    async def run() -> None:
        given = {"patience_s": HANG_S, **more}
        await asyncio.wait_for(body(FirstReplies(**given)), HANG_S)  # type: ignore[arg-type]

    asyncio.run(run())


async def waits(first: FirstReplies) -> asyncio.Task[None]:
    task = asyncio.ensure_future(first.enter("m"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not task.done()
    return task


async def admitted(first: FirstReplies) -> None:
    for _ in range(FIRST):
        await first.enter("m")


def test_after_the_first_requests_the_others_wait_for_a_reply() -> None:
    async def body(first: FirstReplies) -> None:
        await admitted(first)
        task = await waits(first)
        await first.enter("another target")
        first.thought_only("m", 200)
        await waits(first)
        first.answered("m")
        await task

    running(body)


def test_where_the_first_replies_are_all_thoughts_nothing_more_is_sent() -> None:
    async def body(first: FirstReplies) -> None:
        await admitted(first)
        task = await waits(first)
        for _ in range(FIRST - 1):
            first.thought_only("m", 200)
        with pytest.raises(Stopped, match="--thought-tokens") as caught:
            first.thought_only("m", 200)
        assert not caught.value.again
        assert "--max-tokens" in str(caught.value)
        with pytest.raises(Stopped):
            await task

    running(body)


def test_a_target_that_has_answered_once_may_think_as_it_likes() -> None:
    async def body(first: FirstReplies) -> None:
        first.answered("m")
        for _ in range(3 * FIRST):
            await first.enter("m")
            first.thought_only("m", 200)

    running(body)


def test_an_answer_of_an_earlier_session_counts() -> None:
    async def body(first: FirstReplies) -> None:
        for _ in range(3 * FIRST):
            await first.enter("m")
            first.thought_only("m", 200)

    running(body, known={"m"})


def test_a_server_that_takes_its_time_is_sent_the_others_too() -> None:
    async def body(first: FirstReplies) -> None:
        for _ in range(3 * FIRST):
            await first.enter("m")

    running(body, patience_s=0.01)
