"""The log-probabilities of a reply, in both shapes of the API; what is odd of them is left out alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from safeglot.text.surrogates import whole
from safeglot.types import IMPOSSIBLE, LOGPROB_POSITIONS, Alternatives


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
    entries = (
        [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    )
    return [(entry.get("token"), entry.get("logprob")) for entry in entries or [position]]


def _sorted(pairs: Iterable[tuple[Any, Any]]) -> Alternatives:
    known = [(whole(token), _number(value)) for token, value in pairs if isinstance(token, str)]
    return tuple(sorted(known, key=lambda pair: -pair[1]))


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return IMPOSSIBLE
    return max(number, IMPOSSIBLE) if number < math.inf else IMPOSSIBLE  # NaN is not less
