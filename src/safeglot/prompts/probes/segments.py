"""Words, clauses and sentences of a text in any script, by Unicode classes and never by spaces alone."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

UNSPACED = {
    "Hani": "Han",
    "Hans": "Han",
    "Hant": "Han",
    "Hrkt": "Kana",
    "Jpan": "Japanese",
    "Kana": "Kana",
    "Khmr": "Khmer",
    "Laoo": "Lao",
    "Mymr": "Myanmar",
    "Thai": "Thai",
    "Tibt": "Tibetan",
}
"""Scripts that put no spaces between words (ISO 15924), and what to call them."""

_SENTENCE = frozenset("!?؟。｡！？．।॥၊။።፧۔՜՞։᙮᠃᠉꓿꛳꛷‼⁇⁈⁉…༎།\n\r\u2028\u2029") - {"၊"}
_CLAUSE = frozenset(";،؛，、；：､፣፤፥፦၊՝᠂᠈꓾꛵꛶")
_SPACED_SENTENCE = frozenset(".")
_SPACED_CLAUSE = frozenset(",:·\u0387")
"""Marks that end something only before a space or the end: elsewhere they stand in numbers and words."""
_FIRST_MARK = 0x300
_JOIN_NEXT = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0c4d\u0ccd\u0d4d\u0d4e\u1039\u17d2\u1a60\u200d\u1100-\u115f\ua960-\ua97c"
"""Viramas and their like, the joiner, and leading consonants of Hangul: the next letter belongs to them."""
_JOIN_LAST = "\u0e33\u0eb3\u1160-\u11ff\u200c\u200d\ud7b0-\ud7fb\uff9e\uff9f"
"""Beside marks what belongs to the letter before it: vowels of Thai, Lao and Hangul, joiners, kana's marks."""


class Span(NamedTuple):
    """The beginning and end of a piece of a text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the piece itself."""
        return text[self.start : self.end]


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Span, ...]:
    """Return the words of a text; digits, symbols and punctuation belong to none."""
    return tuple(Span(*match.span()) for match in _word_pattern().finditer(text))


def letters(word: str) -> list[str]:
    """Return the letters of a word as readers count them: with their marks, conjuncts and syllables of Hangul whole.

    Source: Unicode Standard Annex 29, grapheme clusters; never finer, a little coarser for Khmer and Burmese.
    """
    return _letter_pattern().findall(word)


def whole(pattern: str) -> str:
    """Return a pattern that matches no part of a longer word."""
    letter = rf"[\w{_marks()}]"
    return rf"(?<!{letter})(?:{pattern})(?!{letter})"


def clauses(text: str) -> list[Span]:
    """Return the clauses of a text, without the marks and spaces around them."""
    return list(_pieces(text, _SENTENCE | _CLAUSE, _SPACED_SENTENCE | _SPACED_CLAUSE))


def sentences(text: str) -> list[Span]:
    """Return the sentences of a text, without the marks and spaces around them."""
    return list(_pieces(text, _SENTENCE, _SPACED_SENTENCE))


@lru_cache(maxsize=1)
def _word_pattern() -> re.Pattern[str]:
    r"""Return the pattern of a word: letters and marks; an apostrophe, a hyphen, a joiner or a middle dot only between them.

    The marks are listed because Python's \w leaves the combining ones out.
    """
    letter = rf"(?:[^\W\d_]|[{_marks()}])"
    inside = "['’ʼ׳״\u2010\u2011\u00b7\u200c\u200d-]"
    return re.compile(rf"{letter}+(?:{inside}{letter}+)*")


@lru_cache(maxsize=1)
def _letter_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?s:.)(?:[{_marks()}{_JOIN_LAST}]|(?<=[{_JOIN_NEXT}])[^\W\d_])*")


@lru_cache(maxsize=1)
def _marks() -> str:
    """Return the combining marks of Unicode as the ranges of a character class."""
    codes = [
        c
        for c in range(_FIRST_MARK, sys.maxunicode + 1)
        if unicodedata.category(chr(c)).startswith("M")
    ]
    starts = [c for i, c in enumerate(codes) if not i or codes[i - 1] != c - 1]
    ends = [c for i, c in enumerate(codes) if i + 1 == len(codes) or codes[i + 1] != c + 1]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))


def _pieces(text: str, always: frozenset[str], spaced: frozenset[str]) -> Iterator[Span]:
    start = 0
    for i, char in enumerate(text):
        if (char in always and not _in_number(text, i)) or (char in spaced and _ends(text, i)):
            yield from _trimmed(text, start, i)
            start = i + 1
    yield from _trimmed(text, start, len(text))


def _in_number(text: str, i: int) -> bool:
    return text[i - 1 : i].isdigit() and text[i + 1 : i + 2].isdigit()


def _ends(text: str, i: int) -> bool:
    """Return whether a space, the end or a closing mark follows."""
    after = text[i + 1 : i + 2]
    return not after or after.isspace() or unicodedata.category(after) in ("Pe", "Pf", "Po")


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield a piece without punctuation and spaces at its ends; nothing where nothing is left."""
    while start < end and _outer(text[start]):
        start += 1
    while start < end and _outer(text[end - 1]):
        end -= 1
    if start < end:
        yield Span(start, end)


def _outer(char: str) -> bool:
    return unicodedata.category(char)[0] in "PZC"
