"""The bodies of errors: of which kind one is, and what it says to people.

Whose words mean what stands in `text/makers.toml`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from safeglot.errors import ModelError
from safeglot.text.makers import ErrorText, makers, word

_DEPTH = 8
_PIECES = re.compile(r"[.:/]")


def error_of(status: int, body: Any) -> ModelError:
    """Return the error that a status and its body are; a body that is no JSON comes as a text."""
    error = _Error.of(status, body)
    kind = makers().error_kind(error.said)
    if not kind:
        status = error.said.status
        kind = "broken" if status == 200 else "server_error" if status >= 500 else "bad_request"
    return ModelError(kind, error.shown)


def error_of_bytes(status: int, raw: bytes) -> ModelError:
    """Return the error that a status and the bytes of its body are."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        text = raw.decode("utf-8", "replace").strip()
        body = "an HTML page" if text[:1] == "<" else text or "no message"
    return error_of(status, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Error:
    """An error's body, as the rows look at it and as it is shown."""

    said: ErrorText
    shown: str

    @classmethod
    def of(cls, status: int, body: Any) -> _Error:
        """Return what a body says; its own number counts where the status is 200."""
        rows = makers()
        entries = list(entries_of(body))
        named = [(k.casefold(), v) for k, v in entries]
        texts = [v for k, v in named if k in rows.messages_of and isinstance(v, str)]
        texts += [body] if isinstance(body, str) else []
        codes = [v for k, v in named if k in rows.words_of and _is_scalar(v)]
        numbers = [int(str(v)) for v in codes if str(v).isdecimal() and len(str(v)) == 3]
        own = next((n for n in numbers if 400 <= n < 600), status)
        message = message_of(body)
        further = [text for text in dict.fromkeys(texts) if text not in message]
        shown = [str(v) for v in codes if str(v) not in message and not str(v).isdecimal()]
        more = list(dict.fromkeys([*further, *shown]))
        return cls(
            said=ErrorText(
                status=own if status == 200 else status,
                words=frozenset(
                    word(piece) for v in codes for piece in (str(v), *_PIECES.split(str(v)))
                ),
                keys=frozenset(k for k, v in entries if v),
                message="\n".join(dict.fromkeys([*texts, message])),
            ),
            shown=f"{message} ({'; '.join(more)})" if more else message,
        )


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def entries_of(node: Any, *, skip: Iterable[str] = (), depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield each key of a body with its value, lists and JSON within texts opened."""
    if depth > _DEPTH:
        return
    if isinstance(node, list):
        for item in node:
            yield from entries_of(item, skip=skip, depth=depth + 1)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in skip:
            continue
        scalars = value if isinstance(value, list) and all(map(_is_scalar, value)) else [value]
        yield key, value
        yield from ((key, scalar) for scalar in scalars if scalar is not value)
        yield from entries_of(_opened(value) if key == "raw" else value, skip=skip, depth=depth + 1)


def _opened(value: Any) -> Any:
    """Return the JSON that a gateway quotes of the server behind it."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def message_of(body: Any) -> str:
    """Return the message of an error's body."""
    if isinstance(body, list) and body:
        body = body[0]
    error = body
    for name in ("error", "errors"):
        if isinstance(body, dict) and body.get(name):
            error = body[name][0] if isinstance(body[name], list) else body[name]
    if not isinstance(error, dict):
        return str(error)
    names = ("message", "detail", "msg", "status_msg", "error_msg", "errorMessage")
    message = next((error[n] for n in names if error.get(n)), json.dumps(error, ensure_ascii=False))
    return message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
