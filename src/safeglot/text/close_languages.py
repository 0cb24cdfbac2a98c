"""Languages that identifiers mistake for one another, the identifier, and how far any two are apart.

py3langid (naive Bayes over byte n-grams, 139 languages) is loaded at the first text. Distances are
from Glottolog 5.1 and WALS v2020.4, both CC BY 4.0, by scripts/languages/make_lineages.py.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from safeglot.text.languages import primary
from safeglot.text.package_data import table, text_of

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


# ---- how far languages are apart

LEAST_FEATURES = 6
"""Of twelve features of morphology so many must be known of both languages."""
_EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A language's branches from the family down to itself, its place, and its morphology."""

    path: tuple[str, ...]
    place: tuple[float, float] | None
    """Latitude and longitude, where Glottolog has one point for the language."""
    morphology: tuple[str, ...]
    """Values of WALS's features 20A to 29A, "-" where there is none; empty where WALS lacks the language."""

    @property
    def family(self) -> str:
        """The Glottolog code of the family; of a language without relatives its own."""
        return self.path[0]


@cache
def _rows() -> dict[str, Lineage]:
    rows = csv.DictReader(text_of("safeglot.text", "lineages.csv").splitlines())
    return {
        row["language"]: Lineage(
            path=(*row["above"].split(), row["glottolog"]),
            place=(float(row["latitude"]), float(row["longitude"])) if row["latitude"] else None,
            morphology=tuple(row["morphology"].split()),
        )
        for row in rows
    }


def lineage(tag: str) -> Lineage | None:
    """Return what is known of a tag's language, whatever its script and region; None where nothing is.

    Raises: UnknownLanguage.
    """
    return _rows().get(primary(tag))


def unshared_branches(first: Lineage, second: Lineage) -> float:
    """Return the share of their branches that two languages do not share: 0 of one, 1 of two families."""
    shared = len(set(first.path) & set(second.path))
    return 1 - 2 * shared / (len(first.path) + len(second.path))


def kilometres(first: Lineage, second: Lineage) -> float | None:
    """Return the great circle between the places of two languages; None where one has none."""
    if first.place is None or second.place is None:
        return None
    lat_1, lon_1, lat_2, lon_2 = map(math.radians, (*first.place, *second.place))
    half = (
        math.sin((lat_2 - lat_1) / 2) ** 2
        + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(min(1.0, half**0.5))


def other_morphology(first: Lineage, second: Lineage) -> float | None:
    """Return the share of features of morphology that differ; None where fewer than six are known of both."""
    pairs = zip(first.morphology, second.morphology, strict=False)
    known = [a != b for a, b in pairs if "-" not in (a, b)]
    return sum(known) / len(known) if len(known) >= LEAST_FEATURES else None
