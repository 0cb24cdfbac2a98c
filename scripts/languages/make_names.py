"""Write src/safeglot/text/language_names.tsv: what languages are called in their own and in other languages.

Source: Unicode CLDR through Babel (`pip install Babel`), Unicode License v3. Of languages with texts
to speak of, and only names that mean one language, or as many as the English one does.
"""

from __future__ import annotations

import re
from pathlib import Path

from babel import Locale, UnknownLocaleError  # type: ignore[import-not-found]

from safeglot.prompts.reading.language_names import is_common
from safeglot.text import languages

IN = [
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "da",
    "pl",
    "cs",
    "tr",
    "ru",
    "uk",
    "ar",
    "fa",
    "hi",
    "id",
    "vi",
    "th",
    "ko",
    "ja",
    "zh",
    "zh_Hant",
    "sw",
]
SEVERAL = {
    "zh": "zh zh-Hant",
    "zh_Hans": "zh",
    "pt": "pt-BR pt-PT",
    "no": "nb nn",
    "sr": "sr sr-Latn",
    "ku": "ku ckb",
}
"""Codes that say too little -> what they may be."""
TARGET = Path(__file__).parents[2] / "src/safeglot/text/language_names.tsv"


def tags_of(code: str) -> str:
    """Return our tags of a code of CLDR; "" for a language that is left out."""
    try:
        tag = languages.canonical(code)
    except languages.UnknownLanguage:
        return ""
    return SEVERAL.get(code, tag) if is_common(tag) else ""


def plain(name: str) -> str:
    """Return a name as `language_names` compares it."""
    return " ".join(re.sub(r"[-_,()]+", " ", name).casefold().split())


def main() -> None:
    """Write the table."""
    english = {plain(name) for name in languages.names()}
    found: dict[str, dict[str, None]] = {}

    def add(code: str, name: str) -> None:
        tags, word = tags_of(code), plain(name)
        if tags and word not in english and (len(word) > 3 or not word.isascii()):
            found.setdefault(tags, {})[word] = None

    for locale in map(Locale.parse, IN):
        for code, name in locale.languages.items():
            add(code, name)
    for code in Locale.parse("en").languages:
        try:
            own = Locale.parse(code).languages.get(code)
        except (UnknownLocaleError, ValueError):
            own = None
        if own:
            add(code, own)
    owners: dict[str, set[str]] = {}
    for tags, names in found.items():
        for name in names:
            owners.setdefault(name, set()).add(tags)
    rows = {
        tags: [n for n in names if len(owners[n]) == 1] for tags, names in sorted(found.items())
    }
    TARGET.write_text("".join("\t".join((t, *n)) + "\n" for t, n in rows.items() if n), "utf-8")


main()
