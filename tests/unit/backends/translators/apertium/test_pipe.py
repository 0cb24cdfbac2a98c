"""Pipes of small programs that are on every machine: what is tested here is not Apertium's."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from safeglot.backends.translators.apertium.pipe import Pipe
from safeglot.errors import ModelError
from unit.backends.translators.apertium.programs import program

SHOUT = program('os.write(1, text.upper() + b"\\0")')
BRACKET = program('os.write(1, b"[" + text + b"]\\0")')
GRUMBLE = program('os.write(2, b"!" + text); os.write(1, text + b"\\0")')


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe("test", [SHOUT, BRACKET], timeout_s=20.0)
    yield made
    made.stop()


def test_texts_go_through_all_programs_in_their_order(pipe):
    assert pipe.pids == ()
    assert pipe.exchange([b"one", b"", b"two words\n"]) == [b"[ONE]", b"[]", b"[TWO WORDS\n]"]
    first = pipe.pids
    assert len(first) == 2
    assert pipe.exchange([b"again"]) == [b"[AGAIN]"]
    assert pipe.pids == first


def test_more_than_a_pipe_holds_goes_through(pipe):
    texts = [b"x" * 3_000_000, *(b"%d" % n for n in range(5_000))]
    assert pipe.exchange(texts) == [b"[" + text.upper() + b"]" for text in texts]


def test_without_programs_or_texts_nothing_is_started(pipe):
    assert Pipe("empty", [], timeout_s=1.0).exchange([b"a"]) == [b"a"]
    assert pipe.exchange([]) == []
    assert pipe.pids == ()


def test_complaints_of_the_last_program_are_kept_until_asked_for():
    pipe = Pipe("test", [GRUMBLE], timeout_s=20.0, heard=True)
    pipe.exchange([b"a", b"b"])
    assert pipe.complaints() == b"!a!b"
    assert pipe.complaints() == b""
    pipe.stop()


def test_after_a_killed_process_all_are_started_anew(pipe):
    pipe.exchange([b"a"])
    before = pipe.pids
    os.kill(before[1], signal.SIGKILL)
    with contextlib.suppress(ModelError):  # a death costs an exchange, or is seen before it
        pipe.exchange([b"b"])
    pipe.stop()  # as a Pipeline does after a fault
    assert pipe.exchange([b"c"]) == [b"[C]"]
    assert pipe.pids != before


def test_a_program_that_ends_is_named_with_what_it_returned():
    pipe = Pipe("test", [program("os._exit(3)")], timeout_s=20.0)
    with pytest.raises(ModelError, match="the pipeline test of Apertium ") as caught:
        pipe.exchange([b"a"])
    assert caught.value.transient
    pipe.stop()


def test_a_program_that_gives_another_number_of_texts_is_out_of_step():
    pipe = Pipe("test", [program('os.write(1, text + b"\\0" + text + b"\\0")')], timeout_s=20.0)
    with pytest.raises(ModelError, match="is out of step: it gave 2 texts for 1"):
        pipe.exchange([b"a"])
    pipe.stop()


def test_a_silent_program_gives_a_transient_timeout():
    pipe = Pipe("test", [program("pass")], timeout_s=0.05)
    with pytest.raises(ModelError, match=r"neither took nor gave anything for 0\.05 s") as caught:
        pipe.exchange([b"a"])
    assert (caught.value.kind, caught.value.transient) == ("timeout", True)
    pipe.stop()


def test_a_program_that_is_not_there_is_no_passing_fault():
    pipe = Pipe("test", [["/nowhere/lt-proc"]], timeout_s=1.0)
    with pytest.raises(ModelError, match="cannot be started: /nowhere/lt-proc") as caught:
        pipe.exchange([b"a"])
    assert not caught.value.transient


def test_what_is_stopped_for_good_starts_no_more(pipe):
    pipe.exchange([b"a"])
    pids = pipe.pids
    pipe.stop(for_good=True)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(ModelError, match="the model has been closed"):
        pipe.exchange([b"a"])
