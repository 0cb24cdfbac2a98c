"""Characters that no translation needs: invisible ones that reorder, hide or break text."""

from __future__ import annotations

import re
import unicodedata

# Bidirectional embeddings, overrides and isolates; zero-width space, word joiner and invisible
# operators, byte order mark; tags outside of flags; C0 and C1 but for tab and line ends; the
# replacement character, noncharacters, private use, lone surrogates.
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200c\u200d\u202a-\u202e\u2060-\u206f\u2028\u2029"
    "\ufdd0-\ufdef\ufeff\ufff9-\uffff\ud800-\udfff\ue000-\uf8ff\u180e\u00ad\u034f\u3164\uffa0"
    "\U000e0000-\U0010ffff]"
)
_JOINERS = "\u200c\u200d"
_JOINER = "\u200d"
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
# Scripts in which joiners shape letters: Arabic, Syriac to N'Ko, all of Brahmi's family from
# Devanagari to Myanmar, Khmer, Mongolian, and what lies beyond the first plane.
_JOINING = (
    (0x600, 0x8FF),
    (0x900, 0x109F),
    (0x1780, 0x18AF),
    (0x1900, 0x1CFF),
    (0xA800, 0xABFF),
    (0xFB50, 0xFEFC),
    (0x10A00, 0x11FFF),
)


def suspects(text: str, source: str = "") -> tuple[str, ...]:
    """Return the suspect characters of a text that its source lacks, as U+200B, each once.

    Zero-width joiners pass where they have work to do: between letters of scripts that join,
    and in sequences of pictograms. LRM and RLM pass.
    """
    if not _SUSPECT.search(text):
        return ()
    bare = _FLAG.sub("", text)
    given = frozenset(source)
    suspect = dict.fromkeys(
        match[0]
        for match in _SUSPECT.finditer(bare)
        if match[0] not in given and not _joins(bare, match.start())
    )
    return tuple(f"U+{ord(character):04X}" for character in suspect)


def _joins(text: str, place: int) -> bool:
    """Return whether the joiner at a place stands behind a letter, sign or pictogram that it can join."""
    if text[place] not in _JOINERS or not place:
        return False
    before = text[place - 1]
    if text[place] == _JOINER and (
        unicodedata.category(before) in ("So", "Sk") or before == "\ufe0f"
    ):
        return True
    return any(low <= ord(before) <= high for low, high in _JOINING)
