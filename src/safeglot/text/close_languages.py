"""Languages that identifiers mistake for one another, and the identifier that comes with safeglot.

py3langid (naive Bayes over byte n-grams, 139 languages) is loaded at the first text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

from safeglot.text.package_data import table

_TABLE = table(__package__, "close_languages.toml")
GROUPS = tuple(tuple(group.split()) for group in _TABLE["groups"])
"""Languages that are kept apart by too little to call one of them wrong; the first stands for the group."""

OTHER_SCRIPTS = {
    script: frozenset(tags.split()) for script, tags in _TABLE["other_scripts"].items()
}
"""Languages also written in a script in which the identifier was hardly trained on them."""
HAN = frozenset({"Hans", "Hant", "Hani"})
"""Han script under its three names."""


LABELS: list[str] = _TABLE["labels"]
"""What py3langid knows; itself it takes 60 MB, and more while it is loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """The language that a text was identified as, None where that is not sure, and how sure it is."""

    language: str | None
    confidence: float | None = None


UNSURE = Identified(language=None)
_GROUP_OF: dict[str, str] = {tag: group[0] for group in GROUPS for tag in group}


def group_of(tag: str) -> str:
    """Return the tag that stands for a language's group of close languages."""
    return _GROUP_OF.get(tag, tag)


class ByteGrams(Protocol):
    """py3langid, as far as it is used."""

    labels: list[str]

    def classify(self, text: bytes, /) -> tuple[str, float]:
        """Return the likeliest language and its probability."""

    def rank(self, text: bytes, /) -> list[tuple[str, float]]:
        """Return all languages with their probabilities."""


@cache
def byte_grams() -> ByteGrams:
    """Return py3langid with probabilities, loaded once."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    loaded: ByteGrams = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return loaded


@cache
def known_groups() -> frozenset[str]:
    """Return the groups of which py3langid knows a language; it is not loaded for that."""
    return frozenset(map(group_of, LABELS))
