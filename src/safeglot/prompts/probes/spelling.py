"""Other spellings of every word: digits for letters, or letters set apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safeglot.prompts.probes.base import Variant, failed
from safeglot.prompts.probes.segments import letters, words
from safeglot.prompts.probes.transliterate import is_foreign

LEET = dict(zip("aeiostAEIOST", "431057431057", strict=True))
"""Plain letters alone, each with a digit of its own: what is spelt so can be read back."""
APART = {"spaces": " ", "dots": "."}
"""By level what stands between the letters of a word."""
_TOKEN = re.compile(r"\{[^{}]*\}|<[^<>]*>|[!-;=?-z|~]+")


def respelt(text: str, level: str) -> Variant:
    """Return a text with every word spelt otherwise; slots, addresses and what holds a digit stay.

    Every word, since nobody knows in all languages which word is the telling one. Letters are those
    that readers count, so that no mark or conjunct is torn off; `changed` is the share that changed.
    Source: Röttger et al. 2021, HateCheck, and 2022, Multilingual HateCheck: spelling variations.
    """
    if level not in APART and 2 * sum(map(is_foreign, text)) > sum(map(str.isalpha, text)):
        return failed("leetspeak is for Latin letters, and most letters here are of another script")
    apart, spelt, n, changed = APART.get(level, ""), [], 0, 0
    for piece, is_word in _pieces(text):
        if not is_word:
            spelt.append(piece.replace(" ", "   ") if level == "spaces" else piece)
            continue
        own = letters(piece)
        new = own if apart else [LEET.get(letter, letter) for letter in own]
        n += len(own)
        changed += len(own) if apart and own[1:] else sum(map(str.__ne__, own, new))
        spelt.append(apart.join(new))
    if not changed:
        return failed(f"no letter changes under {level}")
    return Variant(text="".join(spelt), facts={"spelling": level, "changed": changed / n})


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the text in pieces, and of each whether it is a word that may change."""
    at = 0
    for token in _TOKEN.finditer(text):
        if _stays(token[0]):
            yield from _split(text[at : token.start()])
            yield token[0], False
            at = token.end()
    yield from _split(text[at:])


def _stays(token: str) -> bool:
    is_address = "://" in token or "@" in token or token.startswith("www.")
    return is_address or token[0] in "{<" or any(map(str.isdigit, token))


def _split(text: str) -> Iterator[tuple[str, bool]]:
    at = 0
    for span in words(text):
        yield from ((text[at : span.start], False), (span.of(text), True))
        at = span.end
    yield text[at:], False
