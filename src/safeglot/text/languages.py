"""Language tags: BCP 47 at every edge, one spelling inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypedDict

from safeglot.text.package_data import text_of

# Every right-to-left script of Unicode.
RIGHT_TO_LEFT = frozenset({
    "Adlm", "Arab", "Aran", "Armi", "Avst", "Chrs", "Cprt", "Elym", "Gara", "Hatr", "Hebr",
    "Hung", "Khar", "Lydi", "Mand", "Mani", "Mend", "Merc", "Mero", "Narb", "Nbat", "Nkoo",
    "Orkh", "Ougr", "Palm", "Phli", "Phlp", "Phnx", "Prti", "Rohg", "Samr", "Sarb", "Sogd",
    "Sogo", "Syrc", "Syre", "Syrj", "Syrn", "Thaa", "Yezi",
})  # fmt: skip
UNKNOWN_SCRIPT = "Zzzz"

# RFC 5646, section 2.1, on a lower-cased tag.
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3}(?P<extlang>(?:-[a-z]{3}){0,3})|[a-z]{4,8})"
    r"(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*)"
    r"(?P<private>(?:-x(?:-[a-z0-9]{1,8})+)?)"
)
_EXTENSION = re.compile(r"-([0-9a-wyz])((?:-[a-z0-9]{2,8})+)")
_PRIVATE_TAG = re.compile(r"x(?:-[a-z0-9]{1,8})+")
_PRIVATE_LANGUAGE = re.compile(r"q[a-t][a-z]")

# Withdrawn region codes, and the one everybody writes though it never was one.
_REGIONS = {
    "BU": "MM",
    "DD": "DE",
    "FX": "FR",
    "TP": "TL",
    "UK": "GB",
    "YD": "YE",
    "ZR": "CD",
}

_STRING = re.compile(r'"([^"]*)"')
_NAME_CUTOFF = 0.75
_TAG_CUTOFF = 0.6
_PREFIX_SCORE = 0.8
_SHORT = 3

_Row = TypedDict(
    "_Row",
    {
        "name": str,
        "script": str,
        "direction": str,
        "flores": str,
        "class": int,
        "aliases": list[str],
        "also": list[str],
        "regions": dict[str, str],
    },
    total=False,
)


class _Rows(Mapping[str, _Row]):
    """The rows of the table by tag. TOML is slow to parse: a row is parsed when it is looked up."""

    def __init__(self, text: str) -> None:
        self._parsed: dict[str, _Row] = {}
        sections = (part.partition("]\n") for part in text.split("\n[")[1:])
        self._text = {tag: lines for tag, _, lines in sections}

    def __getitem__(self, tag: str) -> _Row:
        if tag not in self._parsed:
            import tomllib

            row: Any = tomllib.loads(self._text[tag])
            self._parsed[tag] = row
        return self._parsed[tag]

    def __iter__(self) -> Iterator[str]:
        return iter(self._text)

    def __len__(self) -> int:
        return len(self._text)

    def __contains__(self, tag: object) -> bool:
        return tag in self._text

    def strings(self, key: str) -> Iterator[tuple[str, list[str]]]:
        """Yield each tag and the strings that its row has under a key."""
        line = re.compile(rf"^{key} = (.*)$", re.MULTILINE)
        for tag, text in self._text.items():
            if found := line.search(text):
                yield tag, _STRING.findall(found[1])


class _Table(NamedTuple):
    rows: _Rows
    aliases: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language in one script, under its canonical tag."""

    tag: str
    name: str
    script: str
    direction: str
    flores: str | None
    resource_class: int | None


class UnknownLanguage(ValueError):
    """A tag that is malformed or names no language of the table."""

    def __init__(self, tag: str, nearest: tuple[str, ...] = ()) -> None:
        self.tag = tag
        self.nearest = nearest
        hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
        super().__init__(f"unknown language tag {tag!r}{hint}")

    def __reduce__(self) -> tuple[type[UnknownLanguage], tuple[str, tuple[str, ...]]]:
        # The default would call __init__ with the message as the tag.
        return type(self), (self.tag, self.nearest)


