"""The language of an answer, by an offline identifier; None where it is not sure.

py3langid (naive Bayes over byte n-grams, 139 languages) is loaded at the first answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from safeglot.text import languages
from safeglot.text.close_languages import (
    HAN,
    OTHER_SCRIPTS,
    UNSURE,
    Identified,
    byte_grams,
    group_of,
    known_groups,
)

SURE = 0.5
"""Least confidence with which a language counts."""
SURE_ROMANISED = 0.9
"""The same for Latin letters where another script was expected: that language may be romanised."""
FEWEST_BYTES = 32
"""Shorter texts (ten Thai characters, thirty Latin ones) are not identified."""
HEAD_BYTES = 240
"""Bytes that are looked at first; the rest only where these are not as expected."""
PIECE_CHARS, MOST_PIECES = 80, 24
LATIN, ENGLISH = "Latn", "en"

_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    tag: str
    group: str
    script: str


def identify(text: str, expected: str) -> Identified:
    """Return the language of an answer that was expected in another or the same language.

    The expected tag stands for its whole group of close languages and for a text of which any
    part is in it; another tag only if most parts of the text agree. None for short or unsure
    texts, and always where the identifier does not know the expected language.
    Raises languages.UnknownLanguage for an expected tag that is none.
    """
    wanted = _expected(expected)
    if wanted is None:
        return UNSURE
    shown = _CODE.sub(" ", text) if "```" in text else text
    encoded = shown.encode("utf-8", "replace")
    if len(encoded) < FEWEST_BYTES:
        return UNSURE
    group, confidence = _classify(encoded[:HEAD_BYTES], wanted)
    if group == wanted.group:
        is_sure = confidence >= SURE
        return Identified(language=wanted.tag, confidence=confidence) if is_sure else UNSURE
    if not _is_sure(group, confidence, wanted):
        return UNSURE
    return _by_pieces(shown, group, confidence, wanted)


def covers(expected: str) -> bool:
    """Return whether answers expected in a language can be distinguished from others."""
    return _expected(expected) is not None


def _by_pieces(text: str, group: str, confidence: float, wanted: _Expected) -> Identified:
    """Return the expected language where any part is in it: an answer may quote another one."""
    pieces = _pieces(text)
    agreed = 0
    for piece in pieces:
        language, sure = _classify(piece.encode("utf-8", "replace"), wanted)
        if sure >= SURE and language == wanted.group:
            return Identified(language=wanted.tag, confidence=sure)
        agreed += sure >= SURE and language == group
    if 2 * agreed < len(pieces):
        return UNSURE
    return Identified(language=group, confidence=confidence)


def _pieces(text: str) -> list[str]:
    count = min(max(1, len(text) // PIECE_CHARS), MOST_PIECES)
    step = len(text) / count
    width = int(min(step, 2 * PIECE_CHARS))
    return [text[int(i * step) : int(i * step) + width] for i in range(count)]


def _is_sure(group: str, confidence: float, wanted: _Expected) -> bool:
    """Return whether this confidence suffices for another language than the expected one."""
    if confidence < SURE:
        return False
    try:
        script = languages.lookup(group).script
    except languages.UnknownLanguage:  # "zxx": numbers, markup
        return False
    if script == wanted.script or group == ENGLISH or {script, wanted.script} <= HAN:
        return True
    if script == LATIN:
        return confidence >= SURE_ROMANISED
    return not OTHER_SCRIPTS.get(script, frozenset()) & {wanted.group, wanted.tag}


def _classify(text: bytes, wanted: _Expected) -> tuple[str, float]:
    """Return the group of the likeliest language and its probability.

    Where no language is sure, those of the expected group count together; of others they do not.
    """
    identifier = byte_grams()
    label, confidence = identifier.classify(text)
    if confidence < SURE:
        ranked = identifier.rank(text)
        together = sum(share for tag, share in ranked if group_of(tag) == wanted.group)
        if together >= SURE:
            return wanted.group, together
    return group_of(label), confidence


@cache
def _expected(tag: str) -> _Expected | None:
    """Return what is known of an expected language; None where it cannot be distinguished."""
    language = languages.primary(tag)
    group, script = group_of(language), languages.lookup(tag).script
    if group not in known_groups():
        return None
    usual = {languages.lookup(language).script, languages.lookup(group).script}
    if script not in usual and not {script, *usual} <= HAN:
        return None
    return _Expected(tag=language, group=group, script=script)
