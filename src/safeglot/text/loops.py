"""Texts that say nothing whatever the language: loops, and those with nothing in them.

Nothing here splits at spaces or knows a script: a text is a row of code points.
"""

from __future__ import annotations

import unicodedata

ORDER = 8
"""Length of the n-grams: natural text of any script seldom repeats eight characters."""
STEP = ORDER // 2
"""How far anchors lie apart."""
FEWEST_CHARS = 40
"""Below it a text may repeat itself and be a plain short answer."""
MOST_CHARS = 8192
"""Characters looked at, from the end: loops run to the end, and long texts repeat words."""
SLICED = 256
"""n-grams up to which a set of slices is faster than hashes."""
LOOP_SHARE = 0.5
"""More than half: human text in ten languages reaches 0.35 where near-twins stand side by side."""

_ROUNDING = 1e-9
_MULTIPLIER = 0x100000001B3


def repeated_share(text: str) -> float:
    """Return the share of a text's character 8-grams that stood in it before, from 0 to 1.

    Texts shorter than eight characters give 0. In long ones hashes of 64 bits stand for the n-grams.
    """
    few = len(text) - ORDER + 1
    if few < 1:
        return 0.0
    if few <= SLICED:
        return 1 - len({text[i : i + ORDER] for i in range(few)}) / few
    return _hashed_share(text[-MOST_CHARS:])


def _hashed_share(text: str) -> float:
    import numpy as np  # late: most texts are short, and it takes longer to load than to check them

    encoded = text.encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(encoded, dtype=np.uint32).astype(np.uint64)
    n = len(codes) - ORDER + 1
    hashes = codes[:n].copy()
    for shift in range(1, ORDER):
        hashes *= np.uint64(_MULTIPLIER)
        hashes += codes[shift : n + shift]
    hashes.sort()
    return int(np.count_nonzero(hashes[1:] == hashes[:-1])) / n


def anchors(text: str) -> list[tuple[int, str]]:
    """Return (place, five characters) at each multiple of four.

    Each 8-gram holds one of them whole, beginning at its first to fourth character.
    """
    return [(k, text[k : k + STEP + 1]) for k in range(0, len(text) - STEP, STEP)]


def repeats(text: str, *, beyond: float) -> bool:
    """Return whether the share of repeated_share is above a bound; seldom counts all n-grams.

    An n-gram stood before only if its anchor did, and an anchor speaks for four n-grams, which
    bounds their share.
    """
    few = len(text) - ORDER + 1
    if 0 < few <= SLICED:
        before = [text.find(five) < k for k, five in anchors(text)]
        if STEP * sum(before) < (beyond - _ROUNDING) * few:
            return False
    return repeated_share(text) > beyond


def is_degenerate(text: str) -> bool:
    """Return whether more than half of a text repeats what it said before; short texts never do."""
    shown = text.strip()
    return len(shown) >= FEWEST_CHARS and repeats(shown, beyond=LOOP_SHARE)


def is_empty(text: str) -> bool:
    """Return whether a text has no letter, digit or pictogram: spaces and punctuation say nothing."""
    return not any(map(str.isalnum, text)) and not any(
        unicodedata.category(character) == "So" and character != "\ufffd" for character in text
    )
