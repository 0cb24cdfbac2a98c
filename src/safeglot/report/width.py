"""Texts by the columns that a terminal gives them: wide signs take two, marks on others none."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
_MARKS = ("Mn", "Me", "Cf")


def display_width(text: str) -> int:
    """Return how many columns a terminal gives a text: 2 for wide signs, 0 for marks on others."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(sign: str) -> int:
    if unicodedata.category(sign) in _MARKS:
        return 0
    return 1 + (unicodedata.east_asian_width(sign) in "WF")


def cut(text: str, width: int) -> str:
    """Return a text of at most `width` columns; what is left out at its end stands as "…"."""
    return text if display_width(text) <= width else _head(text, width - 1) + ELLIPSIS


def cut_within(text: str, width: int) -> str:
    """Return a text of at most `width` columns that lacks its middle: names tell by both ends."""
    if display_width(text) <= width:
        return text
    half = (width - 1) // 2
    return _head(text, width - 1 - half) + ELLIPSIS + _head(text[::-1], half)[::-1]


def _head(text: str, width: int) -> str:
    taken, used = 0, 0
    for sign in text:
        used += _columns(sign)
        if used > width:
            break
        taken += 1
    return text[:taken]


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return a text with spaces up to `width` columns, before it with `right`."""
    gap = " " * (width - display_width(text))
    return gap + text if right else text + gap


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text in lines of at most `width` columns, broken at spaces, in long words anywhere."""
    lines, line = [], indent
    for whole in text.split():
        word = whole
        while display_width(indent) + display_width(word) > width:
            head = _head(word, max(width - display_width(indent), 1)) or word[0]
            lines += [line] if line.strip() else []
            lines, line, word = [*lines, indent + head], indent, word[len(head) :]
        joined = f"{line} {word}" if line.strip() else line + word
        if display_width(joined) > width:
            lines.append(line)
            line = indent + word
        else:
            line = joined
    return [*lines, line] if line.strip() else lines
