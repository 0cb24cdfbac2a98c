"""The client that costs least: libcurl in the event loop's own thread, for plain http without a proxy.

One set of transfers shares the loop's events; each has a pool of its own with the one connection, so
that a reply can hold it until it is believed. None is used again on which bytes wait.
"""

from __future__ import annotations

import asyncio
import io
import select
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pycurl

from safeglot.backends.models.clients import client
from safeglot.backends.models.clients.client import BODY_BYTES, KEEP_S, Received
from safeglot.errors import ModelError

Fault: TypeAlias = tuple[int, str] | None
"""The number and words of what went wrong with a transfer."""
_NOBODY = frozenset(
    {pycurl.E_COULDNT_CONNECT, pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_INTERFACE_FAILED}
)
_BODY = frozenset({pycurl.E_PARTIAL_FILE, pycurl.E_BAD_CONTENT_ENCODING})
_WEIRD, _TOO_LARGE = 8, 100
"""CURLE_WEIRD_SERVER_REPLY and CURLE_TOO_LARGE, which pycurl has no names for."""
_HTTP = frozenset({_WEIRD, _TOO_LARGE, pycurl.E_UNSUPPORTED_PROTOCOL})


class CurlClient:
    """Connections to one server, those first that were used last."""

    def __init__(self, headers: Mapping[str, str], *, timeout_s: float) -> None:
        self._headers = [f"{name}: {_line(value)}" for name, value in headers.items()]
        self._timeout_s = timeout_s
        self._idle: list[_Link] = []
        self._transfers: _Transfers | None = None

    async def close(self) -> None:
        """Close all connections."""
        idle, self._idle = self._idle, []
        for link in idle:
            link.close()
        if self._transfers is not None:
            self._transfers.close()
        self._transfers = None

    async def post(self, url: str, data: bytes, *, fresh: bool = False) -> Received:
        """Return what the server sends back; `fresh` asks on a connection of its own.

        Raises: ModelError of kind timeout, unreachable, malformed or bad_request.
        """
        if self._transfers is None:
            self._transfers = _Transfers(asyncio.get_running_loop())
        link = self._open(self._transfers) if fresh else self._kept(self._transfers)
        try:
            fault = await link.ask(url, data)
        except BaseException:  # given up: what comes on it belongs to no request
            link.close()
            raise
        if fault is not None:
            link.close()
            raise self._error(url, link, *fault)
        received = Received(link.status, _LazyHeaders(link.lines), b"".join(link.pieces), link)
        if fresh:
            link.close()
        else:
            link.idle = self._idle
        return received

    def _kept(self, transfers: _Transfers) -> _Link:
        """Return a connection on which nothing has come since its last reply."""
        while self._idle:
            link = self._idle.pop()
            if link.is_quiet():
                return link
            link.close()
        return self._open(transfers)

    def _open(self, transfers: _Transfers) -> _Link:
        return _Link(transfers, self._headers, timeout_s=self._timeout_s)

    def _error(self, url: str, link: _Link, code: int, said: str) -> ModelError:
        if code == pycurl.E_FILESIZE_EXCEEDED or link.is_too_large:
            return client.too_large(url, None if link.is_too_large else link.declared)
        made: dict[int, Callable[[], ModelError]] = {
            pycurl.E_OPERATION_TIMEDOUT: lambda: client.timed_out(url, self._timeout_s),
            pycurl.E_URL_MALFORMAT: lambda: client.no_url(url),
            **dict.fromkeys(_NOBODY, lambda: client.nobody_there(url, f"cannot connect ({said})")),
            **dict.fromkeys(_BODY, lambda: client.broken_body(url, said)),
            **dict.fromkeys(_HTTP, lambda: client.broken_http(url, said)),
        }
        return made.get(code, lambda: client.broken_off(url, said))()


