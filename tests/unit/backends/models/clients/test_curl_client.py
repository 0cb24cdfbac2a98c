"""What only libcurl can be looked at for."""

from __future__ import annotations

import asyncio
import json

import pytest

from faults.server import FaultServer, completion
from safeglot.backends.models.clients.curl_client import CurlClient
from waiting import HANG_S

DATA = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a"}]}).encode()


def test_no_request_goes_out_on_the_connection_of_a_reply_that_is_not_believed_yet():
    async def body() -> list[int]:
        client = CurlClient({}, timeout_s=HANG_S)
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
        client = CurlClient({}, timeout_s=HANG_S)
        for _ in range(3):
            await client.post(server.base_url, DATA)
        await client.close()

    with FaultServer() as server:
        asyncio.run(body())
        assert server.connections == 3


def test_a_connection_with_bytes_waiting_is_closed_and_never_used_again():
    """The second copy has arrived when the next request is to go out."""

    async def body() -> bytes:
        client = CurlClient({}, timeout_s=HANG_S)
        (await client.post(server.base_url, DATA)).keep()
        server.repeat()
        await client.post(server.base_url, DATA, fresh=True)  # so the copy is on its way
        second = await client.post(server.base_url, DATA)
        await client.close()
        return second.raw

    with FaultServer() as server:
        raw = asyncio.run(body())
        assert json.loads(raw)["id"] == completion("", 3)["id"]
        assert server.connections == 3


def test_a_value_of_several_lines_is_no_header():
    with pytest.raises(ValueError, match="line break"):
        CurlClient({"Authorization": "Bearer a\r\nX: b"}, timeout_s=HANG_S)
