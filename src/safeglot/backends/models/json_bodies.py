"""The JSON that is sent to servers and comes from them: fast where it is plain, exact where it is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from safeglot.keys import json_encoder

INT_DIGITS = 20
"""The most digits of a whole number in a reply: those of 64 bits without a sign."""
_MANY_DIGITS = b"0" * (INT_DIGITS + 1)
_AS_ZEROS = bytes(ord("0") if chr(i).isdecimal() else i for i in range(256))
_encode = json_encoder(ensure_ascii=False)


class TooLargeError(ValueError):
    """A whole number beyond 64 bits: no count of anything, and no database takes it."""


def encoded(body: Mapping[str, Any], *, plain: bool) -> bytes:
    """Return a body as it is sent; half surrogates, which no server reads, as question marks.

    What the user put into it may be what only Python's encoder writes (NaN): then it is not `plain`.
    """
    if plain:
        try:
            return msgspec.json.encode(body)
        except (TypeError, ValueError, OverflowError):
            pass  # half a surrogate
    return _encode(body).encode("utf-8", "replace")


def decoded(raw: bytes) -> Any:
    """Return the body of a reply.

    Raises: ValueError where it is no JSON, TooLargeError; RecursionError.
    """
    if _MANY_DIGITS not in raw.translate(_AS_ZEROS):
        try:
            return msgspec.json.decode(raw)
        except ValueError:
            pass  # NaN, half a surrogate, a byte order mark: servers send them, and Python reads them
    return json.loads(raw, parse_int=_int)


def _int(digits: str) -> int:
    if len(digits) > INT_DIGITS:
        raise TooLargeError(len(digits))
    return int(digits)
