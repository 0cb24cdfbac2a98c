"""Texts of others in cells of tables: a spreadsheet runs none of them, Markdown draws none of them."""

from __future__ import annotations

import re

from safeglot.text.control import shown

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
"""A cell that begins with one of these may be run by a spreadsheet as a formula; ' marks text."""
_UNSEEN = "\x00\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""Signs that some programs drop before they look at how a cell begins."""
_HTML = re.compile(r"<(?=[A-Za-z/!?])|&(?=[#A-Za-z])|(?<=\])[(\[]")
_MARKS = re.compile(rf"{_HTML.pattern}|[\\`*~$]|(?<!\w)_|_(?!\w)")
_LINKS = re.compile(r"://|www\.|@", re.IGNORECASE)


def guarded(text: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet might run it; `unguarded` takes it off."""
    return f"'{text}" if text.lstrip(_UNSEEN).startswith(_RISKY) else text


def unguarded(text: str) -> str:
    """Return a text as it was before it was guarded."""
    return text[1:] if text.startswith("'") and guarded(text[1:]) == text else text


def markdown(text: str) -> str:
    """Return a text in which Markdown finds no HTML, no link and no picture, on one line."""
    return _HTML.sub(lambda sign: f"\\{sign[0]}", shown(" ".join(text.splitlines())))


def markdown_cell(text: str) -> str:
    """Return a text for one cell of a table, in which nothing ends the cell or marks it up."""
    escaped = re.sub(r"[\\|`*]", lambda sign: f"\\{sign[0]}", " ".join(text.splitlines()))
    return _HTML.sub(lambda sign: f"\\{sign[0]}", shown(escaped))


def markdown_text(text: str) -> str:
    """Return a text in which Markdown finds no mark of its own; what could link or call somebody is code."""
    return "".join(
        code_span(part) if _LINKS.search(part) else _MARKS.sub(r"\\\g<0>", shown(part))
        for part in re.split(r"(\s+)", " ".join(text.splitlines()))
    )


def code_span(text: str) -> str:
    """Return a text as code in Markdown, in which nothing links, marks up or names a person to be told."""
    plain = shown(" ".join(text.split())).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain else ""
