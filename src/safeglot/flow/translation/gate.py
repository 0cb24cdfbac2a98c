"""The quality gate of a translation set, as its settings give it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from safeglot.backends.files import rundir
from safeglot.errors import InputErrors, UsageError
from safeglot.text import languages
from safeglot.translate.choice.choice import Gate


def read_gate(given: str) -> Gate:
    """Return the gate that a number, "none", or a TOML file of thresholds stands for.

    Raises: UsageError, InputErrors.
    """
    if given.strip().lower() == "none":
        return Gate(threshold=None)
    try:
        number = float(given)
    except ValueError:
        return _gate_of(Path(given).expanduser())
    if not 0 <= number <= 1:
        raise UsageError(
            f"--gate: got {given}, allowed is a number from 0 to 1, none, or a TOML file."
        )
    return Gate(threshold=number)


def _gate_of(path: Path) -> Gate:
    hint = (
        "Give a number from 0 to 1, none, or a TOML file with default = 0.5 and a line or table "
        "for each language, as in sw = 0.4"
    )
    text = rundir.read_text(path, hint)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {error}. {hint}.") from None
    problems: list[str] = []
    bound_of: dict[str, float | Mapping[str, float] | None] = {}
    for key, value in table.items():
        where = f"{path}: {key}"
        if key == "default":
            bound_of[key] = _bound(value, where, problems)
        elif isinstance(value, dict):
            bounds = {n: _bound(bound, f"{where}.{n}", problems) for n, bound in value.items()}
            bound_of[_tag(key, path, problems)] = {n: b for n, b in bounds.items() if b is not None}
        else:
            bound_of[_tag(key, path, problems)] = _bound(value, where, problems)
    if problems:
        raise InputErrors(problems)
    default = bound_of.pop("default", None)
    return Gate(threshold=default if isinstance(default, float) else None, by_language=bound_of)


def _bound(value: Any, where: str, problems: list[str]) -> float | None:
    if value == "none":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        problems.append(f'{where}: got {value!r}, allowed is a number, or "none" for no gate.')
        return None
    return float(value)


def _tag(key: str, path: Path, problems: list[str]) -> str:
    try:
        return languages.canonical(key)
    except languages.UnknownLanguage as error:
        near = ", ".join(error.nearest)
        problems.append(f"{path}: unknown language tag {key!r}. Nearest: {near or 'none'}.")
        return key
