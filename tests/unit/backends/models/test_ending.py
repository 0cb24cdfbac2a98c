import signal
import subprocess
import sys

import pytest

from waiting import HANG_S

CHILD = """
import asyncio, signal, sys, threading
from safeglot.backends.models import ending; from safeglot.backends.models.engines import batching
from safeglot.types import Reply, Request

signal.signal(signal.SIGINT, signal.default_int_handler)
until, ending._SILENT_S, ending._LONGEST_S = sys.argv[1], *map(float, sys.argv[2:])
begun, ends = threading.Event(), threading.Event()
say = ending._say

def said(text):
    say(text)
    if until == "said":
        ends.set()

ending._say = said

def run(requests):
    print("runs", flush=True)
    begun.set()
    if until != "now":
        ends.wait(600)
    print("has run", flush=True)
    return [Reply(text="") for _ in requests]

async def main():
    global batcher
    batcher = batching.Batcher(run, most=9, size=lambda _: 1)
    answer = asyncio.create_task(batcher.answer(Request(model="m", prompt="", max_tokens=1)))
    if until == "now":
        await answer
        batcher._pool.stop(600.0)
    while not begun.is_set():
        await asyncio.sleep(0.01)
    print("left", flush=True)
    if until == "left":
        threading.Timer(0.5, ends.set).start()
    sys.exit(7)

asyncio.run(main())
"""


def ends(*given, ctrl_c=False):
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # what is read ahead of a line, communicate does not see
    ) as child:
        said = child.stderr.readline() if ctrl_c else b""
        if ctrl_c:
            child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=HANG_S)
    return child.returncode, out.decode().splitlines(), (said + err).decode()


def test_nothing_is_waited_for_where_all_has_ended():
    assert ends("now", 0, 0) == (7, ["runs", "has run", "left"], "")


def test_a_batch_that_runs_is_waited_for_in_silence():
    assert ends("left", 500, 0) == (7, ["runs", "left", "has run"], "")


def test_after_a_while_it_is_told_what_is_waited_for():
    code, out, err = ends("said", 0.01, 500)
    assert (code, out) == (7, ["runs", "left", "has run"])
    assert err == "waiting for a batch: 1 in flight (Ctrl-C leaves at once)\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("longest_s", "ctrl_c", "code", "told"),
    [
        (0.3, False, 1, "error: a batch does not end; left with 1 in flight"),
        (500, True, 4, "interrupted; a batch was in flight"),
    ],
)
def test_what_does_not_end_is_left(longest_s, ctrl_c, code, told):
    returned, out, err = ends("never", 0.01, longest_s, ctrl_c=ctrl_c)
    assert (returned, out) == (code, ["runs", "left"])
    assert err.splitlines()[1:] == [told]
