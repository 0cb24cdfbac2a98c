"""What batch APIs have in common: files of JSON lines to and from the one host that the user named."""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, ClassVar

import aiohttp

from safeglot.backends.engine.batches import FailedList
from safeglot.backends.engine.lists import Asked, Running, Told
from safeglot.backends.models.adapting import AdaptingModel
from safeglot.backends.models.clients.aiohttp_client import errors_translated, whole_body
from safeglot.backends.models.clients.client import BODY_BYTES, Received
from safeglot.backends.models.detours import detour
from safeglot.backends.models.http import refused, retry_after_s
from safeglot.backends.models.json_bodies import decoded, encoded
from safeglot.backends.models.proxies import request_options
from safeglot.backends.store.tries import OpenBatch
from safeglot.errors import ModelError
from safeglot.types import Reply

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_LINES = 500
"""Lines that are written before other work goes on."""
_PIECE = 1 << 20
_MOST_RESULTS = 1 << 33
"""The most bytes of results: no batch has so many tokens."""
_PAGES = 20
"""The most pages of a list of batches that are looked through for one of ours."""
_LATE_S = 3600.0
"""By so much the clocks of a service and of this machine may differ."""


class BatchApi:
    """The batch API of one model's provider; subclasses say how its batches look."""

    most: int
    most_bytes: int
    path: ClassVar[str]
    """Of its batches, behind the base URL."""
    cursor: ClassVar[str]
    """The name of what a further page of a list begins after."""

    def __init__(self, model: AdaptingModel) -> None:
        self.model = model
        self.endpoint = model.endpoint
        self.address = model.endpoint.base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
        self._session = None

    # ---- what differs

    def headers(self) -> dict[str, str]:
        """Return the headers of every request, with the key."""
        raise NotImplementedError

    def line(self, asked: Asked) -> dict[str, Any]:
        """Return a request as it stands in a batch."""
        raise NotImplementedError

    async def submit(self, asked: Sequence[Asked], mark: str = "") -> str:
        """Return the service's name of a new batch. Raises: ModelError."""
        raise NotImplementedError

    async def outcome(self, batch: Mapping[str, Any]) -> Iterable[Told] | Running | FailedList:
        """Return what came of a batch as the service describes it. Raises: ModelError."""
        raise NotImplementedError

    def is_ours(self, batch: Mapping[str, Any], mark: str, sought: OpenBatch) -> bool:
        """Return whether a batch in the service's list is the one that is sought."""
        raise NotImplementedError

    def began(self, batch: Mapping[str, Any]) -> float:
        """Return when a batch was made, in seconds of Unix time."""
        raise NotImplementedError

    def reply(self, line: Mapping[str, Any]) -> Reply:
        """Return the reply in one line of results. Raises: ModelError."""
        raise NotImplementedError

    # ---- what is the same

    def size(self, asked: Asked) -> int:
        """Return the bytes of one request in a batch."""
        return len(self._encoded(asked)) + 1

    def _encoded(self, asked: Asked) -> bytes:
        return encoded(self.line(asked), plain=not asked[1].extra)

    async def poll(self, ticket: str) -> Iterable[Told] | Running | FailedList:
        """Return what came of a batch. Raises: ModelError, of kind not_found where it is not known."""
        batch, headers = await self.json("GET", f"{self.path}/{name(ticket)}")
        found = await self.outcome(batch)
        if isinstance(found, Running) and (wait := headers.get("Retry-After", "")):
            return Running(done=found.done, after_s=retry_after_s(wait, time.time()))
        return found

    async def find(self, mark: str, batch: OpenBatch) -> str:
        """Return the service's name of a batch that may not have come to it, "" where it has none."""
        after = ""
        for _ in range(_PAGES):
            page, _ = await self.json("GET", f"{self.path}?limit=100{after}")
            rows = [row for row in page.get("data") or () if isinstance(row, dict)]
            for row in rows:
                if self.is_ours(row, mark, batch):
                    return name(row.get("id"))
            is_last = not rows or not page.get("has_more")
            if is_last or min(map(self.began, rows)) < batch.began - _LATE_S:
                break
            after = f"&{self.cursor}={name(rows[-1].get('id'))}"
        return ""

    @contextlib.asynccontextmanager
    async def written(
        self, asked: Sequence[Asked], head: bytes = b"", between: bytes = b"\n", end: bytes = b""
    ) -> AsyncIterator[IO[bytes]]:
        """Yield a file of the requests, one after the other."""
        with tempfile.TemporaryFile() as file:
            file.write(head)
            for n, one in enumerate(asked):
                file.write((between if n else b"") + self._encoded(one))
                if n % _LINES == 0:
                    await asyncio.sleep(0)
            file.write(end)
            file.seek(0)
            yield file

    async def json(
        self, method: str, path: str, data: Any = None, *, kind: str = "application/json"
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Return the object that the service answers with, and the headers. Raises: ModelError."""
        async with self._asked(method, path, data, kind) as (url, response):
            raw = await whole_body(url, response)
            try:
                body = decoded(raw)
            except (ValueError, RecursionError):
                body = None
            if not isinstance(body, dict):
                why = f"{url}: answered no JSON object ({len(raw)} bytes)"
                raise ModelError("malformed", why)
            return body, response.headers

    async def results(self, paths: Iterable[str]) -> Iterator[Told]:
        """Return what the lines of files of results say, once all are here. Raises: ModelError."""
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it is read
        try:
            for path in paths:
                await self._save(path, file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return self._told(file)

    async def _save(self, path: str, file: IO[bytes]) -> None:
        """Write a file of results behind what is there. Raises: ModelError."""
        async with self._asked("GET", path) as (url, response):
            async for piece in response.content.iter_chunked(_PIECE):
                file.write(piece)
                if file.tell() > _MOST_RESULTS:
                    why = f"{url}: results of more than {_MOST_RESULTS:,} bytes"
                    raise ModelError("malformed", why, transient=False)
        file.write(b"\n")

    def _told(self, file: IO[bytes]) -> Iterator[Told]:
        with file:
            for raw in _lines(file):
                try:
                    line = decoded(raw)
                except (ValueError, RecursionError):
                    continue  # the request that it was has no reply, which is said of it
                key = line.get("custom_id") if isinstance(line, dict) else None
                if not isinstance(key, str):
                    continue
                try:
                    yield key, self.reply(line)
                except ModelError as error:
                    yield key, error

    @contextlib.asynccontextmanager
    async def _asked(
        self, method: str, path: str, data: Any = None, kind: str = ""
    ) -> AsyncIterator[tuple[str, aiohttp.ClientResponse]]:
        url, timeout_s = f"{self.address}/{path}", self.endpoint.timeout_s
        headers = self.headers() | ({"Content-Type": kind} if kind and data is not None else {})
        options = request_options(url, headers, self.endpoint.proxy)
        try:
            with errors_translated(url, timeout_s):
                async with self._open().request(method, url, data=data, **options) as response:
                    if response.status != 200:
                        raise _refused(url, response, await whole_body(url, response))
                    yield url, response
        except ModelError as error:
            error.down = False  # it is waited for here, and not by the lane
            raise self.model.without_key(error) from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            wait_s = self.endpoint.timeout_s
            self._session = aiohttp.ClientSession(
                # files may take long; what is silent for long is gone
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=wait_s, sock_read=wait_s),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _refused(url: str, response: aiohttp.ClientResponse, raw: bytes) -> ModelError:
    if (off := detour(url, response.status, response.headers, raw)) is not None:
        return off
    return refused(url, Received(response.status, response.headers, raw, _Closed()))


class _Closed:
    """A connection that nobody asks on again."""

    def keep(self) -> None:
        """Nothing."""

    def drop(self) -> None:
        """Nothing."""


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file but those that are too long to be held."""
    while raw := file.readline(BODY_BYTES):
        if raw.endswith(b"\n") or len(raw) < BODY_BYTES:
            if raw.strip():
                yield raw
            continue
        while (rest := file.readline(BODY_BYTES)) and not rest.endswith(b"\n"):
            pass


def name(given: object) -> str:
    """Return a name that a service gave, and that an address takes. Raises: ModelError of kind not_found for any other."""
    if isinstance(given, str) and _NAME.fullmatch(given):
        return given
    raise ModelError("not_found", f"{given!r:.60} is no name of a batch")


def momentary(why: str) -> ModelError:
    """Return the error of a request that a batch ended without."""
    return ModelError("timeout", f"not asked by the service: {why}")


def count(row: Mapping[str, Any], *names: str) -> int:
    """Return the sum of some counts of a batch, those that are counts."""
    counts = row.get("request_counts")
    found = [counts.get(n) for n in names] if isinstance(counts, dict) else []
    return sum(n for n in found if isinstance(n, int) and not isinstance(n, bool) and n > 0)
