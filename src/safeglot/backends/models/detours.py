"""Replies that no setting of a request mends: a redirect, a stream, a model that is not there."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from safeglot.backends.models.clients.client import Headers
from safeglot.errors import ModelError
from safeglot.text.setting_words import setting_words
from safeglot.types import Request

_PATHS = re.compile(r"/(chat/)?completions/?\Z")
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
        )
    if status == 200 and _is_stream(headers, raw):
        return ModelError("setting", f"{url}: {_STREAMS}")
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
    return ModelError("setting", f"{error.message} That is, {_STREAMS}")


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
