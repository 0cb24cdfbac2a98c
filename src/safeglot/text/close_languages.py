"""Languages that identifiers mistake for one another, and the identifier that comes with safeglot.

py3langid (naive Bayes over byte n-grams, 139 languages) is loaded at the first text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

# Kept apart by too little to call one of them wrong; the first tag stands for the group.
GROUPS = tuple(
    tuple(group.split())
    for group in (
        "af nl li vls zea",
        "am ti",
        "ar acm acq aeb ajp apc apd arb ars ary arz ayl",
        "az azb azj",
        "bg mk",
        "bn as",
        "bo dz",
        "ca oc",
        "ceb war",
        "crs mfe",
        "cs sk",
        "de bar gsw ksh pfl",
        "el grc",
        "en jam pcm sco",
        "es an ast ext lad",
        "et ekk vro",
        "fa glk mzn prs",
        "ff fuc fuv",
        "fr frp gcf gcr wa",
        "ga gd gv",
        "gl pt",
        "gn gug",
        "he hbo",
        "hi awa bho hne mag mai",
        "hr bs cnr sh sr srl",
        "id bjn min ms zsm",
        "it co eml fur lij lmo nap pms sc scn vec",
        "kk kaa ky",
        "ki kik",
        "ku ckb kmr sdh",
        "lv ltg lvs",
        "mr gom kok",
        "ne dty npi",
        "no da nb nn",
        "or ory",
        "qu quy quz",
        "rw rn",
        "sq aln als",
        "st nso tn",
        "sw swc swh",
        "tl fil",
        "tr crh gag",
        "tt ba",
        "uz uzn uzs",
        "xh nr ss zu",
        "zh cdo cmn gan hak hsn lzh nan wuu yue",
    )
)

OTHER_SCRIPTS = {
    script: frozenset(tags.split())
    for script, tags in (
        ("Arab", "az crh kaa kk ks ku ky ms pa sd tg tk ug uz"),
        ("Cyrl", "az crh kaa kk ku ky mn tg tk ug uz"),
        ("Deva", "ks pa sd"),
    )
}
"""Languages also written in a script in which the identifier was hardly trained on them."""
HAN = frozenset({"Hans", "Hant", "Hani"})
"""Han script under its three names."""


LABELS = [
    "ace", "af", "am", "an", "ar", "ary", "arz", "as", "az", "ba", "bcl", "be", "bg", "bn",
    "br", "bs", "ca", "crh", "cs", "cy", "da", "de", "dz", "el", "en", "eo", "es", "et", "eu",
    "ext", "fa", "fi", "fo", "fr", "fuv", "fy", "ga", "gcf", "gcr", "gd", "gl", "gom", "grc",
    "gu", "gug", "guw", "ha", "hbo", "he", "hi", "hr", "ht", "hu", "hy", "id", "ig", "is", "it",
    "ja", "jv", "ka", "kab", "kik", "kk", "km", "kn", "ko", "ku", "ky", "la", "lb", "lg", "lij",
    "ln", "lo", "lt", "ltg", "lv", "mg", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl",
    "nn", "no", "nso", "oc", "om", "or", "pa", "pcm", "pl", "ps", "pt", "qu", "ro", "ru", "rw",
    "sa", "sdh", "se", "si", "sk", "sl", "sn", "so", "sq", "sr", "st", "sv", "sw", "ta", "te",
    "tg", "th", "tk", "tl", "tr", "tt", "ug", "uk", "ur", "uz", "uzs", "vec", "vi", "vo", "wa",
    "wuu", "xh", "yo", "yue", "zh", "zu", "zxx",
]  # fmt: skip
"""What py3langid knows; itself it takes 60 MB, and more while it is loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """The language that a text was identified as, None where that is not sure, and how sure it is."""

    language: str | None
    confidence: float | None = None


UNSURE = Identified(language=None)
_GROUP_OF = {tag: group[0] for group in GROUPS for tag in group}


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
