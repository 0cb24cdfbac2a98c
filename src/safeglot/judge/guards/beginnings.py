"""How replies begin that could not be read: what is wrong with a judge shows there first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from safeglot.text.control_tokens import one_line

_CHARS = 12
_LEAST = 5
"""Characters that a beginning keeps where it is cut at a blank."""


def beginning(text: str) -> str:
    """Return the first words of a reply, without what would steer a terminal."""
    shown = one_line(text)
    if len(shown) <= _CHARS:
        return shown
    blank = shown[: _CHARS + 1].rfind(" ")
    return shown[:blank] if blank >= _LEAST else shown[:_CHARS]


def by_beginning(texts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Return how many of the (reply, count) pairs begin alike, the most frequent first."""
    counts: Counter[str] = Counter()
    for text, n in texts:
        counts[beginning(text)] += n
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
