"""The embedded model, with its real weights."""

from __future__ import annotations

import asyncio
import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from safeglot.backends.models.engines.local import LocalModel, _Engine
from safeglot.backends.models.weights import SMOLLM2_135M, fetch
from safeglot.errors import ModelError, UsageError
from safeglot.types import LOGPROB_POSITIONS, Request
from waiting import HANG_S, soon

pytest.importorskip("xllamacpp")


@pytest.fixture(scope="module")
def weights() -> Path:
    return fetch(SMOLLM2_135M)


@pytest.fixture(scope="module")
def model(weights: Path) -> Iterator[LocalModel]:
    """One model for the module; it is used from several event loops, one after the other."""
    one = LocalModel(weights, parallel=4, context_tokens=512)
    yield one
    asyncio.run(one.close())


def chat(text: str, **fields: Any) -> Request:
    fields = {"model": "m", "max_tokens": 8, **fields}
    return Request(messages=(("user", text),), **fields)


def completion(text: str, **fields: Any) -> Request:
    return Request(**{"model": "m", "max_tokens": 4, "prompt": text, **fields})


def test_chat_uses_the_models_own_template(model):
    reply = asyncio.run(model.answer(chat("Say hello.")))
    assert reply.text.startswith("Hello")
    assert (reply.finish_reason, reply.n_tokens) == ("length", 8)
    assert reply.n_prompt_tokens > 20  # the template brings a system message
    assert reply.logprobs == ()


def test_completion_stop_and_logprobs(model):
    reply = asyncio.run(model.answer(completion("The capital of France is", top_logprobs=3)))
    assert reply.text.startswith(" Paris")
    assert len(reply.logprobs) == 4
    for alternatives in reply.logprobs:
        numbers = [logprob for _, logprob in alternatives]
        assert numbers == sorted(numbers, reverse=True)
        assert math.fsum(map(math.exp, numbers)) <= 1
    assert "".join(alternatives[0][0] for alternatives in reply.logprobs) == reply.text
    stopped = asyncio.run(model.answer(completion("The capital of France is", stop=(".",))))
    assert (stopped.text, stopped.finish_reason) == (" Paris", "stop")


def test_logprobs_are_those_of_the_whole_vocabulary(model):
    request = completion("The capital of France is", max_tokens=1, top_logprobs=49_152)
    (alternatives,) = asyncio.run(model.answer(request)).logprobs
    assert len(alternatives) == 49_152
    assert math.fsum(math.exp(logprob) for _, logprob in alternatives) == pytest.approx(1, abs=2e-3)


def test_logprobs_of_chats_are_kept_for_the_first_positions_only(model):
    reply = asyncio.run(model.answer(chat("Tell me a story.", max_tokens=40, top_logprobs=2)))
    assert len(reply.logprobs) == LOGPROB_POSITIONS
    assert reply.text.startswith("".join(position[0][0] for position in reply.logprobs))


def test_sampling_follows_the_distribution_of_the_request(model):
    """With all cuts off, tokens beyond top-k 40 and below min-p 0.05 must come up.

    At temperature 5 the mass beyond the first 40 is over 0.9: 12 draws all within them have a
    probability under 1e-12.
    """
    start = completion("The", max_tokens=1, top_logprobs=40)
    likely = {token for token, _ in asyncio.run(model.answer(start)).logprobs[0]}

    async def draws() -> list[str]:
        requests = [completion("The", max_tokens=1, temperature=5.0, sample=n) for n in range(12)]
        return [reply.text for reply in await asyncio.gather(*map(model.answer, requests))]

    first = asyncio.run(draws())
    assert set(first) - likely
    assert len(set(first)) > 6  # each sample has a seed of its own
    assert asyncio.run(draws()) == first


def test_extra_fields_reach_the_engine(model):
    only = completion("The", max_tokens=1, temperature=5.0, extra={"top_k": 1})
    greedy = completion("The", max_tokens=1)
    assert asyncio.run(model.answer(only)).text == asyncio.run(model.answer(greedy)).text


