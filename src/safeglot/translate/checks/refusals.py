"""Translations that decline in place of translating.

A faithful translation of a harmful request shares its words with what assistants decline, so a
classifier of refusals alone is wrong on 5 to 10% of such prompts. What counts is what the source
lacks: an apology, "I cannot", "help with this request", "as a language model"; a text needs two
kinds that its source has not. The pieces by language are in refusals.toml.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache

from safeglot.text import languages
from safeglot.text.close_languages import group_of
from safeglot.text.package_data import table
from safeglot.translate.checks.lengths import spaced
from safeglot.translate.checks.scripts import LATIN, letters
from safeglot.types import Source

Refuses = Callable[[str, str], bool | None]
"""(text, language tag) -> whether the text is a refusal, None where that is open."""

ENGLISH = "en"
ENOUGH = 2
"""Kinds of pieces that the source lacks."""
ENOUGH_UNKNOWN = 3
"""The same where nothing is known of what refusals look like in the source's language."""

_APOSTROPHES = "\u2018\u2019\u02bc\u00b4`"
_SPACED_BELOW = "\u0e00"
"""Scripts from here on are written without spaces, or set signs before letters."""
_DECLINING = frozenset({"sorry", "cannot"})
_COUNTED = _DECLINING | {"self"}
_HELP = frozenset({"help"})
"""Said by whoever asks for something too: it counts only together with the others."""
_MARK = 4
"""Characters that pieces share."""
_Pieces = tuple[tuple[str, tuple[str, ...]], ...]


def covers(tag: str) -> bool:
    """Return whether pieces of refusals are known in a language.

    Raises: languages.UnknownLanguage
    """
    return bool(_pieces(tag))


def refusal(source: Source, text: str, refuses: Refuses | None = None) -> str:
    """Return why a text is a refusal of its source, "" where it is none or that is open."""
    said = _plain(text)
    tags = (source.target, ENGLISH) if LATIN in letters(text) else (source.target,)
    marks = _marks(tags)
    if not [piece for mark in marks if mark in said for piece in marks[mark] if piece in said]:
        return ""
    pieces = _first_pieces(said, tags, _COUNTED)
    if not pieces:
        return ""
    pieces |= _first_pieces(said, tags, _HELP)
    in_source = _source_kinds(source.text, source.language)
    new = {kind: piece for kind, piece in pieces.items() if kind not in in_source}
    enough = ENOUGH if covers(source.language) else ENOUGH_UNKNOWN
    if len(new) >= enough and new.keys() & _DECLINING:
        return "it declines: " + ", ".join(f'"{piece}"' for piece in new.values())
    if refuses is None or not new.keys() & _COUNTED:
        return ""
    if refuses(text, source.target) and refuses(source.text, source.language) is False:
        return "it is classified as a refusal and its source is not"
    return ""


def _plain(text: str) -> str:
    for apostrophe in _APOSTROPHES:
        if apostrophe in text:
            text = text.replace(apostrophe, "'")
    return spaced(text).casefold()


def _first_pieces(said: str, tags: Iterable[str], kinds: frozenset[str]) -> dict[str, str]:
    """Return the first piece of each of these kinds that stands in a text."""
    first: dict[str, str] = {}
    for tag in tags:
        for kind, pieces in _pieces(tag):
            if kind in kinds and kind not in first:
                for piece in pieces:
                    if piece in said and _begins(piece, said):
                        first[kind] = piece
                        break
    return first


@lru_cache(maxsize=64)
def _source_kinds(text: str, tag: str) -> frozenset[str]:
    """Return the kinds of pieces of a source, which comes once for each of its candidates."""
    return frozenset(_first_pieces(_plain(text), (tag,), _COUNTED | _HELP))


def _begins(piece: str, said: str) -> bool:
    """Return whether a piece stands where a word begins, in scripts that part words by spaces."""
    if piece[0] >= _SPACED_BELOW:
        return True
    place = said.find(piece)
    while place > 0 and said[place - 1].isalnum():
        place = said.find(piece, place + 1)
    return place >= 0


@cache
def _marks(tags: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the pieces that count, of several languages, under characters that they share.

    A text without these has none of the pieces: half as many to look for.
    """
    left = {
        piece
        for tag in tags
        for kind, pieces in _pieces(tag)
        if kind in _COUNTED
        for piece in pieces
    }
    marks: dict[str, tuple[str, ...]] = {}
    while left:
        held = Counter(mark for piece in left for mark in _parts(piece))
        mark = max(held, key=lambda mark: (held[mark], mark))
        marks[mark] = tuple(sorted(piece for piece in left if mark in piece))
        left.difference_update(marks[mark])
    return marks


def _parts(piece: str) -> set[str]:
    return {piece[i : i + _MARK] for i in range(max(1, len(piece) - _MARK + 1))}


@cache
def _pieces(tag: str) -> _Pieces:
    table = _table()
    language = languages.primary(tag)
    return table.get(language) or table.get(group_of(language), ())


@cache
def _table() -> Mapping[str, _Pieces]:
    rows = table("safeglot.translate.checks", "refusals.toml")
    return {
        tag: tuple((kind, tuple(pieces)) for kind, pieces in kinds.items())
        for tag, kinds in rows.items()
    }
