"""Every OpenAI-compatible server: chat completions for instruct models, completions for base ones."""

from __future__ import annotations

import asyncio
import email.utils
import json
import math
import time
from datetime import UTC
from typing import Any

import aiohttp

from safeglot.backends.models.bodies import Endpoint, request_body
from safeglot.backends.models.error_bodies import error_of_bytes
from safeglot.backends.models.replies import parse_reply
from safeglot.errors import ModelError
from safeglot.keys import json_encoder
from safeglot.text.setting_words import settings_named
from safeglot.types import Reply, Request

_MESSAGE_CHARS = 500
_encode = json_encoder(ensure_ascii=False)


class HttpModel:
    """A model behind an OpenAI-compatible server; one connection pool each."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None
        base = endpoint.base_url.rstrip("/")
        self._chat_url = f"{base}/chat/completions"
        self._completions_url = f"{base}/completions"

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"Content-Type": "application/json"}
            if self.endpoint.key:
                headers["Authorization"] = f"Bearer {self.endpoint.key}"
            self._session = aiohttp.ClientSession(
                headers=headers,
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                timeout=aiohttp.ClientTimeout(total=self.endpoint.timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request.

        Raises: ModelError, with the server's message and never a key.
        """
        chat = request.prompt is None
        url = self._chat_url if chat else self._completions_url
        data = _encode(request_body(request, self.endpoint)).encode("utf-8", "replace")
        try:
            async with self._open().post(url, data=data, allow_redirects=False) as response:
                raw = await response.read()
                status, headers = response.status, response.headers
        except TimeoutError:
            raise ModelError(
                "timeout", f"{url}: no answer within {self.endpoint.timeout_s:g} s", transient=True
            ) from None
        except aiohttp.ClientConnectorError as error:
            raise ModelError(
                "unreachable", self._clean(f"{url}: {error}"), transient=True
            ) from None
        except aiohttp.InvalidURL:
            raise ModelError("bad_request", f"{url}: not a URL", transient=False) from None
        except (aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError) as error:
            message = f"{url}: the connection broke off ({type(error).__name__})"
            raise ModelError("unreachable", self._clean(message), transient=True) from None
        if status != 200:
            refused = self._refused(url, status, headers, raw)
            refused.settings = settings_named(status, raw)
            raise refused
        try:
            return parse_reply(self._json(url, headers, raw), chat=chat)
        except ModelError as error:
            raise self._without_key(error, error.message) from None

    def _json(self, url: str, headers: Any, raw: bytes) -> Any:
        try:
            return json.loads(raw)
        except ValueError:
            kind = headers.get("Content-Type", "no content type").split(";")[0]
            what = "HTML" if raw.lstrip()[:1] == b"<" else "no whole JSON"
            raise ModelError(
                "malformed",
                f"{url}: answered {what} ({kind}, {len(raw)} bytes). Is this the base URL of an "
                "OpenAI-compatible API (it often ends in /v1)?",
                transient=True,
            ) from None

    def _refused(self, url: str, status: int, headers: Any, raw: bytes) -> ModelError:
        error = error_of_bytes(status, raw)
        if error.kind == "rate_limited":
            error.retry_after_s = retry_after_s(headers.get("Retry-After"), time.time())
        return self._without_key(error, f"{url}: status {status}: {error.message}")

    def _without_key(self, error: ModelError, message: str) -> ModelError:
        """Return an error with a message and texts that may quote the server, without the key."""
        clean = ModelError(
            error.kind,
            self._clean(message),
            transient=error.transient,
            retry_after_s=error.retry_after_s,
        )
        key = self.endpoint.key
        clean.text = error.text.replace(key, "***") if key else error.text
        clean.tokens_in, clean.tokens_out = error.tokens_in, error.tokens_out
        clean.thought = error.thought.replace(key, "***") if key else error.thought
        return clean

    def _clean(self, text: str) -> str:
        """Return a text without the key, cut afterwards: a cut key would not be found."""
        if self.endpoint.key:
            text = text.replace(self.endpoint.key, "***")
        return text if len(text) <= _MESSAGE_CHARS else f"{text[:_MESSAGE_CHARS]}…"


def retry_after_s(header: str | None, now_s: float) -> float | None:
    """Return the seconds of a Retry-After header (a number or an HTTP date), at most ten minutes."""
    try:
        wait = float(header or "")
    except ValueError:
        wait = _date_s(header or "") - now_s
    return None if math.isnan(wait) else min(max(wait, 0.0), 600.0)


def _date_s(header: str) -> float:
    try:
        date = email.utils.parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError):
        return math.nan
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
