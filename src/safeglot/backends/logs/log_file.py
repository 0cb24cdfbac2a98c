"""A log as a table: rows under our names where the log means the same, else under its own."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from safeglot.types import NO_SETTINGS, ModelSettings

OURS = {
    "id": ("prompt_id",),
    "language": ("language", "lang"),
    "category": ("category",),
    "kind": ("kind",),
}
"""Our names -> keys of a log's own fields that say the same of a prompt."""
DEPTH = 4
"""How deep tables within a row are taken apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One log: its rows, made anew each time that they are gone through, and what it says of all of them."""

    where: str
    path: Path
    records: Iterable[Mapping[str, object]]
    tool: str
    """The tool that wrote it, with its version where it says so."""
    settings: ModelSettings = NO_SETTINGS
    """How its answers were decoded, as far as it says so."""
    system: str | None = None
    """The system prompt, "" for none; None where it does not say."""
    verdict_like: tuple[str, ...] = ()
    """Columns that a verdict can be read from, for the note where none is named."""
    suffix: str = ".log"
    columns: tuple[str, ...] = ()
    grid: None = None
    said: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    part: str = ""

    def stream(self) -> BinaryIO:
        """Return nothing: its rows are in `records`."""
        return io.BytesIO()


@dataclass(frozen=True, slots=True)
class LogRows:
    """Rows that a function makes each time that they are gone through."""

    made: Callable[[], Iterator[Mapping[str, object]]] = field(repr=False)

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        return self.made()


def flat(prefix: str, value: object, depth: int = DEPTH) -> Iterator[tuple[str, object]]:
    """Yield the single values within a table under names with dots; lists stay as they are."""
    if isinstance(value, Mapping) and depth:
        for key, own in value.items():
            yield from flat(f"{prefix}.{key}" if prefix else str(key), own, depth - 1)
    elif value is not None and prefix:
        yield prefix, value


def ours(*tables: object) -> Iterator[tuple[str, object]]:
    """Yield what tables of a log say of a prompt under our names; of several the first."""
    for name, keys in OURS.items():
        said = (
            table[key]
            for table in tables
            if isinstance(table, Mapping)
            for key in keys
            if isinstance(table.get(key), str)
        )
        if (found := next(said, None)) is not None:
            yield name, found


def number(table: Mapping[str, Any], *keys: str) -> Any:
    """Return the number under the first of some keys that holds one; None for none."""
    found = (table.get(key) for key in keys)
    return next((n for n in found if isinstance(n, int | float) and not isinstance(n, bool)), None)


def settings_of(table: Mapping[str, Any], tokens: Sequence[str]) -> ModelSettings:
    """Return what a table says of decoding; `tokens` are its names for the most new tokens."""
    most, seed = number(table, *tokens), number(table, "seed")
    temperature, top_p = number(table, "temperature"), number(table, "top_p")
    return ModelSettings(
        max_tokens=int(most) if most and most >= 1 else None,
        temperature=float(temperature)
        if temperature is not None and 0 <= temperature <= 5
        else None,
        top_p=float(top_p) if top_p is not None and 0 < top_p <= 1 else None,
        seed=int(seed) if seed is not None and seed >= 0 else None,
    )


def asked(messages: object) -> tuple[str | None, str | None]:
    """Return what a chat asked, and its system prompt; None where it is no chat that can be told in one text.

    Of several turns all stand in the text, each under its role.
    """
    if not isinstance(messages, list) or not all(isinstance(m, Mapping) for m in messages):
        return None, None
    turns = [(str(m.get("role")), _text(m.get("content"))) for m in messages]
    system = "\n\n".join(text for role, text in turns if role == "system")
    rest = [(role, text) for role, text in turns if role != "system"]
    if len(rest) == 1:
        return rest[0][1], system
    return "\n\n".join(f"{role}: {text}" for role, text in rest) or None, system


def _text(content: object) -> str:
    if isinstance(content, list):
        parts = [p.get("text") for p in content if isinstance(p, Mapping)]
        return "\n".join(p for p in parts if isinstance(p, str))
    return content if isinstance(content, str) else ""
