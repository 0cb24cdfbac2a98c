"""Facts on models: family, size, tuning, base model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safeglot.errors import InputErrors, UsageError
from safeglot.experiments.malert import name_in, published
from safeglot.experiments.rows import FactRow, check_columns, number_of, read_rows

_COLUMNS = ("model", "family", "params_b", "instruct")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A model's family, its size in billions of parameters, and whether it is tuned to instructions."""

    family: str
    params_b: float
    instruct: bool
    base: str | None = None


def facts_of(models: Sequence[str], file: Path | None) -> dict[str, Fact]:
    """Return the facts of each model: from the file, else from the packaged table of M-ALERT's.

    Raises: InputErrors for what is wrong in the file, and for models without facts, by name.
    """
    given = {} if file is None else _read(file)
    known = {name: _packaged(row) for name, row in published().facts.items()}
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


def _packaged(row: Mapping[str, Any]) -> Fact:
    return Fact(
        family=row["family"],
        params_b=float(row["params_b"]),
        instruct=bool(row["instruct"]),
        base=row.get("base"),
    )


def _read(file: Path) -> dict[str, Fact]:
    rows = read_rows(file, flag="--models", key="model")
    check_columns(rows, _COLUMNS, (*_COLUMNS, "base"), flag="--models")
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
    size = number_of(fields.get("params_b", ""))
    if size is None or size <= 0:
        wrong.append(
            f"--models: {row.where}: params_b is {fields.get('params_b', '')!r}; give a number "
            "above 0, in billions."
        )
    tuned = _TRUTH.get(fields.get("instruct", "").lower())
    if tuned is None:
        wrong.append(
            f"--models: {row.where}: instruct is {fields.get('instruct', '')!r}; allowed are true "
            "and false."
        )
    wrong += [
        f"--models: {row.where}: {name} is empty; give one."
        for name in ("model", "family")
        if not fields.get(name)
    ]
    if wrong or size is None or tuned is None:
        return wrong, None
    base = fields.get("base") or None
    return [], Fact(family=fields["family"], params_b=size, instruct=tuned, base=base)


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
