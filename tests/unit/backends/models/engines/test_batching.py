"""Batches of real requests in a real thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from safeglot.backends.models.engines.batching import Batcher, choose
from safeglot.errors import ModelError
from safeglot.types import Reply, Request
from waiting import HANG_S, soon


def ask(text: str) -> Request:
    return Request(model="m", prompt=text, max_tokens=8)


def length(request: Request) -> int:
    return len(request.prompt or "")


class Echo:
    """Answers with the text; keeps the batches that it saw."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.threads: set[str] = set()
        self.goes_on = threading.Event()
        self.goes_on.set()

    def __call__(self, requests: list[Request]) -> list[Reply | ModelError]:
        self.batches.append([request.prompt or "" for request in requests])
        self.threads.add(threading.current_thread().name)
        assert self.goes_on.wait(HANG_S)
        return [
            ModelError("bad_request", "no", transient=False)
            if request.prompt == "bad"
            else Reply(text=f"<{request.prompt}>")
            for request in requests
        ]


def run_all(texts: list[str], run, most: int):
    async def work():
        batcher = Batcher(run, most=most, size=length)
        try:
            return await asyncio.gather(
                *(batcher.answer(ask(text)) for text in texts), return_exceptions=True
            )
        finally:
            await batcher.close()

    return asyncio.run(work())


def test_every_request_gets_its_own_reply_and_batches_keep_to_the_limit():
    echo = Echo()
    texts = [str(i) * (1 + i * 7 % 30) for i in range(200)]
    found = run_all(texts, echo, 400)
    assert [reply.text for reply in found] == [f"<{text}>" for text in texts]
    assert sum(map(len, echo.batches)) == 200
    assert len(echo.batches) < 60
    for batch in echo.batches:
        sizes = [len(text) for text in batch]
        assert sizes == sorted(sizes)
        assert len(batch) * sizes[-1] <= 400 or len(batch) == 1
    assert echo.threads == {"batches"}


def test_one_larger_than_the_limit_runs_alone():
    echo = Echo()
    run_all(["aa", "b" * 50, "cc"], echo, 10)
    assert ["b" * 50] in echo.batches


def test_requests_that_come_together_are_one_batch():
    echo = Echo()
    run_all(["a", "b", "c"], echo, 100)
    assert echo.batches == [["a", "b", "c"]]


def test_errors_belong_to_their_request():
    found = run_all(["a", "bad", "c"], Echo(), 100)
    assert [getattr(one, "text", "") for one in found] == ["<a>", "", "<c>"]
    assert found[1].kind == "bad_request"


def test_a_fault_of_the_whole_batch_reaches_all_as_errors_of_their_own():
    def broken(requests):
        raise ModelError("engine", "out of memory", transient=True)

    found = run_all(["a", "b"], broken, 100)
    assert [(e.kind, e.transient) for e in found] == [("engine", True)] * 2
    assert found[0] is not found[1]


def test_any_other_exception_is_an_engine_error_and_the_thread_goes_on():
    calls = []

    def broken_once(requests):
        calls.append(len(requests))
        if len(calls) == 1:
            raise ValueError("first")
        return [Reply(text="ok") for _ in requests]

    async def work():
        batcher = Batcher(broken_once, most=100, size=length)
        with pytest.raises(ModelError, match="ValueError: first"):
            await batcher.answer(ask("a"))
        reply = await batcher.answer(ask("b"))
        await batcher.close()
        return reply.text

    assert asyncio.run(work()) == "ok"


def test_too_few_replies_are_told_and_never_shifted():
    found = run_all(["a", "b"], lambda requests: [Reply(text="only one")], 100)
    assert [one.message for one in found] == ["the model gave 1 replies to 2 requests"] * 2


def test_what_size_raises_the_caller_gets():
    def too_long(request: Request) -> int:
        raise ModelError("too_long", "9 tokens, 8 fit", transient=False)

    async def work():
        batcher = Batcher(Echo(), most=10, size=too_long)
        with pytest.raises(ModelError, match="too_long"):
            await batcher.answer(ask("a"))
        await batcher.close()

    asyncio.run(work())


def test_a_cancelled_request_leaves_the_others_alone():
    echo = Echo()
    echo.goes_on.clear()

    async def work():
        batcher = Batcher(echo, most=1, size=length)
        tasks = [asyncio.ensure_future(batcher.answer(ask(text))) for text in "abc"]
        await soon(lambda: echo.batches)
        tasks[0].cancel()  # runs
        tasks[1].cancel()  # waits
        echo.goes_on.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        await batcher.close()
        return found

    found = asyncio.run(work())
    assert [type(one).__name__ for one in found] == ["CancelledError", "CancelledError", "Reply"]
    assert found[2].text == "<c>"
    assert ["b"] not in echo.batches


def test_close_ends_the_running_batch_and_refuses_the_rest():
    echo = Echo()
    echo.goes_on.clear()

    async def work():
        batcher = Batcher(echo, most=1, size=length)
        tasks = [asyncio.ensure_future(batcher.answer(ask(text))) for text in "ab"]
        await soon(lambda: echo.batches)
        threading.Timer(0.2, echo.goes_on.set).start()
        await batcher.close()
        await batcher.close()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(ModelError, match="closed"):
            await batcher.answer(ask("c"))
        return found

    first, second = asyncio.run(work())
    assert first.text == "<a>"
    assert (second.kind, second.message) == ("engine", "the model has been closed")


def test_it_serves_several_event_loops_one_after_the_other():
    batcher = Batcher(Echo(), most=10, size=length)
    assert asyncio.run(batcher.answer(ask("a"))).text == "<a>"
    assert asyncio.run(batcher.answer(ask("b"))).text == "<b>"
    asyncio.run(batcher.close())


@pytest.mark.parametrize(
    ("sizes", "most", "expected"),
    [
        ([], 10, []),
        ([5], 1, [0]),
        ([3, 9, 3, 4], 12, [0, 2, 3]),
        ([9, 1, 8, 2], 20, [2, 0]),
        ([5, 50, 1], 11, [2, 0]),
    ],
)
def test_choose_starts_with_the_longest_waiting_and_takes_its_neighbours(sizes, most, expected):
    assert choose(sizes, most) == expected
