"""Variants of probes as a reader knows them."""

from __future__ import annotations

NAMES = {
    "framing": "framing",
    "codeswitch": "code-switching",
    "translit": "transliteration",
    "context": "local context",
    "dialect": "dialect",
    "paraphrase": "wording",
    "codewords": "code words",
    "length": "answered again at twice the limit of tokens",
}
"""Name of a factor as it is printed; others go by their own."""


def spelled(variant: str) -> str:
    """Return a variant's factors as a reader knows them: "framing: story + code-switching: word"."""
    return " + ".join(level_words(level) for level in variant.split("+"))


def level_words(level: str) -> str:
    """Return one factor with its level: "framing: story"."""
    name, _, value = level.partition("=")
    shown = NAMES.get(name, name)
    return f"{shown}: {value}" if value else shown
