"""Norms as TOML files: read and checked, all that is wrong with them told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safeglot.backends.files import rundir
from safeglot.config import checks
from safeglot.errors import InputErrors, UsageError
from safeglot.judge.norms import Norms
from safeglot.prompts.taxonomy import Taxonomy

FORM = 'Give a TOML file that says what counts as unsafe, such as the line counts = ["crime"]'
_LISTS = ("counts", "leaves_out", "codes")
_KEYS = ("name", *_LISTS, "text")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_norms(places: Sequence[Path], taxonomy: Taxonomy) -> tuple[Norms, ...]:
    """Return the norms in files, and in the TOML files of folders, with the categories that count.

    Raises: UsageError where one cannot be read; InputErrors with all that is wrong in them.
    """
    files = [f for p in places for f in (sorted(p.glob("*.toml")) if p.is_dir() else [p])]
    if not files:
        raise UsageError(f"{', '.join(map(str, places))}: no file NAME.toml is in it. {FORM}.")
    found, problems = {}, []
    for file in files:
        table = checks.read_toml(rundir.read_text(file, FORM), str(file))
        norms, faults = norms_of({"name": file.stem, **table}, taxonomy)
        problems += [f"{file}: {fault}" for fault in faults]
        if norms.name in found:
            problems.append(f"{file}: {norms.name} is there twice; give one of them another name.")
        found[norms.name] = norms
    if problems:
        raise InputErrors(problems)
    return tuple(found.values())


def norms_of(table: Any, taxonomy: Taxonomy | None = None) -> tuple[Norms, list[str]]:
    """Return norms from their table, and what is wrong with it; without a taxonomy names are not looked up."""
    if not isinstance(table, Mapping):
        return Norms(name=""), [f"got {table!r}, allowed is a table. {FORM}."]
    faults = [
        f"{key}: no such key.{checks.nearest(key, _KEYS)}" for key in table if key not in _KEYS
    ]
    name, text = table.get("name"), table.get("text", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        faults.append(
            f"name: got {name!r}, allowed are letters, digits, dots and hyphens, as in AT."
        )
    if not isinstance(text, str) or checks.text_fault(text):
        faults.append(f"text: got {text!r}, allowed is a text in quotes.")
    given = {key: table.get(key, []) for key in _LISTS}
    for key, value in given.items():
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            faults.append(f"{key}: got {value!r}, allowed is a list of names in quotes.")
            given[key] = []
    ways = bool(given["counts"]) + ("leaves_out" in table)
    if ways > 1 or not (ways or text or given["codes"]):
        faults.append(f"give one of counts and leaves_out, or codes or a text alone. {FORM}.")
    if taxonomy is None and "leaves_out" in table:
        faults.append("leaves_out: is for a file of --norms; write counts here.")
    if taxonomy is not None:
        given |= {key: _categories(key, given[key], taxonomy, faults) for key in _LISTS[:2]}
        if "leaves_out" in table:
            given["counts"] = [c for c in taxonomy.categories if c not in given["leaves_out"]]
    lists = {key: tuple(given[key]) for key in ("counts", "codes")}
    return Norms(name=str(name), text=str(text).strip(), **lists), faults


def _categories(key: str, names: Sequence[str], taxonomy: Taxonomy, faults: list[str]) -> list[str]:
    """Return the categories that names mean, those of a macro category too, in the taxonomy's order."""
    known = (*dict.fromkeys(taxonomy.macro.values()), *taxonomy.categories)
    faults += [
        f"{key}: no category is called {n!r}.{checks.nearest(n, known)} Allowed: {', '.join(known)}."
        for n in names
        if n not in known
    ]
    return [c for c in taxonomy.categories if {c, taxonomy.macro.get(c)} & set(names)]
