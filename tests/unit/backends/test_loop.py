"""The loop is uvloop's where it is there, and stops as asyncio.run does."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import signal
import threading

import pytest

from safeglot.backends import loop


async def name_of_loop() -> str:
    return type(asyncio.get_running_loop()).__module__


@pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="not on this system")
def test_it_is_uvloops_where_it_is_installed():
    assert loop.run(name_of_loop()) == "uvloop"


def test_without_uvloop_it_is_pythons(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert loop.run(name_of_loop()).startswith("asyncio")


def test_through_a_proxy_it_is_pythons():
    assert loop.run(name_of_loop(), proxied=True).startswith("asyncio")


def test_ctrl_c_cancels_what_runs_and_is_an_interrupt():
    cancelled = []

    async def interrupted() -> None:
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with pytest.raises(KeyboardInterrupt):
        loop.run(interrupted())
    assert cancelled == [True]


def in_a_loop(work):
    async def cell():
        return work()

    with contextlib.closing(asyncio.new_event_loop()) as running:
        return running.run_until_complete(cell())


def test_where_a_loop_runs_already_work_has_a_thread_of_its_own():
    def work():
        return loop.run(name_of_thread())

    async def name_of_thread():
        return threading.current_thread().name

    main = threading.current_thread().name
    assert loop.apart(work) == main
    assert in_a_loop(lambda: loop.apart(work)) != main


def test_an_interrupt_cancels_work_in_its_own_thread():
    cancelled = []

    async def interrupted():
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with pytest.raises(asyncio.CancelledError):
        in_a_loop(lambda: loop.apart(lambda: loop.run(interrupted())))
    assert cancelled == [True]