def test_seeds_decide_what_is_drawn(model):
    async def texts() -> list[str]:
        requests = [chat("Tell a story.", temperature=1.5, seed=seed) for seed in (1, 1, 2)]
        return [(await model.answer(request)).text for request in requests]

    one, again, other = asyncio.run(texts())
    assert one == again != other


def test_more_calls_than_sequences(model):
    async def both() -> tuple[list[str], list[str]]:
        requests = [chat(f"What is {n} plus one?", max_tokens=4) for n in range(9)]
        together = await asyncio.gather(*map(model.answer, requests))
        return [reply.text for reply in together], [reply.finish_reason for reply in together]

    texts, reasons = asyncio.run(both())
    assert all(texts)
    assert set(reasons) <= {"stop", "length"}


def test_too_long_and_bad_requests_are_told_and_not_tried_again(model):
    with pytest.raises(ModelError, match="holds 512: give the model a larger context") as caught:
        asyncio.run(model.answer(completion("word " * 600)))
    assert (caught.value.kind, caught.value.transient) == ("bad_request", False)
    with pytest.raises(ModelError, match="surrogate") as caught:
        asyncio.run(model.answer(chat("half \ud800 of it")))
    assert caught.value.kind == "bad_request"
    with pytest.raises(ModelError) as caught:
        asyncio.run(model.answer(chat("Hi.", extra={"temperature": "hot"})))
    assert caught.value.kind == "bad_request"


def test_a_cancelled_call_frees_its_place(model, monkeypatch):
    ask, tokens = _Engine._ask, []

    def counting(engine, body, take):
        tokens.append(0)
        at = len(tokens) - 1

        def counted(chunk):
            tokens[at] += 1
            return take(chunk)

        ask(engine, body, counted)

    async def cancel() -> None:
        endless = chat("Tell a story.", max_tokens=450, extra={"ignore_eos": True})
        tasks = [asyncio.create_task(model.answer(endless)) for _ in range(8)]
        await soon(lambda: sum(tokens))
        for task in tasks:
            task.cancel()
        assert await asyncio.wait(tasks, timeout=HANG_S) == (set(tasks), set())
        assert all(task.cancelled() for task in tasks)
        assert (await model.answer(chat("Say hello."))).text

    monkeypatch.setattr(_Engine, "_ask", counting)
    asyncio.run(cancel())
    assert max(tokens) < 450  # none went on to its end


