"""Every OpenAI-compatible server: chat completions for instruct models, completions for base ones."""

from __future__ import annotations

import asyncio
import email.utils
import math
import time
from datetime import UTC
from typing import Any

from safeglot.backends.models.bodies import Endpoint, request_body
from safeglot.backends.models.clients.choice import http_client
from safeglot.backends.models.clients.client import Headers, Received
from safeglot.backends.models.clients.copies import Copies
from safeglot.backends.models.detours import detour
from safeglot.backends.models.error_bodies import error_of, error_of_bytes
from safeglot.backends.models.json_bodies import TooLargeError, decoded, encoded
from safeglot.backends.models.plain_replies import PlainReply, plain_reply
from safeglot.backends.models.proxies import PROXY_AUTH, refused_by_proxy
from safeglot.backends.models.replies import parse_reply
from safeglot.errors import ModelError
from safeglot.text.control import one_line
from safeglot.text.keys_in_texts import (
    replied_without,
    without_each,
    without_key,
    without_key_in_answers,
)
from safeglot.text.setting_words import settings_named
from safeglot.types import Reply, Request

_MESSAGE_CHARS = 500


class HttpModel:
    """A model behind an OpenAI-compatible server; one connection pool each."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        base = endpoint.base_url.rstrip("/")
        self._chat_url = f"{base}/chat/completions"
        self._completions_url = f"{base}/completions"
        headers = {"Content-Type": "application/json"}
        if endpoint.key:
            headers["Authorization"] = f"Bearer {endpoint.key}"
        self._client = http_client(
            endpoint.http_client,
            base,
            headers,
            timeout_s=endpoint.timeout_s,
            proxy=endpoint.proxy,
        )
        self._copies = Copies.of(base)
        self._has_answered = False
        secrets = (endpoint.key, endpoint.proxy.password if endpoint.proxy else "")
        self._cleaned = without_each(without_key, secrets)
        self._answer_cleaned = without_each(without_key_in_answers, secrets)

    @property
    def notes(self) -> list[str]:
        """What was noticed of the server and should be said once."""
        return [f"{self.endpoint.base_url}: {note}." for note in self._copies.notes]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request.

        Raises: ModelError, with the server's message and never a key.
        """
        chat = request.prompt is None
        url = self._chat_url if chat else self._completions_url
        data = encoded(request_body(request, self.endpoint), plain=not request.extra)
        copies = self._copies
        try:
            received, body = await self._asked(url, data, fresh=copies.twice > 0)
            if copies.doubts(data, received.raw, body):
                received, body = await self._again(url, data, received, body)
            else:
                received.keep()
            if type(body) is PlainReply:
                reply = body.reply
            else:
                reply = _parsed(received.raw, body, chat=chat)
            self._has_answered = True
            return replied_without(self._answer_cleaned, reply)
        except ModelError as error:
            raise self.without_key(error) from None

    async def _again(
        self, url: str, data: bytes, first: Received, body: Any
    ) -> tuple[Received, Any]:
        """Return a reply, and the body that it holds, in place of one that may be another request's."""
        copies = self._copies
        first.drop()
        while copies.unsure and copies.asking:
            await asyncio.shield(copies.asking)  # one is enough to know what the server means
        if not copies.doubts(data, first.raw, body):
            return first, body
        with copies.clearing():
            again, body = await self._asked(url, data, fresh=True)
            if again.raw == first.raw:
                copies.came_again()
                return again, body
            copies.came_twice()
        if copies.doubts(data, again.raw, body):
            raise ModelError("malformed", f"{url}: a reply that was sent twice")
        return again, body

    async def _asked(self, url: str, data: bytes, *, fresh: bool) -> tuple[Received, Any]:
        """Return a reply and the body that it holds; after any other the connection is closed.

        The body of a plain reply is that reply.
        """
        received = await self._client.post(url, data, fresh=fresh)
        if received.status == 200 and (plain := plain_reply(received.raw)) is not None:
            return received, plain
        try:
            if (off := detour(url, received.status, received.headers, received.raw)) is not None:
                off.transient |= (
                    self._has_answered
                )  # then it is one odd reply, not how the server is
                raise off
            if received.status != 200:
                raise refused(url, received)
            return received, self._json(url, received.headers, received.raw)
        except ModelError:
            received.drop()
            raise

    def _json(self, url: str, headers: Headers, raw: bytes) -> Any:
        try:
            return decoded(raw)
        except (ValueError, RecursionError) as error:
            kind = headers.get("Content-Type", "no content type").split(";")[0]
            what = "HTML" if raw.lstrip()[:1] == b"<" else "no whole JSON"
            if isinstance(error, RecursionError):
                what = "JSON nested too deeply to be read"
            elif isinstance(error, TooLargeError):
                what = f"JSON with a number of {error.args[0]} digits"
            raise ModelError(
                "malformed",
                f"{url}: answered {what} ({kind}, {len(raw)} bytes). Is this the base URL of an "
                "OpenAI-compatible API (it often ends in /v1)?",
            ) from None

    def read(self, body: Any, status: int = 200) -> Reply:
        """Return the reply that the body of a chat completion is, one that came in another way. Raises: ModelError."""
        try:
            if status != 200:
                raise error_of(status, body)
            return replied_without(self._answer_cleaned, parse_reply(body, chat=True))
        except ModelError as error:
            raise self.without_key(error) from None

    def without_key(self, error: ModelError) -> ModelError:
        """Return an error whose message and texts, which may quote the server, are without the key."""
        error.reword(short_line(self._cleaned(error.message)))
        error.text, error.thought = map(self._answer_cleaned, (error.text, error.thought))
        return error


def short_line(text: str) -> str:
    """Return a message on one line, cut; keys are taken out before: a cut key would not be found."""
    text = one_line(text)
    return text if len(text) <= _MESSAGE_CHARS else f"{text[:_MESSAGE_CHARS]}…"


def refused(url: str, received: Received) -> ModelError:
    """Return the error that another status than 200 is; it may quote a key."""
    if received.status == PROXY_AUTH:
        return refused_by_proxy(url, received.status)
    error = error_of_bytes(received.status, received.raw)
    if error.kind == "rate_limited":
        wait = received.headers.get("Retry-After", "")
        error.retry_after_s = retry_after_s(wait, time.time())
    error.reword(f"{url}: status {received.status}: {error.message}")
    error.settings = settings_named(received.status, received.raw)
    return error


def _parsed(raw: bytes, body: Any, *, chat: bool) -> Reply:
    """Return the reply that a body holds. Raises: ModelError, with the settings that it names."""
    try:
        return parse_reply(body, chat=chat)
    except ModelError as error:
        if error.kind == "bad_request":  # an error that came with status 200
            error.settings = settings_named(400, raw)
        raise


def retry_after_s(header: str, now_s: float) -> float | None:
    """Return the seconds of a Retry-After header (a number or an HTTP date), at most ten minutes."""
    try:
        wait = float(header)
    except ValueError:
        wait = _date_s(header) - now_s
    return None if math.isnan(wait) else min(max(wait, 0.0), 600.0)


def _date_s(header: str) -> float:
    try:
        date = email.utils.parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError):
        return math.nan
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
