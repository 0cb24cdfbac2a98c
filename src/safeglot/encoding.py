"""JSON text of many small values: what `json` would make anew for each is made once."""

from __future__ import annotations

import json
from collections.abc import Callable
from json import encoder as _json_encoder
from typing import Any

_make = getattr(_json_encoder, "c_make_encoder", None)


def json_encoder(**options: Any) -> Callable[[Any], str]:
    """Return `json.JSONEncoder(**options).encode` for values without cycles.

    `json` builds its C encoder for every value, which costs more than a small value does. Where
    Python has none, or is asked for ASCII or indentation, it is the plain one.
    """
    plain = json.JSONEncoder(**options)
    if _make is None or plain.ensure_ascii or plain.indent is not None:
        return plain.encode
    try:
        chunks = _make(
            None,
            plain.default,
            _json_encoder.encode_basestring,
            None,
            plain.key_separator,
            plain.item_separator,
            plain.sort_keys,
            plain.skipkeys,
            plain.allow_nan,
        )
    except TypeError:  # another version of Python
        return plain.encode
    return lambda value: "".join(chunks(value, 0))
