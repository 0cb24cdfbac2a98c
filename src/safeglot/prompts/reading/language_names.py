"""Languages by their names, in English or another language, in any case; names of several languages give all."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from safeglot.text import languages
from safeglot.text.package_data import table

_TABLE = table(__package__, "words.toml")
_OWN: Mapping[str, Sequence[str]] = _TABLE["names"]
"""Names that say too little, or are not taken from the table."""
_WORDS = frozenset(("id", "no", "is", "my", "or", "as", "so", "to", "am", "be", "an", "it"))
"""Tags that the name of a file may end in as words."""
_BY_SCRIPT: Mapping[str, str] = _TABLE["scripts"]
"""First word of a letter's name in Unicode -> a language."""
_QUALIFIERS: Mapping[str, str] = _TABLE["qualifiers"]
"""What stands beside a language's name -> the subtag that it is."""
_NATIVE: Sequence[str] = _TABLE["native"]
"""Names that CLDR does not have so."""


def languages_named(name: str) -> tuple[str, ...]:
    """Return the tags that a tag or name stands for: none, one, or the candidates of an ambiguous name."""
    tag = languages.tag_of(name)
    return (tag,) if tag else _by_name(_plain(name))


def is_common(tag: str) -> bool:
    """Return whether a language has texts to speak of: a column called "even" is seldom Even's."""
    known = languages.lookup(tag)
    return bool(known.resource_class) or known.flores is not None or tag == "fil"


def is_plain(tag: str) -> bool:
    """Return whether a tag has a language, script and region alone: `en-crime` is well-formed too."""
    return all(len(part) <= 4 and not part[0].isdigit() for part in tag.split("-")[1:])


def language_of_file(path: str) -> str | None:
    """Return the language that the name of a file ends in, as in harm_sw.csv or German.json; None for none."""
    stem = path.rpartition("/")[2].partition(".")[0]
    words = re.split(r"[_. -]", stem.casefold())
    for name, parts in ((stem, words), (words[-1], words[-1:])):
        tags = languages_named(name) if _WORDS.isdisjoint(parts) else ()
        if len(tags) == 1 and is_common(tags[0]) and is_plain(tags[0]):
            return tags[0]
    return None


def language_of_script(texts: Iterable[str]) -> str | None:
    """Return the most spoken language in the script of texts, to be suggested; None for the Latin one."""
    counts = Counter(
        unicodedata.name(letter, "").partition(" ")[0]
        for text in texts
        for letter in text
        if letter.isalpha()
    )
    if not counts:
        return None
    if counts["CJK"] and counts["HIRAGANA"] + counts["KATAKANA"]:
        return "ja"
    return _BY_SCRIPT.get(counts.most_common(1)[0][0])


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[-_,()]+", " ", name).casefold().split())


@lru_cache(maxsize=1024)
def _by_name(plain: str) -> tuple[str, ...]:
    if any(map(str.isdigit, plain)):  # no name has one: ids need no table of names
        return ()
    if plain in _OWN:
        return tuple(_OWN[plain])
    if own := _names().get(plain):
        return own
    for words, subtag in _QUALIFIERS.items():
        for rest in (plain.removeprefix(f"{words} "), plain.removesuffix(f" {words}")):
            base = _names().get(rest, ()) if rest != plain else ()
            if len(base) == 1:
                if words == "european" and base == ("pt",):
                    return ("pt-PT",)
                plain_script = not subtag or languages.lookup(base[0]).script == subtag
                return (base[0] if plain_script else languages.canonical(f"{base[0]}-{subtag}"),)
    return ()


@lru_cache(maxsize=1)
def _names() -> dict[str, tuple[str, ...]]:
    """Return each name, as `_plain` writes it, with its tags: English ones before all others."""
    english = {_plain(name): tags for name, tags in languages.names().items()}
    names = {**languages.names_elsewhere(), **english}
    for pair in _NATIVE:
        tag, _, name = pair.partition(":")
        if _plain(name) not in english:
            names[_plain(name)] = (tag,)
    return names
