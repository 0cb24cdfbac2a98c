"""Replies that no setting of a request mends: a redirect, a stream, a model that is not there."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from safeglot.backends.models.clients.client import Headers
from safeglot.backends.models.proxies import Proxy, request_options
from safeglot.errors import ModelError
from safeglot.text.setting_words import setting_words
from safeglot.types import Request

_PATHS = re.compile(r"/(chat/)?completions/?\Z")
_SHOWN = 8
_LIST_S, _LIST_BYTES = 10.0, 1 << 22
_NAME_CHARS = 120
_STREAMS = (
    "the server only streams its answers, and safeglot reads whole ones. Turn streaming off for this "
    "model at the server or its gateway, or give another server's --base-url."
)
_STREAM_STARTS = (b"data:", b"event:", b": ", b"id:")


def detour(url: str, status: int, headers: Headers, raw: bytes) -> ModelError | None:
    """Return the error that a redirect or a server that only streams is; None for any other reply."""
    if 300 <= status < 400 and (location := headers.get("Location", "")):
        target = place_of(urljoin(url, location))
        base = _PATHS.sub("", target)
        return ModelError(
            "not_found",
            f"{url}: status {status}: redirects to {target}, which is not followed. If that is "
            f"where the model is, give its address: --base-url {base} (base_url in the TOML).",
            transient=False,
        )
    if status == 200 and _is_stream(headers, raw):
        return ModelError("setting", f"{url}: {_STREAMS}", transient=False)
    return None


def _is_stream(headers: Headers, raw: bytes) -> bool:
    start = raw[:64].lstrip()[:16] or raw.lstrip()[:16]
    if start.startswith(b"{"):
        return False
    named = "text/event-stream" in headers.get("Content-Type", "").lower()
    return named or start.startswith(_STREAM_STARTS)


def wants_stream(error: ModelError, asked: Request) -> ModelError | None:
    """Return the error of a server that refuses to answer but in a stream; None for any other.

    A request that speaks of streams itself may only be quoted.
    """
    texts = (asked.prompt or "", *(text for _, text in asked.messages))
    if error.kind != "bad_request" or any("stream" in text.casefold() for text in texts):
        return None
    if not setting_words().only_streams.search(error.message):
        return None
    return ModelError("setting", f"{error.message} That is, {_STREAMS}", transient=False)


def place_of(url: str) -> str:
    """Return an address without what may be secret in it: user, query and fragment."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "an address that cannot be read"
    where = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{where}:{port}" if port else where, parts.path, "", ""))


def is_unknown_model(kind: str, message: str) -> bool:
    """Return whether an error may say that the server has no model of that name."""
    if kind == "not_found":
        return True
    return kind == "bad_request" and bool(setting_words().no_model.search(message))


async def listed_models(base_url: str, key: str, proxy: Proxy | None = None) -> tuple[str, ...]:
    """Return the names of the models that a server lists; none where it lists none."""
    import aiohttp

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = aiohttp.ClientTimeout(total=_LIST_S)
    url = f"{base_url.rstrip('/')}/models"
    asked = request_options(url, headers, proxy)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, **asked) as response,
        ):
            if response.status != 200:
                return ()
            return names_in(json.loads(await response.content.read(_LIST_BYTES)))
    except (aiohttp.ClientError, OSError, EOFError, ValueError, RecursionError):
        return ()


def names_in(body: Any) -> tuple[str, ...]:
    """Return the names of models in the body of /v1/models, in any of the forms that servers give it."""
    rows = body.get("data", body.get("models")) if isinstance(body, dict) else body
    if not isinstance(rows, list):
        return ()
    names = [
        row if isinstance(row, str) else row.get("id") or row.get("name") or row.get("model")
        for row in rows
        if isinstance(row, str | dict)
    ]
    return tuple(dict.fromkeys(n[:_NAME_CHARS] for n in names if isinstance(n, str) and n))


def told_models(wanted: str, names: Sequence[str], provider: str) -> str:
    """Return what is said of the models that a server has, the nearest names first."""
    near = sorted(names, key=lambda name: -_likeness(wanted, name))
    more = f" and {len(near) - _SHOWN} more" if len(near) > _SHOWN else ""
    shown = ", ".join(f"{provider}/{name}" for name in near[:_SHOWN])
    return f" The server has: {shown}{more}. Name one of these."


def _likeness(wanted: str, name: str) -> float:
    a, b = wanted.casefold(), name.casefold()
    ends = a.rsplit("/", 1)[-1] == b.rsplit("/", 1)[-1]
    return 2.0 if ends else difflib.SequenceMatcher(None, a, b).ratio()
