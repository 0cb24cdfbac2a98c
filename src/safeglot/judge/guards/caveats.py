"""Caveats that belong wherever a judge's numbers stand."""

from __future__ import annotations

from collections.abc import Iterable

UNCORRECTED = (
    "Rates are the judge's verdicts, not corrected for its errors, which differ by language "
    "(Llama Guard 3's own card: recall 0.93 in English, 0.81 in other languages)."
)


def notes(family: str, made: object, languages: Iterable[str]) -> tuple[str, ...]:
    """Return the caveats of a judge on answers in these languages (BCP-47 tags).

    `made` is the family's class: what it says of itself in `caveat` and `languages`, if it does.
    """
    caveat, covered = getattr(made, "caveat", ""), documented(made)
    lines = [caveat] if isinstance(caveat, str) and caveat else []
    outside = [tag for tag in languages if covered and tag.split("-")[0] not in covered]
    if outside:
        lines.append(
            f"{family} is not documented for {', '.join(outside)}: its verdicts there are of unknown quality."
        )
    known = getattr(made, "screening", ())
    doubtful = [tag for tag in languages if tag.split("-")[0] in known]
    if doubtful:
        lines.append(
            f"In {', '.join(doubtful)} {family} is for screening only: its errors on recorded answers "
            "there are over the bounds, or were not measured."
        )
    if not hasattr(made, "covered"):  # the embedded judges say more in their own caveat
        lines.append(UNCORRECTED)
    return tuple(lines)


def documented(made: object) -> tuple[str, ...]:
    """Return the languages that a family's makers name; empty where they name none or over a hundred."""
    languages = getattr(made, "languages", ())
    return languages if isinstance(languages, tuple) else ()
