"""results.json: every estimate, one a line, the same bytes for the same numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from safeglot.errors import UsageError
from safeglot.types import Estimate

SCHEMA = 1

_FIELDS = tuple(field.name for field in fields(Estimate))
_KINDS = {field.name: str(field.type) for field in fields(Estimate)}
_MOST = 2**63


def to_json(estimates: Sequence[Estimate], signature: str) -> str:
    """Return the text of results.json. Raises: ValueError for NaN and infinities."""
    rows = ",\n".join(_line(_row(estimate)) for estimate in estimates)
    body = f"\n{rows}\n" if rows else ""
    return f'{{"schema": {SCHEMA},\n"signature": {_line(signature)},\n"estimates": [{body}]}}\n'


def from_json(text: str) -> tuple[list[Estimate], str]:
    """Return the estimates and the signature that results.json holds. Raises: UsageError."""
    try:
        whole = json.loads(text)
    except RecursionError:
        raise UsageError(
            "results.json: nested too deeply; write it again with `safeglot score`"
        ) from None
    except json.JSONDecodeError as error:
        raise UsageError(
            f"results.json, line {error.lineno}: not JSON ({error.msg}); write it again with "
            "`safeglot score`"
        ) from None
    if not isinstance(whole, dict) or whole.get("schema") != SCHEMA:
        got = whole.get("schema") if isinstance(whole, dict) else type(whole).__name__
        raise UsageError(
            f"results.json: schema {got!r}; this version reads schema {SCHEMA}; write it again "
            "with `safeglot score`"
        )
    rows = whole.get("estimates", [])
    if not isinstance(rows, list):
        raise UsageError(
            "results.json: its estimates are no list; write it again with `safeglot score`"
        )
    return [_estimate(row, n) for n, row in enumerate(rows, 1)], str(whole.get("signature", ""))


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _row(estimate: Estimate) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(estimate, name) for name in _FIELDS}
    row["extra"] = {name: estimate.extra[name] for name in sorted(estimate.extra)}
    return row


def _estimate(row: Any, number: int) -> Estimate:
    known = set(_FIELDS)
    if not isinstance(row, Mapping) or set(row) != known:
        got = sorted(set(row) ^ known) if isinstance(row, Mapping) else type(row).__name__
        raise UsageError(
            f"results.json, estimate {number}: fields missing or unknown: {got}; allowed are "
            f"{', '.join(_FIELDS)}; write it again with `safeglot score`"
        )
    for name, kind in _KINDS.items():
        if not _is_of(row[name], kind):
            raise UsageError(
                f"results.json, estimate {number}: {name} is {_line_of(row[name])}, allowed is {kind}; "
                "write it again with `safeglot score`"
            )
    return Estimate(**row)


def _is_of(value: Any, kind: str) -> bool:
    if value is None:
        return kind.endswith("None")
    if kind.startswith("str"):
        return isinstance(value, str)
    if kind.startswith("Mapping"):
        return isinstance(value, dict)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if isinstance(value, int):
        return abs(value) < _MOST
    return math.isfinite(value) and not kind.startswith("int")


def _line_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:40]
