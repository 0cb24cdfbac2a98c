"""Threads of a model: as many as may be, begun with the calls, ended once the model is closed."""

import asyncio
import queue
import threading

import pytest

from safeglot.backends.models.engines.thread import ModelThread, ThreadCall, ThreadedModel
from safeglot.errors import ModelError
from safeglot.types import Reply, Request


class Echo(ModelThread):
    """Gives back the prompt, once it may."""

    def __init__(self, most):
        super().__init__("echo", "an echo", most=most)
        self.calls = queue.SimpleQueue()
        self.may = threading.Semaphore(0)
        self.seen = []

    def submit(self, call):
        with self.changed:
            self.begin()
            self.calls.put(call)

    def refuse(self):
        for _ in self.workers:
            self.calls.put(None)

    def run_calls(self):
        while (call := self.calls.get()) is not None:
            self.may.acquire()
            self.seen.append(call)
            if call.done.set_running_or_notify_cancel():
                call.done.set_result(Reply(text=call.request.prompt))


def ask(model, text):
    return asyncio.create_task(model.answer(Request(model="m", prompt=text, max_tokens=1)))


@pytest.mark.parametrize("most", [1, 2])
def test_calls_begin_as_many_threads_as_may_be(most):
    async def run():
        echo = Echo(most)
        model = ThreadedModel(echo, echo.submit)
        asked = [ask(model, text) for text in "abc"]
        await asyncio.sleep(0)
        n = len(echo.workers)
        echo.may.release(3)
        replies = await asyncio.gather(*asked)
        await model.close()
        await model.close()
        with pytest.raises(ModelError, match="has been closed"):
            await ask(model, "d")
        return n, [reply.text for reply in replies], [w.is_alive() for w in echo.workers]

    assert asyncio.run(run()) == (most, ["a", "b", "c"], [False] * most)


def test_a_call_is_marked_once_nobody_waits_for_it():
    async def run():
        echo = Echo(1)
        model = ThreadedModel(echo, echo.submit)
        asked = ask(model, "a")
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        echo.may.release()
        await model.close()
        return echo.seen

    (call,) = asyncio.run(run())
    assert isinstance(call, ThreadCall)
    assert call.left


def test_a_thread_that_does_not_end_is_counted():
    echo = Echo(1)
    echo.submit(ThreadCall(Request(model="m", prompt="a", max_tokens=1)))
    assert echo.stop(0.0) == 1
    echo.may.release()
    assert echo.stop() == 0
