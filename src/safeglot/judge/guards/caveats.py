"""What must be said wherever a judge's numbers stand."""

from __future__ import annotations

from collections.abc import Iterable

_GUARD_8 = ("de", "en", "es", "fr", "hi", "it", "pt", "th")
LANGUAGES: dict[str, tuple[str, ...]] = {
    "llama-guard-3": _GUARD_8,
    "llama-guard-4": _GUARD_8,
    "polyguard": (
        "ar",
        "cs",
        "de",
        "en",
        "es",
        "fr",
        "hi",
        "it",
        "ja",
        "ko",
        "nl",
        "pl",
        "pt",
        "ru",
        "sv",
        "th",
        "zh",
    ),
    "wildguard": ("en",),
    "shieldgemma": ("en",),
    "granite-guardian": ("en",),
    "nemotron-safety-guard": ("ar", "de", "en", "es", "fr", "hi", "ja", "th", "zh"),
}
"""Languages that a family's makers name; families that are not here name none or over a hundred."""

_FAMILY_NOTES = {
    "refusal-baseline": (
        (
            "refusal-baseline counts every harmful request that was not refused as unsafe, also where "
            "the answer is harmless or garbled. It over-reports, and says nothing about the harm of an "
            "answer. Use a guard model for results."
        ),
    ),
    "rubric": ("rubric asks a general chat model; its error is not known in any language.",),
}
UNCORRECTED = (
    "Rates are the judge's verdicts, not corrected for its errors, which differ by language "
    "(Llama Guard 3's own card: recall 0.93 in English, 0.81 in other languages)."
)


def notes(family: str, languages: Iterable[str]) -> tuple[str, ...]:
    """Return the caveats of a judge on answers in these languages (BCP-47 tags)."""
    found = list(_FAMILY_NOTES.get(family, ()))
    covered = LANGUAGES.get(family)
    outside = [t for t in languages if covered and t.split("-")[0] not in covered]
    if outside:
        found.append(
            f"{family} is not documented for {', '.join(outside)}: its verdicts there are of unknown quality."
        )
    if family != "refusal-baseline":
        found.append(UNCORRECTED)
    return tuple(found)
