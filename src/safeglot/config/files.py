"""A configuration file, read under the flags of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safeglot.backends.files import datasets, rundir
from safeglot.config import registry
from safeglot.config.model_strings import Known
from safeglot.config.settings import Config, build, read_toml
from safeglot.errors import UsageError


def known() -> Known:
    """Return the names that a configuration may use."""
    judges = {family: registry.needs_model(family) for family in registry.judge_families()}
    return Known(
        providers=registry.model_providers(),
        judges=judges,
        translators=registry.TRANSLATORS,
        estimators=registry.ESTIMATORS,
    )


def configured(path: Path | None, flags: Mapping[str, Any]) -> Config:
    """Return the configuration of a TOML file, where there is one, under the flags. Raises: UsageError."""
    if path is None:
        return build({}, known=known(), flags=flags)
    hint = "Give a TOML file"
    if path.suffix.lower() in datasets.SUFFIXES:
        hint += f", or did you mean --prompts {path}?"
    elif (path / "run.toml").is_file():
        hint += f", such as {path / 'run.toml'}"
    if path.suffix.lower() in datasets.SUFFIXES or path.is_dir():
        raise UsageError(f"{path}: is no configuration. {hint.rstrip('.')}.".replace("?.", "?"))
    table = read_toml(rundir.read_text(path, hint), str(path))
    return build(table, known=known(), where=str(path), flags=flags)
