"""Takes what a terminal would obey, and what turns text round, out of texts that others wrote."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, the cursor, modes
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)?"  # OSC, DCS, …
    "|\x1b[ -/]*[0-~]"  # two signs and more: character sets, a reset
)
# C0 but for tab and line end, DEL, C1, line and paragraph separators, embeddings, overrides and
# isolates of direction, deprecated format characters, tags: none of them is seen.
_UNSEEN = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\U000e0000-\U000e007f"
_CONTROL = re.compile(f"[{_UNSEEN}]")
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


def visible(text: str) -> str:
    """Return a text without control sequences, control characters and overrides of its direction."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub("", _SEQUENCE.sub("", text))


def coloured(text: str) -> str:
    """Return a text of our own without all but its colours; what others wrote in it is `visible` already."""
    parts = _COLOUR.split(text)
    marks = [*_COLOUR.findall(text), ""]
    return "".join(visible(part) + mark for part, mark in zip(parts, marks, strict=True))


def one_line(text: str) -> str:
    """Return a text of others as one visible line, so that it cannot pass for a line of ours."""
    return " ".join(visible(text).split())


def escaped_json(text: str) -> str:
    """Return JSON in which control characters stand as escapes: what it says stays the same."""
    return _CONTROL.sub(lambda c: "" if c[0] == "\r" else _escape(c[0]), text)


def _escape(sign: str) -> str:
    units = sign.encode("utf-16-be")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def shown(text: str) -> str:
    """Return a text whose unseen signs stand as <U+202E>, for pages and tables that people read."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub(lambda c: f"<U+{ord(c[0]):04X}>", text.replace("\r\n", "\n"))
