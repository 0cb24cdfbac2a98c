"""Local context: the same request about the country, place or language of its own language, of the reference, or any country.

A tag with a region means that country: de-AT is asked about Austria.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from safeglot.prompts.probes.base import Variant, failed
from safeglot.prompts.probes.package_data import PLACES, countries, load, row_of
from safeglot.text import languages

SLOTS = ("country", "place", "language")
"""What a prompt leaves open, as in {country}; a name stands there as the dictionary has it, so the
text around it must not ask for a case ending or an article."""
_SLOT = re.compile(rf"\{{({'|'.join(SLOTS)})\}}")


def slots(text: str) -> tuple[str, ...]:
    """Return the slots of a text, in their order."""
    return tuple(_SLOT.findall(text))


def baseline(text: str, tag: str, reference: str) -> Variant:
    """Return the text that the run itself asks: as it is, its slots filled for the reference language."""
    return in_context(text, tag, "reference", reference) if slots(text) else Variant(text=text)


def in_context(text: str, tag: str, level: str, reference: str) -> Variant:
    """Return a text with its slots filled for its own language (`local`), the reference language or a country."""
    if not slots(text):
        names = ", ".join(f"{{{slot}}}" for slot in SLOTS)
        return failed(f"the prompt has no slot for a context ({names})")
    own = countries().get(level)
    of = f"{own}-{level}" if own else tag if level == "local" else reference
    there, words = _names(tag, reference), _names(tag, of)
    if isinstance(words, str):
        return failed(words)
    facts = {slot: words[slot] for slot in slots(text)}
    if level == "local" and not isinstance(there, str) and facts.items() <= there.items():
        return failed("the local context is that of the reference language")
    text = _SLOT.sub(lambda slot: words[slot[1]], text)
    return Variant(text=text, facts={"context": of, **facts})


def _names(tag: str, of: str) -> Mapping[str, str] | str:
    """Return what to call the country, place and language of one language in another, or a fault."""
    rows: Mapping[str, Any] = load(PLACES)["rows"]
    written, meant = row_of(rows, tag), row_of(rows, of)
    if written is None or meant is None:
        lacking = tag if written is None else of
        return (
            f"no countries and places are known for {lacking}; there are some for {', '.join(rows)}"
        )
    named, there = rows[written]["names"], rows[written]["regions"]
    region = _region(of) or rows[meant]["region"]
    if meant not in named:
        return f"no names for {meant} are known in {written}; there are some for {', '.join(named)}"
    if region not in there:
        return f"no country of {of} is known in {written}; there are {', '.join(sorted(there))}"
    return dict(zip(SLOTS, (*there[region], named[meant]), strict=True))


def _region(tag: str) -> str:
    """Return the region of a tag, "" where it has none."""
    parts = languages.canonical(tag).split("-")[1:]
    return next(
        (p for p in parts if (p.isupper() and len(p) == 2) or (p.isdigit() and len(p) == 3)), ""
    )
