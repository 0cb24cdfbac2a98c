"""Connections to one server: what goes out, and the bytes that come back.

Nothing that comes on a connection says which request it answers. So a connection is kept only after
a reply that was believed, and never used again once bytes wait on it (a reply sent twice, or late).
"""

from __future__ import annotations

import asyncio
import select
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from safeglot.backends.models.proxies import PROXY_AUTH, Proxy, request_options
from safeglot.errors import ModelError

BODY_BYTES = 16 * 2**20
"""The most that a reply may have, unpacked."""
KEEP_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came back for one request, and the connection that it came on."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    transport: asyncio.Transport | None = None

    def drop(self) -> None:
        """Close the connection: what else comes on it belongs to no request."""
        if self.transport is not None:
            self.transport.close()


class Connections:
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
        try:
            while True:
                try:
                    return await self._post(url, data, fresh=fresh)
                except _BytesWaitError:
                    continue  # that connection is closed, and nothing was sent
        except TimeoutError:
            raise ModelError(
                "timeout", f"{url}: no answer within {self._timeout_s:g} s", transient=True
            ) from None
        except aiohttp.ClientConnectorError as error:
            through = "the proxy: " if isinstance(error, aiohttp.ClientProxyConnectionError) else ""
            gone = ModelError("unreachable", f"{url}: {through}{error}", transient=True)
            gone.down = True
            raise gone from None
        except aiohttp.InvalidURL:
            raise ModelError("bad_request", f"{url}: not a URL", transient=False) from None
        except aiohttp.ClientHttpProxyError as error:
            raise refused_by_proxy(url, error.status) from None
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise ModelError("malformed", f"{url}: {_broken(error)}", transient=True) from None
        except (aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError) as error:
            why = f"the connection broke off ({type(error).__name__})"
            raise ModelError("unreachable", f"{url}: {why}", transient=True) from None

    async def _post(self, url: str, data: bytes, *, fresh: bool) -> Received:
        session = self._session(fresh=fresh)
        asked = request_options(url, self._headers, self._proxy)
        async with session.post(url, data=data, **asked) as response:
            raw = await _body(response)
            return Received(
                status=response.status,
                headers=response.headers,
                raw=raw,
                transport=getattr(response, "transport", None),
            )

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


def refused_by_proxy(url: str, status: int) -> ModelError:
    """Return the error of a proxy that does not let a request through."""
    if status == PROXY_AUTH:
        why = (
            "the proxy wants a user and a password, or refuses those it has. Set them, export "
            "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT (HTTP_PROXY for http addresses), and give "
            "--proxy environment"
        )
        return ModelError("auth", f"{url}: status {status}: {why}", transient=False)
    if status in (400, 403, 404, 405):
        why = f"the proxy does not let requests through to it (status {status})"
        return ModelError("auth", f"{url}: {why}", transient=False)
    gone = ModelError("unreachable", f"{url}: the proxy answers status {status}", transient=True)
    gone.down = True
    return gone


class _BytesWaitError(aiohttp.ClientConnectionError):
    """Bytes wait on a kept connection before anything was asked on it."""


_used: weakref.WeakSet[Any] = weakref.WeakSet()
"""Protocols of connections that have carried a reply."""


class _CleanRequest(aiohttp.ClientRequest):
    """A request that goes out on no connection with bytes waiting."""

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


async def _body(response: aiohttp.ClientResponse) -> bytes:
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
    size = f"{declared:,} bytes" if declared else f"more than {BODY_BYTES:,} bytes"
    raise ModelError(
        "malformed",
        f"{response.url}: answered with {size}; at most {BODY_BYTES:,} are read",
        transient=True,
    )


def _broken(error: aiohttp.ClientError) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        return f"answered with broken HTTP ({error.message.splitlines()[0] if error.message else error.status})"
    return f"the body broke off or cannot be unpacked ({type(error).__name__})"