class _Link:
    """One transfer, and the connection that it alone uses."""

    def __init__(self, transfers: _Transfers, headers: list[str], *, timeout_s: float) -> None:
        self.pieces: list[bytes] = []
        self.lines: list[bytes] = []
        self.is_too_large = False
        self.idle: list[_Link] | None = None
        """Where it waits for another request, once the reply that it holds is believed."""
        self._transfers = transfers
        self._url = ""
        self._n_bytes = 0
        self._fd = -1
        self._socket = select.poll()
        self._is_asked = False
        self._pool = pycurl.CurlShare()
        self._pool.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_CONNECT)
        self._easy = pycurl.Curl()
        for option, value in (
            (pycurl.SHARE, self._pool),
            (pycurl.HTTPHEADER, [*headers, "Expect:"]),
            (pycurl.POST, 1),
            (pycurl.USERAGENT, "safeglot"),
            (pycurl.ACCEPT_ENCODING, "gzip, deflate"),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),
            (pycurl.NOPROXY, "*"),
            (pycurl.NOSIGNAL, 1),
            (pycurl.TIMEOUT_MS, max(int(1e3 * timeout_s), 1)),
            (pycurl.MAXAGE_CONN, int(KEEP_S)),
            (pycurl.MAXFILESIZE, BODY_BYTES),
            (pycurl.WRITEFUNCTION, self._take),
        ):
            self._easy.setopt(option, value)

    async def ask(self, url: str, data: bytes) -> Fault:
        """Return None once a whole reply is there, or the number and words of what went wrong."""
        self.pieces, self.lines = [], []
        self._n_bytes = 0
        easy = self._easy
        if url != self._url:
            try:
                easy.setopt(pycurl.URL, url)
            except UnicodeError:
                return pycurl.E_URL_MALFORMAT, ""
            self._url = url
        # a body that cannot be read twice: libcurl sends none again by itself, uncounted
        easy.setopt(pycurl.READFUNCTION, io.BytesIO(data).read)
        easy.setopt(pycurl.POSTFIELDSIZE, len(data))
        easy.setopt(pycurl.HEADERFUNCTION, self.lines.append)
        self._is_asked = True
        fault, fd = await self._transfers.end_of(easy)
        self._is_asked = False
        if fd != self._fd:
            self._look_at(fd)
        return fault

    def _look_at(self, fd: int) -> None:
        """Note the socket of the connection; -1 where that is not known, which is the same if none was opened."""
        if fd < 0 and self._easy.getinfo(pycurl.NUM_CONNECTS) == 0:
            return
        self._socket, self._fd = select.poll(), fd
        if fd >= 0:
            self._socket.register(fd, select.POLLIN)

    def is_quiet(self) -> bool:
        """Return whether neither bytes nor an end wait on the socket; libcurl looks only now and then."""
        return self._fd >= 0 and not self._socket.poll(0)

    @property
    def declared(self) -> int | None:
        """How many bytes the reply was said to have."""
        said = _LazyHeaders(self.lines).get("content-length", "")
        return int(said) if said.isdecimal() else None

    @property
    def status(self) -> int:
        """The status of the reply."""
        return int(self._easy.getinfo(pycurl.RESPONSE_CODE))

    def keep(self) -> None:
        """Let other requests go out on the connection."""
        idle, self.idle = self.idle, None
        if idle is not None:
            idle.append(self)

    def drop(self) -> None:
        """Close the connection."""
        if self.idle is not None:
            self.close()

    def close(self) -> None:
        """End what is under way, and close the connection."""
        self.idle = None
        if self._is_asked:
            self._transfers.give_up(self._easy)
        self._easy.close()
        self._pool.close()

    def _take(self, piece: bytes) -> int | None:
        self._n_bytes += len(piece)
        if self._n_bytes > BODY_BYTES:
            self.is_too_large = True
            return 0
        self.pieces.append(piece)
        return None


class _Transfers:
    """The transfers under way, which the loop's events drive; many are often one call of libcurl."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ends: dict[Any, asyncio.Future[tuple[Fault, int]]] = {}
        self._timer: asyncio.Handle | None = None
        self._watched: dict[int, int] = {}
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    def end_of(self, easy: Any) -> asyncio.Future[tuple[Fault, int]]:
        """Return what will hold the end of a transfer: a fault or None, and its socket where that is known."""
        end: asyncio.Future[tuple[Fault, int]] = self._loop.create_future()
        self._ends[easy] = end
        self._multi.add_handle(easy)
        return end

    def give_up(self, easy: Any) -> None:
        """End a transfer that nobody waits for any more."""
        if self._ends.pop(easy, None) is not None:
            self._multi.remove_handle(easy)

    def close(self) -> None:
        """End all, and watch no socket any more."""
        for easy in list(self._ends):
            self.give_up(easy)
        self._set_timer(-1)
        for fd in list(self._watched):
            self._watch(pycurl.POLL_REMOVE, fd, None, None)
        self._multi.close()

    # ---- what libcurl calls

    def _set_timer(self, wait_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wait_ms == 0:  # not at once: libcurl is not to be called from within
            self._timer = self._loop.call_soon(self._act, pycurl.SOCKET_TIMEOUT, 0)
        elif wait_ms > 0:
            self._timer = self._loop.call_later(wait_ms / 1e3, self._act, pycurl.SOCKET_TIMEOUT, 0)

    def _watch(self, wanted: int, fd: int, _multi: object, _data: object) -> None:
        wanted = 0 if wanted == pycurl.POLL_REMOVE else wanted
        changed = self._watched.pop(fd, 0) ^ wanted
        if wanted:
            self._watched[fd] = wanted
        if changed & pycurl.POLL_IN:
            if wanted & pycurl.POLL_IN:
                self._loop.add_reader(fd, self._act, fd, pycurl.CSELECT_IN)
            else:
                self._loop.remove_reader(fd)
        if changed & pycurl.POLL_OUT:
            if wanted & pycurl.POLL_OUT:
                self._loop.add_writer(fd, self._act, fd, pycurl.CSELECT_OUT)
            else:
                self._loop.remove_writer(fd)

    def _act(self, fd: int, event: int) -> None:
        multi = self._multi
        multi.socket_action(fd, event)
        _, finished, failed = multi.info_read()
        if not (finished or failed):
            return
        alone = fd if len(finished) == 1 and not failed and fd != pycurl.SOCKET_TIMEOUT else -1
        ends: list[tuple[Any, Fault]] = [(easy, None) for easy in finished]
        ends += [(easy, (code, said)) for easy, code, said in failed]
        for easy, fault in ends:
            multi.remove_handle(easy)
            end = self._ends.pop(easy, None)
            if end is not None and not end.done():
                end.set_result((fault, alone))


class _LazyHeaders:
    """The headers of a reply, read where they are asked for."""

    __slots__ = ("_lines",)

    def __init__(self, lines: list[bytes]) -> None:
        self._lines = lines

    def get(self, name: str, default: str, /) -> str:
        """Return the value of a header; what is no text is none."""
        start = name.lower().encode() + b":"
        for line in reversed(self._lines):  # those of a 100 Continue stand before
            if line[: len(start)].lower() == start:
                try:
                    return line[len(start) :].strip().decode()
                except UnicodeDecodeError:
                    return default
        return default


def _line(value: str) -> str:
    """Return a header's value. Raises: ValueError where it would be several lines."""
    if any(ord(c) < 32 for c in value):
        raise ValueError("a header's value holds a line break or another control character")
    return value
