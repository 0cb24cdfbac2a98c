"""The language of a translation, by identifiers that say which languages they cover.

They leave romanised text (Latin letters where the language is written in others) to the check of
scripts. pycld2 (Apache-2.0, an extra) is asked first, then GlotLID where its model is given, then
py3langid.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Protocol

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
from safeglot.translate.checks.scripts import LATIN, is_latin, letters, most

FEWEST_LETTERS = 12
"""Texts of fewer letters (a Han character counts for three) are not identified."""
ENOUGH = 2
"""Identifiers that rule out the expected language, after which no other is asked."""
FEWEST_BYTES = 20
HEAD_BYTES = 240
LEAST_SHARE = 0.05
"""py3langid: the expected language is ruled out below this probability, of its whole group."""
LEAST_UNSURE = 0.01
"""The same where no other language is sure."""
SURE = 0.5
SURE_PERCENT = 90
"""pycld2: a language of fewer percent of the text does not count."""


class Identifier(Protocol):
    """Identifies the language of a text that should be in a given one."""

    @property
    def name(self) -> str:
        """Its name in details."""

    @property
    def letters_alone(self) -> int:
        """Letters from which it may call a language wrong without a second identifier."""

    def covers(self, tag: str, /) -> bool:
        """Return whether texts expected in a language can be distinguished from others."""

    def identify(self, text: str, expected: str, /) -> Identified:
        """Return the language of a text: the expected tag for its whole group of close languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cld2:
    """pycld2: quadgrams, 165 languages, 20 microseconds a text."""

    name: str = "pycld2"
    letters_alone: int = 60

    def covers(self, tag: str) -> bool:
        """Return whether CLD2 knows the language in this script."""
        return _cld2_covers(tag)

    def identify(self, text: str, expected: str) -> Identified:
        """Return the language of most of the text, where CLD2 calls it reliable."""
        if not self.covers(expected) or not _readable(text, expected):
            return UNSURE
        cld2 = _cld2()
        try:
            reliable, _, details = cld2.detect(
                text.encode("utf-8", "replace"), isPlainText=True, bestEffort=True
            )
        except cld2.error:  # control characters: CLD2 takes them for invalid UTF-8
            return UNSURE
        _, code, percent, _ = details[0]
        return _by_cld2(code, percent, expected) if reliable else UNSURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Langid:
    """py3langid: byte n-grams, 139 languages, comes with safeglot."""

    name: str = "py3langid"
    letters_alone: int = 24

    def covers(self, tag: str) -> bool:
        """Return whether py3langid knows the language in this script."""
        return _langid_covers(tag)

    def identify(self, text: str, expected: str) -> Identified:
        """Return another language only where the expected one is ruled out."""
        if not self.covers(expected) or not _readable(text, expected):
            return UNSURE
        encoded = text.encode("utf-8", "replace")[:HEAD_BYTES]
        if len(encoded) < FEWEST_BYTES:
            return UNSURE
        shares: dict[str, float] = {}
        for tag, share in byte_grams().rank(encoded):
            shares[group_of(tag)] = shares.get(group_of(tag), 0.0) + share
        return _of_shares(shares, expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class GlotLid:
    """GlotLID (fastText, some 2,100 labels such as eng_Latn) behind a callable that was handed in.

    `predict` gives (label, probability) pairs, the likeliest first; `labels` are all it knows.
    """

    predict: Callable[[str], Sequence[tuple[str, float]]]
    labels: frozenset[str]
    name: str = "glotlid"
    letters_alone: int = 60

    def covers(self, tag: str) -> bool:
        """Return whether GlotLID has a label for the language in the script of this tag."""
        language = languages.lookup(tag)
        group = own_group(tag)
        scripts = HAN if language.script in HAN else {language.script}
        return any((group, script) in _glotlid_groups(self.labels) for script in scripts)

    def identify(self, text: str, expected: str) -> Identified:
        """Return another language only where the expected one is ruled out."""
        if not self.covers(expected) or not _readable(text, expected):
            return UNSURE
        shares: dict[str, float] = {}
        for label, share in self.predict(" ".join(text.split())):
            group = _glotlid_tag(label)
            shares[group] = shares.get(group, 0.0) + share
        return _of_shares(shares, expected)


@cache
def own_group(tag: str) -> str:
    """Return the tag that stands for the close languages of a tag's language.

    Raises: languages.UnknownLanguage
    """
    return group_of(languages.primary(tag))


def available(glotlid: GlotLid | None = None) -> tuple[Identifier, ...]:
    """Return the identifiers there are, in the order in which they are asked."""
    first: tuple[Identifier, ...] = (Cld2(),) if importlib.util.find_spec("pycld2") else ()
    return (*first, *((glotlid,) if glotlid else ()), Langid())


def wrong_language(text: str, expected: str, identifiers: Sequence[Identifier]) -> str:
    """Return why a text is not in the language expected; "" where it is, or where it stays open.

    The first identifier that names a language is believed if it names the expected one. If it
    names another, the next one that covers the language must rule the expected one out too;
    where there is none, the text must have enough letters for one alone.
    """
    others: list[str] = []
    needed = 0
    for identifier in (candidate for candidate in identifiers if candidate.covers(expected)):
        answer = identifier.identify(text, expected)
        if answer.language == expected or (answer.language is None and others):
            return ""
        if answer.language is None:
            continue
        others.append(f"{identifier.name}: {answer.language} ({answer.confidence:.2f})")
        needed = max(needed, identifier.letters_alone)
        if len(others) == ENOUGH:
            return ", ".join(others)
    return ", ".join(others) if sum(letters(text).values()) >= needed else ""


@lru_cache(maxsize=1024)
def _by_cld2(code: str, percent: int, expected: str) -> Identified:
    """Return what CLD2's reliable code says; cached, since few codes and percents recur."""
    if percent < SURE_PERCENT or code == "un":
        return UNSURE
    return _identified(group_of(_CLD2_CODES.get(code, code)), expected, percent / 100)


def _identified(group: str, expected: str, confidence: float) -> Identified:
    own = group == own_group(expected)
    if not own and not _may_be_wrong(group, expected):
        return UNSURE
    return Identified(language=expected if own else group, confidence=confidence)


def _of_shares(shares: Mapping[str, float], expected: str) -> Identified:
    own = shares.get(own_group(expected), 0.0)
    best = max(shares, key=lambda tag: (shares[tag], tag), default="")
    if own >= SURE:
        return Identified(language=expected, confidence=own)
    ruled_out = own < LEAST_SHARE if shares.get(best, 0.0) >= SURE else own < LEAST_UNSURE
    if not ruled_out:
        return UNSURE
    return _identified(best, expected, shares[best])


@cache
def _may_be_wrong(group: str, expected: str) -> bool:
    """Return whether an identified language can be distinguished from the expected one."""
    try:
        script = languages.lookup(group).script
    except languages.UnknownLanguage:  # "zxx": numbers, markup
        return False
    other = OTHER_SCRIPTS.get(script, frozenset())
    return not other & {languages.primary(expected), own_group(expected)}


def _readable(text: str, expected: str) -> bool:
    """Return whether a text has enough letters, and is not romanised."""
    counts = letters(text)
    if sum(counts.values()) < FEWEST_LETTERS:
        return False
    return most(counts) != LATIN or is_latin(expected)


@cache
def _usual_script(tag: str) -> bool:
    """Return whether a tag asks for the script that its language is trained in."""
    language, script = languages.primary(tag), languages.lookup(tag).script
    if language.startswith("x-") or language in _MISTAKEN:
        return False
    try:
        usual = {languages.lookup(name).script for name in (language, group_of(language))}
    except languages.UnknownLanguage:
        return False
    return script in usual or {script, *usual} <= HAN


# Of the Universal Declaration's articles in these, 15 to 31% are taken for another language.
_MISTAKEN = frozenset({"hmn", "ia", "sc"})

# CLD2's codes that are not ours.
_CLD2_CODES = {
    "blu": "hmn",
    "iw": "he",
    "jw": "jv",
    "mo": "ro",
    "sr-ME": "sr",
    "zh-Hant": "zh",
}


@cache
def _cld2_covers(tag: str) -> bool:
    return _usual_script(tag) and own_group(tag) in _cld2_groups()


@cache
def _langid_covers(tag: str) -> bool:
    return _usual_script(tag) and own_group(tag) in known_groups()


@cache
def _cld2() -> Any:
    import pycld2

    return pycld2


@cache
def _cld2_groups() -> frozenset[str]:
    """Return the groups of which CLD2 knows a language."""
    names: Any = _cld2().DETECTED_LANGUAGES
    codes = {
        code for name, code in _cld2().LANGUAGES if name in names and not name.startswith("X_")
    }
    return frozenset(group_of(_CLD2_CODES.get(code, code)) for code in codes)


@cache
def _glotlid_groups(labels: frozenset[str]) -> frozenset[tuple[str, str]]:
    return frozenset((_glotlid_tag(label), label.rpartition("_")[2]) for label in labels)


@cache
def _glotlid_tag(label: str) -> str:
    """Return the group of a label such as __label__eng_Latn."""
    code = label.removeprefix("__label__").partition("_")[0]
    try:
        return own_group(code)
    except languages.UnknownLanguage:
        return code
