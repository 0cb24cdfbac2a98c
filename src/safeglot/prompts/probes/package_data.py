"""Tables by language that come with safeglot, and which of their rows a tag has."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from safeglot.text import languages

PLACES = "places.json"
_SAME = {"nb": "no", "fil": "tl"}
"""Tags that name the language of another row."""


@lru_cache(maxsize=4)
def load(name: str) -> Mapping[str, Any]:
    """Return what frames.toml or places.json holds."""
    text = resources.files("safeglot.prompts.probes").joinpath(name).read_text(encoding="utf-8")
    data: Mapping[str, Any] = tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
    return data


def countries() -> Mapping[str, str]:
    """Return the countries that every language names, each with the language that it is held to speak."""
    known: Mapping[str, str] = load(PLACES)["countries"]
    return known


def row_of(tags: Iterable[str], tag: str) -> str | None:
    """Return the row that is in the language and script of a tag; its region does not matter."""
    known = {_key(row): row for row in tags}
    return known.get(_key(tag))


def _key(tag: str) -> tuple[str, str]:
    primary = languages.primary(tag)
    return _SAME.get(primary, primary), languages.lookup(tag).script
