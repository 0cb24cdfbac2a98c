"""The settings of one model in the TOML: read, checked, and written back."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from safeglot.config import checks, token_limits
from safeglot.types import ModelSettings

KEYS: Mapping[str, tuple[str, float | None, float | None]] = {
    "max_tokens": ("int | str", None, None),
    "thought_tokens": ("int", 0, None),
    "temperature": ("float", 0, 5),
    "top_p": ("float", 1e-6, 1),
    "logprobs": ("int", 0, 20),
    "seed": ("int", 0, None),
    "system_as_user": ("bool", None, None),
    "extra": ("table", None, None),
}
"""Key -> type, and the bounds of a number."""
OR_NONE = frozenset({"temperature", "top_p", "logprobs", "seed"})
"""Keys that take "none": nothing is sent."""
RESERVED: Mapping[str, str] = {
    "model": "the model is what stands behind the provider",
    "messages": "safeglot writes what is asked",
    "prompt": "safeglot writes what is asked",
    "n": "samples asks for several answers",
    "stream": "safeglot reads whole replies",
    "max_tokens": "it is a key of its own: max_tokens",
    "max_completion_tokens": "max_tokens is the key; the server's name of it is found by itself",
    "temperature": "it is a key of its own: temperature",
    "top_p": "it is a key of its own: top_p",
    "logprobs": "it is a key of its own: logprobs",
    "top_logprobs": "logprobs is the key",
    "seed": "it is a key of its own: seed",
    "random_seed": "seed is the key",
}
"""Fields of the body that `extra` must not set, and why: a run would not be what its record says."""


def read(key: str, value: Any) -> tuple[Any, list[str]]:
    """Return the value of one of the keys, None where it is wrong, and what is wrong with it."""
    kind, least, most = KEYS[key]
    if kind == "table":
        faults = extra_faults(value)
        return ({} if faults else _copied(value)), faults
    if key in OR_NONE and value == "none":
        return "none", []
    if key == "max_tokens":
        checked, fault = token_limits.read(value)
    else:
        checked, fault = checks.typed(value, kind)
        fault = fault or checks.bounds_fault(checked, least, most)
    if fault and key in OR_NONE:
        fault = f'{fault.removesuffix(".")}, or "none" to send nothing.'
    return (None if fault else checked), [fault] if fault else []


def extra_faults(value: Any) -> list[str]:
    """Return what is wrong with a table of further fields of the body."""
    if not isinstance(value, Mapping):
        example = "extra = { chat_template_kwargs = { enable_thinking = false } }"
        return [f"got {value!r}, allowed is a table, as in {example}."]
    faults = [
        f"got {name!r}, which extra must not set ({RESERVED[name.strip().lower()]}). Take it out."
        for name in value
        if name.strip().lower() in RESERVED
    ]
    if (what := _not_json(value)) is not None:
        faults.append(
            f"got {what!r}, which JSON has no form for; allowed are texts, finite numbers, true, "
            "false, lists and tables of these."
        )
    return faults


def _not_json(value: Any) -> Any:
    """Return the first value within that JSON cannot hold, None where there is none."""
    if isinstance(value, Mapping | list | tuple):
        within = value.values() if isinstance(value, Mapping) else value
        names = value if isinstance(value, Mapping) else ()
        parts = (*names, *within)
        return next((bad for part in parts if (bad := _not_json(part)) is not None), None)
    if isinstance(value, str):
        return value if checks.text_fault(value) else None
    if isinstance(value, bool | int):
        return None
    return None if isinstance(value, float) and math.isfinite(value) else value


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(part) for name, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list | tuple) else value


def table_of(settings: ModelSettings) -> dict[str, Any]:
    """Return the settings that were given as entries of the model's table."""
    pairs = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    return {k: v for k, v in pairs.items() if v is not None and v != {}}


def line_of(settings: ModelSettings) -> str:
    """Return the settings that were given as one line for the report and messages."""
    return ", ".join(f"{k}={_shown(v)}" for k, v in table_of(settings).items())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}={_shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
