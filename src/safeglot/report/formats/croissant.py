"""The data card of a translation set, in the format Croissant 1.0 (JSON-LD).

Source: MLCommons, Croissant Format Specification 1.0, mlcommons.org/croissant.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safeglot.text.package_data import text_of

FILE = "translations.jsonl"
CONTEXT, FIELDS = json.loads(text_of("safeglot.report.formats", "croissant.json")).values()
"""The card's JSON-LD context, and what each field of translations.jsonl holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCard:
    """What a card says of a translation set."""

    name: str
    prompts: str
    reference: str
    languages: tuple[str, ...]
    translators: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    """Language -> outcome -> texts."""
    created: str
    version: str
    sha256: str
    """Of translations.jsonl."""
    digest: str
    """Of all texts and how they ended."""


def croissant(card: SetCard) -> dict[str, Any]:
    """Return the card. It states no licence: that of the prompts holds, and nobody said which that is."""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": card.name,
        "description": _description(card),
        "datePublished": card.created,
        "version": card.version,
        "inLanguage": list(card.languages),
        "keywords": ["safety", "multilingual", "translation"],
        "identifier": card.digest,
        "distribution": [
            {
                "@type": "cr:FileObject", "@id": FILE, "name": FILE, "contentUrl": FILE,
                "encodingFormat": "application/jsonlines", "sha256": card.sha256,
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet", "@id": "translations", "name": "translations",
                "description": "A row for each prompt and language.",
                "field": [_field(name, text) for name, text in FIELDS.items()],
            }
        ],
    }  # fmt: skip


def _description(card: SetCard) -> str:
    ended = "; ".join(
        f"{language}: {', '.join(f'{n} {outcome}' for outcome, n in counts.items())}"
        for language, counts in card.counts.items()
    )
    return (
        f"Translations of the prompts {card.prompts} from {card.reference}, by "
        f"{', '.join(card.translators)}, made by safeglot to measure whether language models refuse "
        f"harmful requests in other languages. Some texts ask for harm. {ended}. A failed "
        "translation is never replaced by the source; the licence is that of the prompts."
    )


def _field(name: str, description: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field", "@id": f"translations/{name}", "name": name,
        "description": description, "dataType": "sc:Text",
        "source": {"fileObject": {"@id": FILE}, "extract": {"column": name}},
    }  # fmt: skip
