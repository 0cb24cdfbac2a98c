"""Limits of the tokens of an answer: one for all languages, or with others of single languages behind it."""

from __future__ import annotations

import re
from typing import Any

from safeglot.config import checks

_COUNT = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_FORMS = "a whole number of at least 1, or one with those of languages behind it, as in 512,sw=1100"
PREMIUM = "premium="
"""Stands before a run whose token premiums give languages their limits."""


def read(value: Any) -> tuple[Any, str]:
    """Return limits in their one spelling, and what is wrong with them; "" for nothing."""
    if not isinstance(value, str):
        number, fault = checks.typed(value, "int")
        return number, fault or checks.bounds_fault(number, 1, None)
    base, *others = (part.strip() for part in value.split(","))
    found: dict[str, str] = {}
    run = [part for part in others if part.startswith(PREMIUM)]
    for part in (part for part in others if part not in run):
        name, _, count = (side.strip() for side in part.partition("="))
        tag, fault = checks.tag(name)
        if fault or tag in found:
            return value, fault or f"got {value!r}, which has two limits of {tag}; leave one out."
        found[str(tag)] = count
    if not all(map(_COUNT.fullmatch, (base, *found.values()))):
        return value, f"got {value!r}, allowed is {_FORMS}."
    text = ",".join([base, *run, *(f"{tag}={count}" for tag, count in sorted(found.items()))])
    return text if others else int(base), ""


def limits(given: int | str) -> tuple[int, dict[str, int]]:
    """Return what limits say that are right: the one of all languages, and those of single ones."""
    base, *others = str(given).split(",")
    pairs = (other.split("=") for other in others if not other.startswith(PREMIUM))
    return int(base), {tag: int(count) for tag, count in pairs}
