"""JSON objects as frozen records: parsed once against the types of the fields, written back whole."""

from __future__ import annotations

import contextlib
import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

_NAMES: Mapping[Any, str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false",
}  # fmt: skip
ALLOWED = "allowed"
"""Key of the metadata with what a number, or each one below, may be: the least and the most."""
_MOST = 2.0**63
OPTIONAL: Mapping[str, Any] = {"optional": True}
"""Metadata of a field that is not written while it is None or empty."""
_CONTAINERS: Mapping[Any, str] = {dict: "an object", list: "a list"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A JSON object. A field with a default may be absent.

    The metadata of a field say whether it is OPTIONAL, and its "key" where that is not its name.
    """

    written: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The object as it was read: keys that are no field, and the order of all, outlive a rewrite."""


R = TypeVar("R", bound=Record)


class Misfit(ValueError):
    """A value that its field cannot hold; `path` are the keys that lead to it."""

    def __init__(self, fault: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(": ".join(([".".join(path)] if path else []) + [fault]))
        self.fault, self.path = fault, path


def read_record(kind: type[R], value: Any) -> R:
    """Return the record that a parsed JSON object holds. Raises: Misfit naming the key."""
    table = _checked(dict, value, "an object")
    given: dict[str, Any] = {"written": table}
    for spec, hint in _fields(kind):
        key = _key(spec)
        if key not in table:
            if spec.default is MISSING and spec.default_factory is MISSING:
                raise Misfit("is missing", (key,))
            continue
        with _at(key):
            given[spec.name] = _value(hint, table[key])
            _check_bounds(given[spec.name], spec.metadata.get(ALLOWED, (-_MOST, _MOST)))
    return kind(**given)


@contextlib.contextmanager
def _at(key: str) -> Iterator[None]:
    """Run what checks the value under a key. Raises: Misfit with the key."""
    try:
        yield
    except Misfit as error:
        raise Misfit(error.fault, (key, *error.path)) from None


def between(least: float, most: float = _MOST) -> Mapping[str, Any]:
    """Return the metadata of a field whose numbers lie there; any table's do within 64 bits."""
    return {ALLOWED: (least, most)}


def _check_bounds(value: Any, allowed: tuple[float, float]) -> None:
    """Check a number, or all in tables and lists; those in records have bounds of their own. Raises: Misfit."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            with _at(key):
                _check_bounds(below, allowed)
    elif isinstance(value, tuple):
        for below in value:
            _check_bounds(below, allowed)
    elif isinstance(value, (int, float)) and not allowed[0] <= value <= allowed[1]:
        top = "" if allowed[1] == _MOST else f" and at most {allowed[1]:g}"
        raise Misfit(f"got {value!r:.40}, allowed is at least {allowed[0]:g}{top}")


def table_of(record: Record) -> dict[str, Any]:
    """Return the JSON object of a record, with what else stood in the one that was read."""
    table = dict(record.written)
    for spec, _ in _fields(type(record)):
        value = getattr(record, spec.name)
        if _left_out(spec, value):
            table.pop(_key(spec), None)
        else:
            table[_key(spec)] = _plain(value)
    return table


def _fields(kind: type[Record]) -> list[tuple[Field[Any], Any]]:
    hints = get_type_hints(kind)
    return [(spec, hints[spec.name]) for spec in fields(kind) if spec.name != "written"]


def _key(spec: Field[Any]) -> str:
    return str(spec.metadata.get("key", spec.name))


def _left_out(spec: Field[Any], value: Any) -> bool:
    return "optional" in spec.metadata and (value is None or value in ("", {}))


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return table_of(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _value(hint: Any, value: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return _either(arguments, value)
    if origin is tuple:
        return _items(arguments, value)
    if origin is not None:  # Mapping[str, X]
        table = _checked(dict, value, "an object")
        return {key: _below(key, arguments[1], item) for key, item in table.items()}
    if issubclass(hint, Record):
        return read_record(hint, value)
    return _checked((int, float) if hint is float else hint, value, _NAMES[hint])


def _either(hints: tuple[Any, ...], value: Any) -> Any:
    if value is None and types.NoneType in hints:
        return None
    kinds = [hint for hint in hints if hint is not types.NoneType]
    tables = [hint for hint in kinds if get_origin(hint) is Mapping]
    return _value(tables[0] if tables and isinstance(value, dict) else kinds[0], value)


def _items(hints: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    items = _checked(list, value, "a list")
    if hints[-1] is Ellipsis:
        hints = (hints[0],) * len(items)
    if len(items) != len(hints):
        raise Misfit(f"got {len(items)} items, allowed are {len(hints)}")
    return tuple(_below(str(i), *pair) for i, pair in enumerate(zip(hints, items, strict=True)))


def _below(key: str, hint: Any, value: Any) -> Any:
    with _at(key):
        return _value(hint, value)


def _checked(kinds: Any, value: Any, name: str) -> Any:
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        shown = _CONTAINERS.get(type(value)) or json.dumps(value, ensure_ascii=False)[:40]
        raise Misfit(f"got {shown}, allowed is {name}")
    return value
