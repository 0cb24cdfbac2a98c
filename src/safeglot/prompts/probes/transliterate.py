"""Transliteration: the same words in Latin letters, by uroman."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from safeglot.prompts.probes.base import Variant, failed
from safeglot.text import languages

CODES = (
    *("ara", "asm", "bel", "ben", "bul", "ell", "fas", "grc", "guj", "kas", "kaz", "kir", "mkd"),
    *("oss", "pan", "pnt", "pus", "rus", "san", "srp", "uig", "ukr", "yid"),
)
"""ISO 639-3 codes of the languages in other scripts that uroman 1.3.1 has rules of their own for."""
CACHED = 65536
"""Words that uroman remembers: texts of one language share most of theirs."""


def romanise(text: str, tag: str) -> Variant:
    """Return a text in Latin letters; faults where it is so already, or where uroman is not installed.

    Source: Hermjakob, May and Knight 2018, Out-of-the-box universal romanization tool uroman, ACL.
    """
    script = languages.lookup(tag).script
    if script == "Latn":
        return failed("written in Latin script already")
    if script == "Jpan" and any(_is_han(char) for char in text):
        return failed("uroman reads the Chinese characters of Japanese as Chinese")
    uroman = _uroman()
    if uroman is None:
        return failed(
            "transliteration needs uroman, which is not installed; "
            "install it with pip install 'safeglot[translate]'"
        )
    latin = uroman.romanize_string(text, lcode=language_code(tag)).strip()
    if latin == text:
        return failed("nothing in the text is in another script")
    if any(is_foreign(char) for char in latin):
        return failed("uroman left letters of another script")
    return Variant(text=latin, facts={"script": script})


def language_code(tag: str) -> str | None:
    """Return the ISO 639-3 code by which uroman knows a language; None where it has no rules for it."""
    return _codes().get(languages.primary(tag))


def _is_han(char: str) -> bool:
    return unicodedata.name(char, "").startswith("CJK UNIFIED IDEOGRAPH")


def is_foreign(char: str) -> bool:
    """Return whether a letter lies beyond Latin and its extensions."""
    return char.isalpha() and not ("\u0041" <= char <= "\u024f" or "\u1e00" <= char <= "\u1eff")


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    return {languages.primary(code): code for code in CODES}


@lru_cache(maxsize=1)
def _uroman() -> Any:
    """Return uroman, loaded once: it reads some 4 MB of tables, which takes seconds."""
    try:
        from uroman import Uroman
    except ModuleNotFoundError:
        return None
    return Uroman(cache_size=CACHED)
