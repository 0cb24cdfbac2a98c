from __future__ import annotations

import threading

import pytest

from safeglot.backends.app.background import Background
from waiting import HANG_S


def test_what_was_made_last_stays_until_the_next_is_whole():
    gate, made = threading.Semaphore(1), []

    def make(tell):
        gate.acquire()
        made.append(len(made))
        tell(len(made), 2)
        return made[-1]

    work = Background(make)
    assert work.result(0) is None
    work.begin()
    assert work.result(HANG_S) == 0
    assert (work.done, work.of) == (1, 2)
    work.begin()
    assert work.result(HANG_S) == 0
    gate.release()
    work._thread.join(HANG_S)
    assert work.result(0) == 1


def test_what_failed_is_told_once_and_begun_anew():
    faults = [OSError("no"), None]

    def make(_):
        if fault := faults.pop(0):
            raise fault
        return "made"

    work = Background(make)
    work.begin()
    with pytest.raises(OSError, match="no"):
        work.result(HANG_S)
    assert work.result(HANG_S) == "made"


def test_it_is_made_again_for_a_share_of_the_time():
    work = Background(lambda _: 1)
    work.begin()
    work.result(HANG_S)
    work.took_s = 1e9
    assert not work.is_stale(0.1)
    work.took_s = 0.0
    assert work.is_stale(0.1)
