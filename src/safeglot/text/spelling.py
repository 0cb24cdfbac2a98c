"""The name that a misspelt one most likely stands for."""

from __future__ import annotations

from collections.abc import Iterable


def closest(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the name most like another, whatever their case; None where none is alike.

    `cutoff` is the least ratio of `difflib` that counts as alike.
    """
    from difflib import get_close_matches

    folded = {known.casefold(): known for known in names}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None
