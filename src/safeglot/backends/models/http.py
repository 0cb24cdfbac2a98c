"""Every OpenAI-compatible server: chat completions for instruct models, completions for base ones."""

from __future__ import annotations

import asyncio
import email.utils
import json
import math
import time
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import aiohttp

from safeglot.errors import ModelError
from safeglot.keys import json_encoder
from safeglot.types import LOGPROB_POSITIONS, Alternatives, Reply, Request

_MESSAGE_CHARS = 500
_encode = json_encoder(ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The address of a model, and its server's names of options."""

    model: str
    """The server's own name of the model."""
    base_url: str
    key: str = field(default="", repr=False)
    timeout_s: float = 120.0
    max_tokens_field: str = "max_tokens"
    seed_field: str = "seed"
    """Empty where the server takes no seed."""
    top_logprobs: int = 5
    """The most alternatives a position that the server gives; 0 where it gives none."""
    omit_ones: bool = False
    """Leave out temperature and top_p of 1, which the server takes by itself and may refuse."""


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
            raise self._refused(url, status, headers, raw)
        try:
            return parse_reply(self._json(url, headers, raw), chat=chat)
        except ModelError as error:  # may quote the server
            raise ModelError(
                error.kind, self._clean(error.message), transient=error.transient
            ) from None

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
        message, code = _server_message(raw)
        text = self._clean(f"{url}: status {status}: {message}")
        if code == "content_filter":
            return ModelError("blocked", text, transient=False)
        if status in (408, 504):
            return ModelError("timeout", text, transient=True)
        if status in (429, 503, 529):
            wait = retry_after_s(headers.get("Retry-After"), time.time())
            return ModelError("rate_limited", text, transient=True, retry_after_s=wait)
        if status >= 500:
            return ModelError("server_error", text, transient=True)
        kinds = {401: "auth", 403: "auth", 404: "not_found", 405: "not_found"}
        return ModelError(kinds.get(status, "bad_request"), text, transient=False)

    def _clean(self, text: str) -> str:
        """Return a text without the key, cut afterwards: a cut key would not be found."""
        if self.endpoint.key:
            text = text.replace(self.endpoint.key, "***")
        return text if len(text) <= _MESSAGE_CHARS else f"{text[:_MESSAGE_CHARS]}…"


def request_body(request: Request, endpoint: Endpoint) -> dict[str, Any]:
    """Return the JSON body of a request in the server's own names."""
    body: dict[str, Any] = {
        "model": endpoint.model,
        endpoint.max_tokens_field: request.max_tokens,
    }
    sampling = {"temperature": request.temperature, "top_p": request.top_p}
    body |= {k: v for k, v in sampling.items() if v != 1.0 or not endpoint.omit_ones}
    if request.prompt is None:
        body["messages"] = [{"role": role, "content": text} for role, text in request.messages]
    else:
        body["prompt"] = request.prompt
    if request.seed is not None and endpoint.seed_field:
        body[endpoint.seed_field] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    wanted = min(request.top_logprobs, endpoint.top_logprobs)
    if wanted and request.prompt is None:
        body["logprobs"], body["top_logprobs"] = True, wanted
    elif wanted:
        body["logprobs"] = wanted
    body.update(request.extra)
    return body


def parse_reply(body: Any, *, chat: bool) -> Reply:
    """Return the reply that a completion holds.

    Raises: ModelError of kind no_choices, malformed or blocked.
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list):
        message, _ = _message_of(body)
        raise ModelError("malformed", f"JSON without a list of choices: {message}", transient=True)
    if not choices:
        raise ModelError("no_choices", "the list of choices is empty", transient=True)
    choice = choices[0] if isinstance(choices[0], dict) else {}
    finish = choice.get("finish_reason") or "stop"
    if finish == "content_filter":
        raise ModelError(
            "blocked", "the server's content filter blocked the answer", transient=False
        )
    text = _content(choice.get("message")) if chat else choice.get("text")
    if not isinstance(text, str):
        raise ModelError("malformed", "a choice without text", transient=True)
    return Reply(
        text=_whole(text),
        finish_reason=_whole(str(finish)),
        n_tokens=_count(body, "completion_tokens"),
        n_prompt_tokens=_count(body, "prompt_tokens"),
        logprobs=_logprobs(choice.get("logprobs"), chat=chat),
    )


def _count(body: dict[str, Any], name: str) -> int | None:
    usage = body.get("usage")
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) else None


def _whole(text: str) -> str:
    """Return a text with half surrogate pairs replaced: JSON can bring them, no store can hold them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _content(message: Any) -> str | None:
    if not isinstance(message, dict):
        return None
    content = message.get("content")
    if isinstance(content, list):
        parts = [p.get("text", "") for p in content if isinstance(p, dict)]
        content = "".join(p for p in parts if isinstance(p, str))
    if content is None:
        content = message.get("refusal") or ""  # OpenAI's structured refusals
    return content if isinstance(content, str) else None


def _logprobs(data: Any, *, chat: bool) -> tuple[Alternatives, ...]:
    if not isinstance(data, dict):
        return ()
    try:
        if chat or "content" in data:
            return tuple(
                tuple((_whole(a["token"]), float(a["logprob"])) for a in position["top_logprobs"])
                for position in (data.get("content") or [])[:LOGPROB_POSITIONS]
            )
        return tuple(
            tuple(sorted(((_whole(t), float(p)) for t, p in position.items()), key=lambda a: -a[1]))
            for position in (data.get("top_logprobs") or [])[:LOGPROB_POSITIONS]
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()


def _server_message(raw: bytes) -> tuple[str, str]:
    try:
        body = json.loads(raw)
    except ValueError:
        text = raw.decode("utf-8", "replace").strip()
        return ("an HTML page" if text[:1] == "<" else text or "no message"), ""
    return _message_of(body)


def _message_of(body: Any) -> tuple[str, str]:
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return str(error), ""
    message = error.get("message") or error.get("detail") or json.dumps(error, ensure_ascii=False)
    return str(message), str(error.get("code") or "")


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