def tag_of(text: object) -> str:
    """Return the canonical tag of a text that is one; "" for what names no language."""
    try:
        return canonical(text) if isinstance(text, str) else ""
    except UnknownLanguage:
        return ""


@lru_cache(maxsize=1)
def _table() -> _Table:
    """Return the table of languages, read on first use."""
    rows = _Rows(text_of("safeglot.text", "languages.toml"))
    aliases = {alias: tag for tag, found in rows.strings("aliases") for alias in found}
    return _Table(rows, aliases)


@lru_cache(maxsize=1)
def names() -> dict[str, tuple[str, ...]]:
    """Return English name, case folded -> the tags that have it."""
    found: dict[str, tuple[str, ...]] = {}
    rows = _table().rows
    also = dict(rows.strings("also"))
    for tag, (name,) in rows.strings("name"):
        for each in (name, *also.get(tag, ())):
            found[each.casefold()] = (*found.get(each.casefold(), ()), tag)
    return found


@lru_cache(maxsize=1)
def names_elsewhere() -> dict[str, tuple[str, ...]]:
    """Return what languages are called in their own and in other languages, plain -> the tags that it may mean.

    Source: Unicode CLDR, by scripts/languages/make_names.py.
    """
    lines = text_of("safeglot.text", "language_names.tsv").splitlines()
    rows = (line.split("\t") for line in lines)
    return {name: tuple(tags.split()) for tags, *own in rows for name in own}


@lru_cache(maxsize=4096)
def canonical(tag: str) -> str:
    """Return the one spelling of a tag that safeglot uses.

    Raises: UnknownLanguage where the tag is malformed, or its language is not in the table.
    """
    aliases = _table().aliases
    text = tag.strip().replace("_", "-").lower()
    text = aliases.get(text, text).lower()
    # str.lower makes ASCII of the Kelvin sign, so it's the input that is checked.
    if not tag.isascii():
        raise _unknown(tag)
    if _PRIVATE_TAG.fullmatch(text):
        return text
    match = _TAG.fullmatch(text)
    language = _language(match) if match else None
    if match is None or language is None or _repeats(match):
        raise _unknown(tag)
    region = (match["region"] or "").upper()
    region = _REGIONS.get(region, region)
    script = _written_script(language, (match["script"] or "").title(), region)
    extensions = sorted(_EXTENSION.findall(match["extensions"]))
    tail = match["variants"] + "".join(f"-{key}{value}" for key, value in extensions)
    result = "-".join(filter(None, (language, script, region))) + tail + match["private"]
    return aliases.get(result.lower(), result)


@lru_cache(maxsize=4096)
def lookup(tag: str) -> Language:
    """Return what is known of a tag's language, falling back along the tag.

    Raises: UnknownLanguage where canonical() does.
    """
    tag = canonical(tag)
    match = _TAG.fullmatch(tag.lower())
    row = _table().rows.get(match["language"]) if match else None
    if match is None or row is None:
        return _private(tag, match)
    language, region = match["language"], (match["region"] or "").upper()
    script = (match["script"] or "").title()
    script = script or row.get("regions", {}).get(region) or row["script"]
    return Language(
        tag=tag,
        name=_name(tag),
        script=script,
        direction=_direction(script),
        flores=_flores(language, script),
        resource_class=row.get("class"),
    )


def primary(tag: str) -> str:
    """Return the primary language subtag; a tag of private use only is returned whole.

    Raises: UnknownLanguage where canonical() does.
    """
    tag = canonical(tag)
    return tag if tag.startswith("x-") else tag.partition("-")[0]


def all_tags() -> tuple[str, ...]:
    """Return every tag that has a row of its own, sorted."""
    return tuple(sorted(_table().rows))


@lru_cache(maxsize=1)
def all_scripts() -> frozenset[str]:
    """Return every script that a language of the table is written in."""
    return frozenset(script for _, (script,) in _table().rows.strings("script"))


