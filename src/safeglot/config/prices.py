"""Prices of models from a table of the user's own; none are bundled, since makers change theirs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from safeglot.backends.files import rundir
from safeglot.config import checks
from safeglot.config.checks import read_toml
from safeglot.config.endpoints import with_models
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import InputErrors

VARIABLE = "SAFEGLOT_PRICES"
"""Environment variable with the path of a table for all commands."""
KEYS = ("usd_in", "usd_out")
_FORM = 'A table a model, as in ["openai/gpt-5-nano"] with usd_in = 0.05 and usd_out = 0.40'


def priced(config: Config) -> Config:
    """Return the configuration with the prices of its table; those beside a model go before.

    Raises: UsageError where the table cannot be read; InputErrors with all that is wrong in it.
    """
    named = config.prices or os.environ.get(VARIABLE, "").strip()
    if not named:
        return config
    path = Path(named).expanduser()
    table = checked(read_toml(rundir.read_text(path, _FORM), str(path)), str(path))

    def with_price(model: ModelConfig) -> ModelConfig:
        own = table.get(model.model, {})
        usd_in = own.get("usd_in") if model.usd_in is None else model.usd_in
        usd_out = own.get("usd_out") if model.usd_out is None else model.usd_out
        return replace(model, usd_in=usd_in, usd_out=usd_out)

    return with_models(config, with_price)


def checked(table: Mapping[str, Any], where: str) -> dict[str, dict[str, float]]:
    """Return model -> its prices, USD per million tokens. Raises: InputErrors."""
    problems: list[str] = []
    prices: dict[str, dict[str, float]] = {}
    for model, row in table.items():
        if not isinstance(row, dict):
            problems.append(f"{where}: {model}: got {row!r}. {_FORM}.")
            continue
        prices[model] = own = {}
        for key, value in row.items():
            fault = f"no such key.{checks.nearest(key, KEYS)} {_FORM}."
            if key in KEYS:
                own[key], fault = checks.typed(value, "float")
                fault = fault or checks.bounds_fault(own[key], 0, None)
            if fault:
                problems.append(f"{where}: {model}: {key}: {fault}")
    if problems:
        raise InputErrors(problems)
    return prices
