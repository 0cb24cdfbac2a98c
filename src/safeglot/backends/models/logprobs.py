"""The log-probabilities of a reply, in both shapes of the API; what is odd of them is left out alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from safeglot.text.surrogates import whole
from safeglot.types import IMPOSSIBLE, LOGPROB_POSITIONS, Alternatives

_BY_NUMBER = itemgetter(1)


def alternatives(data: Any, *, chat: bool) -> tuple[Alternatives, ...]:
    """Return the first positions, each its tokens and log-probabilities, most likely first.

    A token without a number (null, NaN, text) stands with that of an impossible one, as -inf does:
    positions and what was written keep their places, and the stored JSON has a form for it.
    """
    if not isinstance(data, dict):
        return ()
    if chat or "content" in data:
        positions = tuple(_sorted(_listed(position)) for position in _first(data.get("content")))
    else:
        positions = tuple(
            _sorted(position.items() if isinstance(position, dict) else ())
            for position in _first(data.get("top_logprobs"))
        )
    is_any = any(number > IMPOSSIBLE for position in positions for _, number in position)
    return positions if is_any else ()


def _first(positions: Any) -> list[Any]:
    return positions[:LOGPROB_POSITIONS] if isinstance(positions, list) else []


def _listed(position: Any) -> Iterable[tuple[Any, Any]]:
    if not isinstance(position, dict):
        return ()
    listed = position.get("top_logprobs")
    entries = listed if isinstance(listed, list) else []
    found = [
        (entry.get("token"), entry.get("logprob")) for entry in entries if isinstance(entry, dict)
    ]
    return found or [(position.get("token"), position.get("logprob"))]


def _sorted(pairs: Iterable[tuple[Any, Any]]) -> Alternatives:
    known = [
        (token if token.isascii() else whole(token), _number(value))
        for token, value in pairs
        if isinstance(token, str)
    ]
    known.sort(key=_BY_NUMBER, reverse=True)
    return tuple(known)


def _number(value: Any) -> float:
    if type(value) is float and IMPOSSIBLE <= value <= 0.0:
        return value
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return IMPOSSIBLE
    return max(number, IMPOSSIBLE) if number < math.inf else IMPOSSIBLE  # NaN is not less