def nearest(tag: str, n: int = 3) -> tuple[str, ...]:
    """Return at most n tags that a mistaken tag or an English name may stand for."""
    wanted = tag.strip().casefold()
    head = wanted.replace("_", "-").partition("-")[0]
    table, known = _table(), names()
    for exact in (wanted, head, *wanted.split()):
        if exact in known:
            return known[exact][: max(n, 0)]
    if head in table.rows or head in table.aliases:
        return (table.aliases.get(head, head),)[: max(n, 0)]
    scores = _scores(wanted, head)
    # Rounded, so that of two near matches the language with more resources comes first.
    ranked = sorted(
        scores, key=lambda t: (-round(scores[t], 1), -table.rows[t].get("class", -1), len(t), t)
    )
    return tuple(ranked[: max(n, 0)])


def _unknown(tag: str) -> UnknownLanguage:
    return UnknownLanguage(tag, nearest(tag))


def _language(match: re.Match[str]) -> str | None:
    """Return the table's tag for the language of a parsed tag."""
    table = _table()
    extlang = match["extlang"] or ""
    language = match["language"].removesuffix(extlang)
    language = table.aliases.get(language, language)
    if extlang:
        return table.aliases.get(language + extlang)
    known = language in table.rows or _PRIVATE_LANGUAGE.fullmatch(language)
    return language if known else None


def _repeats(match: re.Match[str]) -> bool:
    """Return whether a variant or an extension's singleton occurs twice."""
    variants = match["variants"].split("-")[1:]
    singletons = [key for key, _ in _EXTENSION.findall(match["extensions"])]
    return len(set(variants)) < len(variants) or len(set(singletons)) < len(singletons)


def _written_script(language: str, script: str, region: str) -> str:
    """Return the script as it is written in a canonical tag, '' where it goes without saying."""
    table = _table()
    row = table.rows.get(language)
    if row is None or f"{language}-{script}" in table.rows or region in row.get("regions", {}):
        return script
    usual = script == row["script"] or f"{language}-{script}".lower() in table.aliases
    return "" if usual else script


def _direction(script: str) -> str:
    return "rtl" if script in RIGHT_TO_LEFT else "ltr"


def _private(tag: str, match: re.Match[str] | None) -> Language:
    """Return the language of a private use tag, of which only the tag is known."""
    script = ((match["script"] if match else None) or UNKNOWN_SCRIPT).title()
    return Language(
        tag=tag,
        name=f"Private use ({tag})",
        script=script,
        direction=_direction(script),
        flores=None,
        resource_class=None,
    )


def _name(tag: str) -> str:
    """Return the English name of the closest row, with the subtags it leaves out."""
    rows = _table().rows
    language, *rest = tag.split("-")
    tries = [rest[:2], rest[:1], rest[1:2], []]
    used = next(part for part in tries if "-".join([language, *part]) in rows)
    name = rows["-".join([language, *used])]["name"]
    left = [subtag for subtag in rest if subtag not in used]
    return f"{name} ({', '.join(left)})" if left else name


def _flores(language: str, script: str) -> str | None:
    """Return the FLORES-200 code of a language in a script."""
    rows = _table().rows
    for tag in (f"{language}-{script}", language):
        if tag in rows and rows[tag]["script"] == script and "flores" in rows[tag]:
            return rows[tag]["flores"]
    return None


def _scores(wanted: str, head: str) -> dict[str, float]:
    """Return a score for each tag that is like a mistaken tag or name."""
    table = _table()
    scores: dict[str, float] = {}
    for name, tags in names().items():
        score = _likeness(wanted, name, _NAME_CUTOFF)
        if len(head) > 1 and name.startswith(head):
            score = max(score, _PREFIX_SCORE)
        for tag in tags:
            scores[tag] = max(score, scores.get(tag, 0.0))
    if len(head) <= _SHORT:
        for tag in table.rows:
            scores[tag] = max(_likeness(head, tag, _TAG_CUTOFF), scores[tag])
    return {tag: score for tag, score in scores.items() if score > 0}


def _likeness(one: str, other: str, cutoff: float) -> float:
    """Return how alike two words are from 0 to 1, 0 below the cutoff."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < cutoff or matcher.quick_ratio() < cutoff:
        return 0.0
    score = matcher.ratio()
    return score if score >= cutoff else 0.0
