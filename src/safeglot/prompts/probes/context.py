"""Local context: the same request about the country, place or language of its own language, or of the reference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from safeglot.prompts.probes.base import Variant, failed
from safeglot.prompts.probes.package_data import load, row_of
from safeglot.text import languages

PLACES = "places.json"
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
    """Return a text with its slots filled for its own language (`local`) or the reference language's country."""
    if not slots(text):
        names = ", ".join(f"{{{slot}}}" for slot in SLOTS)
        return failed(f"the prompt has no slot for a context ({names})")
    if level == "local" and row_of([reference], tag):
        return failed("the local context is that of the reference language")
    of = tag if level == "local" else reference
    words = _names(tag, of)
    if isinstance(words, str):
        return failed(words)
    facts = {slot: words[slot] for slot in slots(text)}
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
    region = _region(of)
    if region and region != rows[meant]["region"]:
        return f"the country that is known for {meant} is {rows[meant]['region']}, not that of {of}"
    names = rows[written]["names"]
    if meant not in names:
        return f"no names for {meant} are known in {written}; there are some for {', '.join(names)}"
    return dict(zip(SLOTS, names[meant], strict=True))


def _region(tag: str) -> str:
    """Return the region of a tag, "" where it has none."""
    parts = languages.canonical(tag).split("-")[1:]
    return next((part for part in parts if len(part) == 2 and part.isupper()), "")
