"""The address on the command line against those in a file: it wins or is refused, never ignored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from safeglot.backends.models.providers import providers
from safeglot.config.model_strings import ModelConfig, as_list
from safeglot.errors import UsageError

_STRING_OF = {"target": "model", "judge": "judge", "translator": "name", "quality": "name"}
"""Key of the configuration -> key of its tables that holds the model string."""
_FLAGS = {"base_url": ("target", "translator", "quality", "judge"), "judge_base_url": ("judge",)}
"""Flag -> the keys whose models it can move."""


def moved(table: Mapping[str, Any], flags: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return a stored run's table with its models at the addresses on the command line.

    A flag moves the models that are where the same setting put them when the run was begun, or
    all where all are at one address. Raises: UsageError where it would be a guess which it moves.
    """
    new = {key: [dict(e) if isinstance(e, dict) else e for e in as_list(v)]
           for key, v in table.items() if key in _STRING_OF}  # fmt: skip
    entries = [
        (key, entry)
        for key in _STRING_OF
        if key not in flags
        for entry in new.get(key, ())
        if isinstance(entry, dict) and _address(key, entry)
    ]
    for flag, keys in _FLAGS.items():
        if not flags.get(flag) or any(key in flags for key in keys):
            continue  # it is the address of the models that the command line names
        mine = [(k, e) for k, e in entries if k in keys]
        if flag == "base_url" and (flags.get("judge_base_url") or table.get("judge_base_url")):
            mine = [(k, e) for k, e in mine if k != "judge"]
        for _, entry in _to_move(mine, _bare(table.get(flag)), flag, where):
            given = as_list(flags[flag])
            entry["base_url"] = given[0] if len(given) == 1 else list(given)
    return {**table, **new}


def _to_move(
    entries: Sequence[tuple[str, dict[str, Any]]], old: frozenset[str], flag: str, where: str
) -> Sequence[tuple[str, dict[str, Any]]]:
    put_there = [(k, e) for k, e in entries if old and _bare(e.get("base_url")) == old]
    if put_there:
        return put_there
    if len({_address(k, e) for k, e in entries}) <= 1:
        return entries
    at = "; ".join(f"{e[_STRING_OF[k]]} at {_told(_address(k, e))}" for k, e in entries)
    raise UsageError(
        f"--{flag.replace('_', '-')}: the models of this run are asked at several addresses ({at}), "
        f"and one for all would be a guess. Write base_url beside the model in {where}, and leave "
        "the flag out."
    )


def check_taken(
    models: Mapping[str, Sequence[ModelConfig]], flags: Mapping[str, Any], where: str
) -> None:
    """Check that an address on the command line is that of some model of a file. Raises: UsageError."""
    for flag, keys in _FLAGS.items():
        urls = _bare(flags.get(flag))
        served = [m for key in keys for m in models.get(key, ()) if m.base_url]
        if urls and served and not any(_bare(m.addresses) == urls for m in served):
            at = "; ".join(f"{m.model} at {_told(m.addresses)}" for m in served)
            raise UsageError(
                f"--{flag.replace('_', '-')}: no model takes it, since each has an address of its "
                f"own in {where} ({at}). Change base_url there, or leave the flag out."
            )


def _address(key: str, entry: Mapping[str, Any]) -> frozenset[str]:
    """Return where a table's model is asked; empty for one that is asked nowhere."""
    model = str(entry.get(_STRING_OF[key], ""))
    for part in _ends(model):
        provider = providers().get(part.partition("/")[0])
        if provider is not None:
            return _bare(entry.get("base_url")) or _bare(provider.base_url)
    return frozenset()


def _ends(text: str) -> Iterator[str]:
    """Yield a text and what follows its first equals sign."""
    yield text
    yield text.partition("=")[2]


def _bare(given: Any) -> frozenset[str]:
    """Return an address, or several, without slashes at the end; what is none is left out."""
    return frozenset(url.rstrip("/") for url in as_list(given) if isinstance(url, str))


def _told(addresses: Iterable[str]) -> str:
    return ", ".join(sorted(addresses))
