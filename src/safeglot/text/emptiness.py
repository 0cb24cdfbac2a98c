"""Texts that say nothing whatever the language, since there is nothing in them."""

from __future__ import annotations

import unicodedata


def is_empty(text: str) -> bool:
    """Return whether a text has no letter, digit or pictogram: spaces and punctuation say nothing."""
    return not any(map(str.isalnum, text)) and not any(
        unicodedata.category(character) == "So" and character != "\ufffd" for character in text
    )
