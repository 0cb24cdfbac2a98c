"""Facts on models: family, size, tuning, base model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safeglot.errors import InputErrors, UsageError
from safeglot.experiments.field import Field
from safeglot.experiments.malert import name_in, published
from safeglot.experiments.rows import FactRow, check_columns, number_of, read_rows

_COLUMNS = ("model", "family", "params_b", "instruct")
COVARIATES = ("training_tokens_b", "release_year", "alignment")
"""Columns that may be given of what goes with size."""
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A model's family, its size in billions of parameters, and whether it is tuned to instructions.

    `numbers` are those of its covariates that are known, by what they are called in a table;
    `alignment` are words such as dpo, None where nothing is said of it.
    """

    family: str
    params_b: float
    instruct: bool
    base: str | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    alignment: frozenset[str] | None = None

    @property
    def kind(self) -> str:
        """What tables call it: base or instruct."""
        return "instruct" if self.instruct else "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSafety:
    """A model with its safety and facts; `n` is how many answers the safety is worth."""

    name: str
    fact: Fact
    safety: float
    n: float
    span: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGroup:
    """Models that can be compared: of runs, by one judge, or published."""

    of: str
    models: tuple[ModelSafety, ...]
    field: Field | None
    level: float
    notes: tuple[str, ...]


def facts_of(models: Sequence[str], file: Path | None) -> dict[str, Fact]:
    """Return the facts of each model: from the file, else from the packaged table of M-ALERT's.

    Raises: InputErrors for what is wrong in the file, and for models without facts, by name.
    """
    given = {} if file is None else _read(file)
    known = {name: Fact(**row) for name, row in published().facts.items()}
    facts: dict[str, Fact] = {}
    for model in models:
        # a model that several runs have is told with its run behind it
        name = re.sub(r" \([^()]*\)$", "", model)
        own, table = name_in(given, name), name_in(known, name)
        fact = given.get(name) or (given[own] if own else known[table] if table else None)
        if fact is not None:
            facts[model] = fact
    lacking = [model for model in models if model not in facts]
    if lacking:
        raise UsageError(
            f"nothing is known of {', '.join(lacking)}. Give --models FILE.csv with the columns "
            f"{','.join(_COLUMNS)} (and base, the name of an instruct model's base model), one row "
            f"a model, such as: {lacking[0].rsplit('/', 1)[-1]},FAMILY,7,true"
        )
    return facts


def _read(file: Path) -> dict[str, Fact]:
    rows = read_rows(file, flag="--models", key="model")
    check_columns(rows, _COLUMNS, (*_COLUMNS, "base", *COVARIATES), flag="--models")
    wrong: list[str] = []
    facts: dict[str, Fact] = {}
    for row in rows:
        fault, fact = _fact(row)
        wrong += fault
        name = row.fields.get("model", "")
        if name in facts:
            wrong.append(f"--models: {row.where}: {name} is given twice. Keep one row.")
        if fact is not None:
            facts[name] = fact
    if wrong:
        raise InputErrors(wrong)
    return facts


def _fact(row: FactRow) -> tuple[list[str], Fact | None]:
    fields, wrong = row.fields, []
    numbers: dict[str, float] = {}
    for name in ("params_b", *COVARIATES[:2]):
        text = fields.get(name, "")
        value = number_of(text)
        if value is not None and value > 0:
            numbers[name] = value
        elif text or name == "params_b":
            unit = ", in billions" if name.endswith("_b") else ""
            wrong.append(f"--models: {row.where}: {name} is {text!r}; give a number above 0{unit}.")
    if (tuned := _TRUTH.get((said := fields.get("instruct", "")).lower())) is None:
        wrong.append(f"--models: {row.where}: instruct is {said!r}; allowed are true and false.")
    wrong += [
        f"--models: {row.where}: {name} is empty; give one."
        for name in ("model", "family")
        if not fields.get(name)
    ]
    if wrong or tuned is None:
        return wrong, None
    words = re.findall(r"[\w-]+", fields.get("alignment", "").lower())
    size, tokens = numbers.pop("params_b"), numbers.pop("training_tokens_b", None)
    more = {} if tokens is None else {"log10 training tokens": math.log10(tokens)}
    return [], Fact(
        family=fields["family"],
        params_b=size,
        instruct=tuned,
        base=fields.get("base") or None,
        numbers=more | {name.replace("_", " "): value for name, value in numbers.items()},
        alignment=frozenset(words) - {"none"} if words else None,
    )


def pairs_of(facts: Mapping[str, Fact]) -> list[tuple[str, str]]:
    """Return (instruct, base) pairs: by the base that is named, else the one base of family and size.

    Raises: UsageError where two models could be the base of one.
    """
    bases = {name: fact for name, fact in facts.items() if not fact.instruct}
    pairs = []
    for name, fact in facts.items():
        if not fact.instruct:
            continue
        base = _base_of(name, fact, bases)
        if base is not None:
            pairs.append((name, base))
    return pairs


def _base_of(name: str, fact: Fact, bases: Mapping[str, Fact]) -> str | None:
    if fact.base is not None:
        return fact.base if fact.base in bases else name_in_full(bases, fact.base)
    alike = [
        base
        for base, other in bases.items()
        if (other.family, other.params_b) == (fact.family, fact.params_b)
    ]
    if len(alike) > 1:
        raise UsageError(
            f"--models: {name} has the family and size of {' and '.join(alike)}. Name its base "
            "model in a column base."
        )
    return alike[0] if alike else None


def name_in_full(names: Mapping[str, Any], short: str) -> str | None:
    """Return the full name whose last part is a short one."""
    last = short.rsplit("/", 1)[-1].casefold()
    return next((name for name in names if name.rsplit("/", 1)[-1].casefold() == last), None)
