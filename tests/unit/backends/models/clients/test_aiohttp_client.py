"""What only aiohttp can be looked at for."""

from __future__ import annotations

import asyncio
import json
import select

import pytest

from faults.server import FaultServer, completion
from safeglot.backends.models.clients import aiohttp_client
from safeglot.backends.models.clients.aiohttp_client import AiohttpClient
from waiting import HANG_S, soon

DATA = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a"}]}).encode()


@pytest.mark.parametrize("looked", [True, False], ids=["read by the loop", "in the socket"])
def test_a_connection_with_bytes_waiting_is_never_used_again(looked):
    """The second copy has arrived when the next request is to go out."""
    with FaultServer() as server:

        async def body() -> bytes:
            client = AiohttpClient({}, timeout_s=HANG_S)
            first = await client.post(server.base_url, DATA)
            assert first.connection.transport is not None
            if not looked:  # so that only the socket knows
                first.connection.transport.pause_reading()
            held = first.connection.transport.get_extra_info("socket").fileno()
            server.repeat()
            await soon(_noticed if looked else lambda: select.select([held], [], [], 0)[0])
            second = await client.post(server.base_url, DATA)
            await client.close()
            return second.raw

        raw = asyncio.run(body())
        assert json.loads(raw)["id"] == completion("", 2)["id"]
        assert server.connections == 2


def _noticed() -> bool:
    return any(protocol.should_close for protocol in aiohttp_client._used)
