"""The client that speaks all that is needed: aiohttp, with TLS by Python and proxies."""

from __future__ import annotations

import asyncio
import contextlib
import select
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp

from safeglot.backends.models.clients import client
from safeglot.backends.models.clients.client import BODY_BYTES, KEEP_S, Received
from safeglot.backends.models.proxies import Proxy, refused_by_proxy, request_options


class AiohttpClient:
    """A pool of connections to one server, and a way to ask on a fresh one."""

    def __init__(
        self, headers: Mapping[str, str], *, timeout_s: float, proxy: Proxy | None = None
    ) -> None:
        self._headers = headers
        self._proxy = proxy
        self._timeout_s = timeout_s
        self._kept: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections."""
        for session in (self._kept, self._fresh):
            if session is not None:
                await session.close()
        self._kept = self._fresh = None

    async def post(self, url: str, data: bytes, *, fresh: bool = False) -> Received:
        """Return what the server sends back; `fresh` asks on a connection of its own.

        Raises: ModelError of kind timeout, unreachable, malformed or bad_request.
        """
        with errors_translated(url, self._timeout_s):
            while True:
                try:
                    return await self._post(url, data, fresh=fresh)
                except _BytesWaitError:
                    continue  # that connection is closed, and nothing was sent

    async def _post(self, url: str, data: bytes, *, fresh: bool) -> Received:
        session = self._session(fresh=fresh)
        asked = request_options(url, self._headers, self._proxy)
        async with session.post(url, data=data, **asked) as response:
            raw = await whole_body(url, response)
            transport = getattr(response, "transport", None)
            return Received(response.status, response.headers, raw, _Pooled(transport))

    def _session(self, *, fresh: bool) -> aiohttp.ClientSession:
        session = self._fresh if fresh else self._kept
        if session is None:
            session = self._open(fresh=fresh)
            if fresh:
                self._fresh = session
            else:
                self._kept = session
        return session

    def _open(self, *, fresh: bool) -> aiohttp.ClientSession:
        kept: dict[str, Any] = {"force_close": True} if fresh else {"keepalive_timeout": KEEP_S}
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, **kept),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_CleanRequest,
            response_class=_TracedResponse,
        )


@contextlib.contextmanager
def errors_translated(url: str, timeout_s: float) -> Iterator[None]:
    """Run what asks a server. Raises: ModelError in place of aiohttp's errors."""
    try:
        yield
    except TimeoutError:
        raise client.timed_out(url, timeout_s) from None
    except aiohttp.ClientConnectorError as error:
        through = "the proxy: " if isinstance(error, aiohttp.ClientProxyConnectionError) else ""
        raise client.nobody_there(url, f"{through}{error}") from None
    except aiohttp.InvalidURL:
        raise client.no_url(url) from None
    except aiohttp.ClientHttpProxyError as error:
        raise refused_by_proxy(url, error.status) from None
    except aiohttp.ClientResponseError as error:
        said = error.message.splitlines()[0] if error.message else str(error.status)
        raise client.broken_http(url, said) from None
    except aiohttp.ClientPayloadError as error:
        raise client.broken_body(url, type(error).__name__) from None
    except (aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError) as error:
        raise client.broken_off(url, type(error).__name__) from None


class _Pooled:
    """A connection that the pool has back once the body is read."""

    __slots__ = ("transport",)

    def __init__(self, transport: asyncio.Transport | None) -> None:
        self.transport = transport

    def keep(self) -> None:
        """Nothing: the pool has it."""

    def drop(self) -> None:
        """Close it; the pool finds it closed."""
        if self.transport is not None:
            self.transport.close()


class _BytesWaitError(aiohttp.ClientConnectionError):
    """Bytes wait on a kept connection before anything was asked on it."""


_used: weakref.WeakSet[Any] = weakref.WeakSet()
"""Protocols of connections that have carried a reply."""


class _CleanRequest(aiohttp.ClientRequest):
    """A request that goes out on no connection with bytes waiting (a reply sent twice, or late)."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Return the response to come. Raises: _BytesWaitError, with nothing sent."""
        if conn.protocol in _used and (conn.protocol.should_close or _readable(conn.transport)):
            raise _BytesWaitError
        return await super().send(conn)


class _TracedResponse(aiohttp.ClientResponse):
    """A response that still knows its connection when the pool has it back."""

    transport: asyncio.Transport | None = None

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Return this response once its status and headers are there."""
        self.transport = connection.transport
        _used.add(connection.protocol)
        return await super().start(connection)


def _readable(transport: asyncio.Transport) -> bool:
    """Return whether the socket has bytes, or its end, that the event loop has not seen yet."""
    socket = transport.get_extra_info("socket")
    if socket is None or socket.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([socket], [], [], 0)[0])
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


async def whole_body(url: str, response: aiohttp.ClientResponse) -> bytes:
    """Return a whole body, with an end to what a server can make this process hold."""
    declared = response.content_length
    pieces: list[bytes] = []
    n_bytes = 0
    if declared is None or declared <= BODY_BYTES:
        async for piece in response.content.iter_any():
            n_bytes += len(piece)
            if n_bytes > BODY_BYTES:
                break
            pieces.append(piece)
        else:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    response.close()
    raise client.too_large(url, declared)
