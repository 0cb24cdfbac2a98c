"""The script of each letter, and the scripts that a language is written in.

A letter's script is read off its Unicode name ("BENGALI LETTER KA"), so no table of ranges is
kept and a newer Python knows newer scripts.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from safeglot.text import languages
from safeglot.text.package_data import table

LATIN = "Latn"
HAN = "Hani"
WIDE = 3
"""Letters that a Han character, kana or Hangul syllable counts for: it says as much."""

_TABLE = table(__package__, "scripts.toml")
_FIRST: dict[str, str] = {
    first: code for code, firsts in _TABLE["first"].items() for first in firsts.split()
}
"""First word of a letter's name -> the code of its script."""
_ASCII_LETTERS = string.ascii_letters.encode()
_PLAIN = re.compile("[\x00-\x7f]+")
_WIDTHS = ("FULLWIDTH", "HALFWIDTH")
_OTHER = "Zyyy"

_WRITTEN_IN: Mapping[str, Sequence[str]] = _TABLE["written_in"]
_WIDE_SCRIPTS = frozenset({HAN, "Hang", "Hira", "Kana", "Bopo", "Yiii"})


class _Scripts(dict[str, str]):
    """Character -> script code, "" where it is no letter; filled as characters are met."""

    def __missing__(self, character: str) -> str:
        self[character] = found = _script_of(character)
        return found


def _script_of(character: str) -> str:
    if not character.isalpha():
        return ""
    words = unicodedata.name(character, "").split()
    first = words[1] if words and words[0] in _WIDTHS else (words or [""])[0]
    return _FIRST.get(first, _OTHER)


_KNOWN = _Scripts()


@lru_cache(maxsize=64)
def letters(text: str) -> Mapping[str, int]:
    """Return how many letters a text has by script (ISO 15924 code), wide ones threefold.

    Several checks ask for those of one text, and a source comes once for each of its candidates.
    """
    plain = text.encode("ascii", "ignore")  # counted as bytes: most of many a text
    counted = {LATIN: len(plain) - len(plain.translate(None, _ASCII_LETTERS))}
    if len(plain) < len(text):
        for script, n in Counter(map(_KNOWN.__getitem__, _PLAIN.sub("", text))).items():
            counted[script] = counted.get(script, 0) + n
    return {
        script: WIDE * n if script in _WIDE_SCRIPTS else n
        for script, n in counted.items()
        if script and n
    }


@cache
def written_in(tag: str) -> frozenset[str]:
    """Return the scripts of a language's letters; empty where they are not known.

    Raises: languages.UnknownLanguage
    """
    code = languages.lookup(tag).script
    scripts = _WRITTEN_IN.get(code, (code,))
    return frozenset(scripts) if set(scripts) <= set(_FIRST.values()) else frozenset()


def is_latin(tag: str) -> bool:
    """Return whether a language is written in Latin letters under this tag."""
    return LATIN in written_in(tag)


def most(counts: Mapping[str, int]) -> str:
    """Return the script of most letters, "" where there are none."""
    if len(counts) == 1:
        return next(iter(counts))
    return max(counts, key=lambda script: (counts[script], script), default="")
