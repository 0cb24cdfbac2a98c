"""What only pyreqwest can be looked at for."""

from __future__ import annotations

import asyncio
import json

import pytest

from faults.server import Act, FaultServer, completion
from safeglot.backends.models.clients.pyreqwest_client import PyreqwestClient
from safeglot.errors import ModelError
from waiting import HANG_S, soon

DATA = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a"}]}).encode()


def test_no_request_goes_out_on_the_connection_of_a_reply_that_is_not_believed_yet():
    async def body() -> list[int]:
        client = PyreqwestClient({}, timeout_s=HANG_S)
        first = await client.post(server.base_url, DATA)
        second = await client.post(server.base_url, DATA)
        opened = [server.connections]
        first.keep()
        second.keep()
        first.keep()  # once is enough
        asked = [await client.post(server.base_url, DATA) for _ in range(3)]
        assert {got.status for got in asked} == {200}
        await client.close()
        return [*opened, server.connections]

    with FaultServer() as server:
        assert asyncio.run(body()) == [2, 3]


def test_a_reply_that_nobody_looks_at_holds_no_connection():
    async def body() -> None:
        client = PyreqwestClient({}, timeout_s=HANG_S)
        for _ in range(3):
            await client.post(server.base_url, DATA)
        await client.close()

    with FaultServer() as server:
        asyncio.run(body())
        assert server.connections == 3


def test_a_connection_with_bytes_waiting_is_closed_and_never_used_again():
    """The second copy has arrived when the next request is to go out."""

    async def body() -> bytes:
        client = PyreqwestClient({}, timeout_s=HANG_S)
        (await client.post(server.base_url, DATA)).keep()
        server.repeat()
        await soon(lambda: server.closed)
        second = await client.post(server.base_url, DATA)
        await client.close()
        return second.raw

    with FaultServer() as server:
        raw = asyncio.run(body())
        assert json.loads(raw)["id"] == completion("", 2)["id"]
        assert server.connections == 2


def test_what_a_connection_failed_for_is_said_in_its_last_words():
    async def body() -> ModelError:
        client = PyreqwestClient({}, timeout_s=HANG_S)
        with pytest.raises(ModelError) as caught:
            await client.post(server.base_url, DATA)
        return caught.value

    with FaultServer(lambda _asked: Act(reset=True)) as server:
        error = asyncio.run(body())
    assert "connection closed before message completed" in error.message
