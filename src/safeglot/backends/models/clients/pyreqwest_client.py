"""The client that costs least: pyreqwest, for plain http without a proxy.

A pyreqwest client has a pool of its own and tells nobody which connection a reply came on. So each
connection is a client of its own here: it carries one request at a time, waits among the others
only once its reply was believed, and is closed by letting it go.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import DecodeError, PyreqwestError, RequestTimeoutError

from safeglot.backends.models.clients import client
from safeglot.backends.models.clients.client import BODY_BYTES, KEEP_S, Received
from safeglot.errors import ModelError

_NO_SENTENCES = ("error sending request", "client error", "error decoding response body")
"""Beginnings of causes that say less than those behind them."""


class PyreqwestClient:
    """Connections to one server, those first that were used last."""

    def __init__(self, headers: Mapping[str, str], *, timeout_s: float) -> None:
        self._headers = dict(headers)
        self._timeout_s = timeout_s
        self._idle: list[Client] = []

    async def close(self) -> None:
        """Close all connections."""
        idle, self._idle = self._idle, []
        for one in idle:
            await one.close()

    async def post(self, url: str, data: bytes, *, fresh: bool = False) -> Received:
        """Return what the server sends back; `fresh` asks on a connection of its own.

        Raises: ModelError of kind timeout, unreachable, malformed or bad_request.
        """
        one = self._idle.pop() if self._idle and not fresh else self._open()
        try:
            asking = one.post(url).body_bytes(data).streamed_read_buffer_limit(0).build_streamed()
        except ValueError:
            raise client.no_url(url) from None
        try:
            async with asking as response:
                raw = await _body(url, response)
        except RequestTimeoutError:
            raise client.timed_out(url, self._timeout_s) from None
        except PyreqwestError as error:
            raise _translated(url, error) from None
        link = _Owned(one, [] if fresh else self._idle)
        return Received(response.status, _LazyHeaders(response), raw, link)

    def _open(self) -> Client:
        # nothing is asked over TLS (clients/choice.py), and without this line each connection
        # would read all certificates of the machine
        return (
            ClientBuilder()
            .danger_accept_invalid_certs(True)
            .default_headers(self._headers)
            .timeout(timedelta(seconds=self._timeout_s))
            .pool_idle_timeout(timedelta(seconds=KEEP_S))
            .pool_max_idle_per_host(1)
            .follow_redirects(False)
            .no_proxy()
            .build()
        )


class _Owned:
    """The connection that a reply came on: it waits for another request, or is let go."""

    __slots__ = ("_idle", "_one")

    def __init__(self, one: Client, idle: list[Client]) -> None:
        self._one: Client | None = one
        self._idle = idle

    def keep(self) -> None:
        """Let other requests go out on it."""
        if self._one is not None:
            self._idle.append(self._one)
        self._one = None

    def drop(self) -> None:
        """Close it: nobody else holds it."""
        self._one = None


class _LazyHeaders:
    """The headers of a reply, read where they are asked for; what is no text is none."""

    __slots__ = ("_response",)

    def __init__(self, response: Any) -> None:
        self._response = response

    def get(self, name: str, default: str, /) -> str:
        """Return the value of a header."""
        try:
            found = self._response.get_header(name)
        except ValueError:
            return default
        return default if found is None else str(found)


async def _body(url: str, response: Any) -> bytes:
    """Return a whole body, with an end to what a server can make this process hold."""
    declared = response.get_header("content-length")  # none where it was packed
    if declared is not None and int(declared) <= BODY_BYTES:
        return bytes(await response.bytes())
    if declared is not None:
        raise client.too_large(url, int(declared))
    pieces: list[bytes] = []
    n_bytes = 0
    while (piece := await response.body_reader.read_chunk()) is not None:
        n_bytes += len(piece)
        if n_bytes > BODY_BYTES:
            raise client.too_large(url, None)
        pieces.append(bytes(piece))
    return b"".join(pieces)


def _translated(url: str, error: PyreqwestError) -> ModelError:
    causes = [str(cause["message"]) for cause in _causes(error)]
    said = next((c for c in reversed(causes) if not c.startswith(_NO_SENTENCES)), error.message)
    if any("(Connect)" in cause for cause in causes):
        return client.nobody_there(url, f"cannot connect ({said})")
    if any("response body" in cause for cause in causes):
        return client.broken_body(url, said)
    if isinstance(error, DecodeError):
        return client.broken_http(url, said)
    return client.broken_off(url, said)


def _causes(error: PyreqwestError) -> list[Any]:
    details = getattr(error, "details", None)
    return (details.get("causes") if isinstance(details, dict) else None) or []
