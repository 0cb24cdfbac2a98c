"""HttpClient that are reset, cut, flooded or written to twice, under each client that can be chosen."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from faults.server import Act, Asked, FaultServer, completion, right_answer
from safeglot.backends.models.bodies import Endpoint
from safeglot.backends.models.clients.choice import http_client
from safeglot.backends.models.clients.client import BODY_BYTES, HttpClient, Received
from safeglot.backends.models.http import HttpModel
from safeglot.errors import ModelError
from safeglot.types import Request
from waiting import HANG_S, soon

pytestmark = pytest.mark.usefixtures("each_client")

MUCH = {"Content-Length": str(BODY_BYTES + 1)}
DATA = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a"}]}).encode()


def opened(server: FaultServer, timeout_s: float = HANG_S) -> HttpClient:
    return http_client("auto", server.base_url, {"X-Test": "1"}, timeout_s=timeout_s, proxy=None)


def on(server: FaultServer, body: Callable[[HttpClient], Awaitable[Any]]) -> Any:
    async def bounded() -> Any:
        client = opened(server)
        try:
            return await asyncio.wait_for(body(client), HANG_S)
        finally:
            await client.close()

    return asyncio.run(bounded())


def refused(server: FaultServer) -> ModelError:
    async def body(client: HttpClient) -> ModelError:
        with pytest.raises(ModelError) as caught:
            await client.post(f"{server.base_url}/chat/completions", DATA)
        return caught.value

    return on(server, body)


def test_a_connection_is_kept_after_a_reply_and_a_fresh_one_is_not():
    with FaultServer() as server:

        async def body(client: HttpClient) -> Received:
            for fresh in (False, False, True, True, False):
                got = await client.post(server.base_url, DATA, fresh=fresh)
                got.keep()
            return got

        got = on(server, body)
        assert (got.status, server.connections) == (200, 3)


def test_a_connection_that_carries_a_request_carries_no_other():
    with FaultServer(lambda _asked: Act(delay_s=0.01)) as server:

        async def body(client: HttpClient) -> None:
            for _ in range(3):
                asking = (client.post(server.base_url, DATA) for _ in range(4))
                for got in await asyncio.gather(*asking):
                    got.keep()

        on(server, body)
        assert server.connections == 4


def test_a_request_that_is_given_up_takes_its_connection_along():
    with FaultServer(lambda asked: Act(delay_s=HANG_S if asked.n == 1 else 0)) as server:

        async def body(client: HttpClient) -> Received:
            first = asyncio.ensure_future(client.post(server.base_url, DATA))
            await soon(lambda: server.open)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            return await client.post(server.base_url, DATA)

        assert json.loads(on(server, body).raw)["id"] == completion("", 2)["id"]
        assert server.connections == 2


def test_a_connection_that_was_dropped_is_not_used_again():
    with FaultServer() as server:

        async def body(client: HttpClient) -> None:
            for _ in range(3):
                (await client.post(server.base_url, DATA)).drop()

        on(server, body)
        assert server.connections == 3


@pytest.mark.parametrize(
    ("act", "kind", "says"),
    [
        (Act(reset=True), "unreachable", "broke off"),
        (Act(keep=0.5), "malformed", "body"),
        (Act(headers={"Content-Encoding": "gzip"}), "malformed", "unpacked"),
        (Act(headers={"Content-Length": "many"}), "malformed", "broken HTTP"),
        (Act(headers={"X": "y" * 1_000_000}), "malformed", "broken HTTP"),
        (Act(headers=MUCH), "malformed", "at most"),
    ],
)
def test_what_goes_wrong_on_the_way_has_a_kind(act, kind, says):
    with FaultServer(lambda _asked: act) as server:
        error = refused(server)
    assert (error.kind, error.transient, error.down) == (kind, True, False)
    assert says in error.message


def test_a_body_that_unpacks_to_too_much_is_not_held():
    packed = gzip.compress(b" " * (BODY_BYTES + 1))
    act = Act(body=packed, headers={"Content-Encoding": "gzip"})
    with FaultServer(lambda _asked: act) as server:
        assert "at most" in refused(server).message


def test_a_packed_body_is_unpacked():
    packed = gzip.compress(b'{"a": 1}')
    act = Act(body=packed, headers={"Content-Encoding": "gzip"})
    with FaultServer(lambda _asked: act) as server:
        assert on(server, lambda c: c.post(server.base_url, DATA)).raw == b'{"a": 1}'


def test_a_server_that_takes_too_long_is_given_up():
    async def body() -> ModelError:
        client = opened(server, timeout_s=0.05)
        with pytest.raises(ModelError) as caught:
            await client.post(server.base_url, DATA)
        await client.close()
        return caught.value

    with FaultServer(lambda _asked: Act(delay_s=HANG_S)) as server:
        error = asyncio.run(body())
    assert (error.kind, error.transient, error.down) == ("timeout", True, False)
    assert "no answer within 0.05 s" in error.message


@pytest.mark.parametrize("url", ["http://", "no address", "http://127.0.0.1:99999/v1"])
def test_what_is_no_address_is_said_so(url):
    async def body(client: HttpClient) -> ModelError:
        with pytest.raises(ModelError) as caught:
            await client.post(url, DATA)
        return caught.value

    with FaultServer() as server:
        assert (error := on(server, body)).kind == "bad_request"
        assert error.message == f"{url}: not a URL"


def test_headers_are_read_in_any_case_and_what_is_no_text_is_left_out():
    act = Act(status=302, headers={"LOCATION": "/login", "X": "caf\xe9"})
    with FaultServer(lambda _asked: act) as server:
        got = on(server, lambda c: c.post(server.base_url, DATA))
    assert got.status == 302
    assert got.headers.get("Location", "") == "/login"
    assert got.headers.get("Retry-After", "none") == "none"


def test_a_body_in_pieces_is_whole():
    with FaultServer(lambda _asked: Act(pieces=7, pause_s=0.001)) as server:
        got = on(server, lambda c: c.post(server.base_url, DATA))
    assert json.loads(got.raw)["object"] == "chat.completion"


def test_nobody_at_the_address_is_down():
    with FaultServer() as server:
        server.down()
        error = refused(server)
    assert (error.kind, error.down) == ("unreachable", True)


# ---- late second copies, through the model


def ask(server: FaultServer, texts: list[str], *, width: int = 8) -> list[str]:
    async def body() -> list[str]:
        model = HttpModel(Endpoint(model="t", base_url=server.base_url, timeout_s=HANG_S))
        slots = asyncio.Semaphore(width)

        async def one(text: str) -> str:
            async with slots:
                request = Request(model="t", messages=(("user", text),), max_tokens=8)
                return (await model.answer(request)).text

        try:
            return await asyncio.gather(*map(one, texts))
        finally:
            ask.notes = model.notes
            await model.close()

    ask.notes = []
    return asyncio.run(body())


TEXTS = [f"q {i}" for i in range(300)]
RIGHT = [right_answer(Asked(model="t", text=text, n=0, nth=0)) for text in TEXTS]


@pytest.mark.parametrize("again_s", [0.0, 0.003, 0.03])
def test_a_late_second_copy_is_nobodys_answer(again_s):
    def scenario(asked: Asked) -> Act:
        return Act(delay_s=0.002, again_s=again_s if asked.n % 10 == 3 else None)

    with FaultServer(scenario) as server:
        assert ask(server, TEXTS) == RIGHT
        assert server.n < 330


def test_a_copy_of_an_error_is_nobodys_answer():
    """An error has no id; nothing else is asked on its connection."""

    def scenario(asked: Asked) -> Act:
        late = 0.003 if asked.n % 5 == 3 else None
        return Act(status=429 if late else 200, again_s=late, delay_s=0.002)

    with FaultServer(scenario) as server:

        async def body() -> list[str]:
            model = HttpModel(Endpoint(model="t", base_url=server.base_url, timeout_s=HANG_S))
            found = []
            for text in TEXTS[:60]:
                request = Request(model="t", messages=(("user", text),), max_tokens=8)
                try:
                    found.append((await model.answer(request)).text)
                except ModelError as error:
                    found.append(error.kind)
            await model.close()
            return found

        found = asyncio.run(body())
    limited = [i for i, text in enumerate(found) if text == "rate_limited"]
    assert limited == list(range(2, 60, 5))
    assert [text for i, text in enumerate(found) if i not in limited] == [
        text for i, text in enumerate(RIGHT[:60]) if i not in limited
    ]


@pytest.mark.parametrize(
    ("body", "most"),
    [
        ({"id": "x"}, 300),
        ({"id": None}, 300),
        ({"id": "chatcmpl-constant"}, 301),
    ],
)
def test_a_server_that_says_the_same_to_all_is_asked_once_each(body, most):
    with FaultServer(lambda _asked: Act(delay_s=0.002)) as server:
        server.answer = lambda _asked: completion("no", 1, **body)
        assert set(ask(server, TEXTS)) == {"no"}
        assert server.n <= most
    assert sum("no ids of their own" in note for note in ask.notes) == 1


@pytest.mark.parametrize(
    "odd", [Act(body=b"data: {}\n\n"), Act(status=302, headers={"Location": "/login"})]
)
def test_a_detour_of_a_server_that_has_answered_is_one_odd_reply(odd):
    async def body() -> list[bool]:
        model = HttpModel(Endpoint(model="t", base_url=server.base_url, timeout_s=HANG_S))
        transient = []
        for text in "abc":
            try:
                await model.answer(Request(model="t", messages=(("user", text),), max_tokens=8))
            except ModelError as error:
                transient.append(error.transient)
        await model.close()
        return transient

    with FaultServer(lambda asked: Act() if asked.n == 2 else odd) as server:
        assert asyncio.run(body()) == [False, True]