def test_files_that_are_missing_or_no_gguf(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        LocalModel(tmp_path / "missing.gguf")
    other = tmp_path / "other.gguf"
    other.write_bytes(b"PK\3\4 and so on")
    with pytest.raises(UsageError, match="is not a GGUF file"):
        LocalModel(other)
    with pytest.raises(UsageError, match="parallel of a local model is 0"):
        LocalModel(other, parallel=0)


def test_a_damaged_gguf_fails_each_request_with_one_clear_message(tmp_path):
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(b"GGUF" + bytes(1000))
    model = LocalModel(damaged)
    for _ in range(2):
        with pytest.raises(ModelError, match=r"cannot load .*damaged") as caught:
            asyncio.run(model.answer(chat("Hi.")))
        assert (caught.value.kind, caught.value.transient) == ("engine", False)
    asyncio.run(model.close())


def test_without_the_package(tmp_path):
    """A module of None in sys.modules is Python's own way of saying that there is none."""
    file = tmp_path / "a.gguf"
    file.write_bytes(b"GGUF" + bytes(100))
    code = (
        "import sys; sys.modules['xllamacpp'] = None\n"
        "from safeglot.backends.models.engines.local import LocalModel\n"
        "from safeglot.errors import UsageError\n"
        "try: LocalModel(sys.argv[1])\n"
        "except UsageError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "pip install 'safeglot[embedded]'" in said


CHILD = """
import asyncio, atexit, gc, signal, socket, sys, threading, time
from safeglot.backends.models import ending
from safeglot.backends.models.engines.local import LocalModel
from safeglot.types import Request

def request(n, tokens):
    return Request(model="m", messages=(("user", f"Story {n}."),), max_tokens=tokens,
                   extra={"ignore_eos": True})

# A shell may start its background programs with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

tokens = []
atexit.register(lambda: print(len(tokens), "tokens", flush=True))

def count(engine):
    ask = engine._ask
    engine._ask = lambda self, body, take: ask(
        self, body, lambda chunk: tokens.append(0) or take(chunk))

async def main():
    global model
    model = LocalModel(sys.argv[1], parallel=4, context_tokens=2048)
    await model.answer(request(0, 1))
    count(type(model._engine))
    tasks = [asyncio.create_task(model.answer(request(n, 1900))) for n in range(8)]
    while not tokens:
        await asyncio.sleep(0.01)
    print("busy", flush=True)
    if sys.argv[2] == "close":
        gc.disable()  # an error that keeps the model would else be found by chance
        address = model._engine.server.listening_address.removeprefix("http://").split(":")
        await model.close()
        await model.close()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        print(sorted({getattr(e, "kind", type(e).__name__) for e in ended}))
        try:
            socket.create_connection(address, timeout=600).close()
            print("llama.cpp is still there")
        except ConnectionRefusedError:
            print("the model is freed")
        try:
            await model.answer(request(0, 1))
        except Exception as error:
            print(error)
    elif sys.argv[2] == "exit":
        sys.exit(3)
    elif sys.argv[2] == "late":
        assert model._engine.stop(0.0)  # the calls are still in C++ at the end
        assert model._engine.server is not None
        sys.exit(3)
    elif sys.argv[2] in ("hung", "left"):
        ending._SILENT_S, ending._LONGEST_S = 0.0, 0.5 if sys.argv[2] == "hung" else 600.0
        call = threading.Thread(target=time.sleep, args=(600,), daemon=True)  # never ends, as it were
        call.start()
        model._engine.workers.append(call)
        print("printed", end="")
        sys.exit(3)
    else:
        await asyncio.gather(*tasks)

asyncio.run(main())
"""


LEFT = (
    r"waiting for llama\.cpp: [1-5] in flight \(Ctrl-C leaves at once\)\n"
    r"(error: llama\.cpp does not end; left with [1-5]|interrupted; llama\.cpp was) in flight\n"
)


@contextmanager
def child(weights: Path, end: str) -> Iterator[Callable[[], tuple[int, str, str]]]:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(weights), end],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # what is read ahead of a line, communicate does not see
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"busy\n"

    def ended() -> tuple[int, str, str]:
        said = process.stderr.readline() if end == "left" else b""
        if end in ("interrupt", "left"):
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=HANG_S)
        return process.returncode, out.decode(), (said + err).decode()

    try:
        yield ended
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("end", "code"),
    [("interrupt", -signal.SIGINT), ("exit", 3), ("late", 3), ("close", 0)],
)
def test_a_program_with_calls_in_flight_ends_soon_and_cleanly(weights, end, code):
    with child(weights, end) as ended:
        returned, out, err = ended()
    assert returned == code, err
    told, tokens = re.fullmatch(r"(.*)(\d+) tokens\n", out, re.DOTALL).groups()
    assert int(tokens) < 8 * 1900  # what was asked for
    assert "llama" not in err  # the engine's log stays out of the terminal
    if end == "close":
        assert told == "['engine']\nthe model is freed\nengine: the model has been closed\n"


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("end", "code"), [("hung", 1), ("left", 4)])
def test_a_call_that_never_ends_is_left_after_a_while_or_at_ctrl_c(weights, end, code):
    with child(weights, end) as ended:
        returned, out, err = ended()
    assert (returned, out) == (code, "printed")
    assert re.fullmatch(LEFT, err), err


def test_the_engines_own_server_asks_for_a_key(model):
    import urllib.error
    import urllib.request

    asyncio.run(model.answer(chat("Hi.", max_tokens=1)))
    address = model._engine.server.listening_address
    assert address.startswith("http://127.0.0.1:")
    ask = urllib.request.Request(address + "/v1/chat/completions", data=b"{}")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(ask, timeout=HANG_S)
    assert caught.value.code == 401
    caught.value.close()
