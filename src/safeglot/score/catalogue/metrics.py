"""Every metric: what it is, its formula and interval, and what proves it, as catalogue.toml says.

The reference page of the metrics is made from it, and the tests hold it against a whole run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from safeglot.score.catalogue.metric import Analysis, Metric
from safeglot.text.package_data import table

_TABLE = table("safeglot.score.catalogue", "catalogue.toml")

SOURCES: Mapping[str, str] = _TABLE["sources"]
"""Short name -> author, year, place: where formulas and intervals come from."""

ASSUMPTIONS: tuple[str, ...] = tuple(_TABLE["assumptions"])
"""What the split of a gap into causes takes for granted; reports print it with the numbers."""

SHARED: Mapping[str, str] = _TABLE["keys"]
"""What the keys of `extra` hold, but in a metric with words of its own."""


def _keys(extra: Sequence[str], words: dict[str, str]) -> Iterator[str]:
    """Yield the keys, each group's in its place; put the groups' own words into `words`."""
    for key in extra:
        if key.startswith("*"):
            yield from _keys(_TABLE["groups"][key[1:]], words)
            words |= _TABLE["words"].get(key[1:], {})
        else:
            yield key


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(held) if isinstance(held, list) else held for name, held in row.items()}


def _metric(row: dict[str, Any]) -> Metric:
    words: dict[str, str] = {}
    keys = tuple(_keys(row.get("extra", ()), words))
    return Metric(**_tuples(row) | {"extra": keys, "own": words | row.get("own", {})})


METRICS: tuple[Metric, ...] = tuple(map(_metric, _TABLE["metrics"]))
ANALYSES: tuple[Analysis, ...] = tuple(Analysis(**_tuples(row)) for row in _TABLE["analyses"])


def described(entry: Metric, key: str) -> str:
    """Return what a key of `extra` holds in one metric. Raises KeyError for a key without words."""
    return entry.own.get(key) or SHARED[key]


def metric(name: str) -> Metric:
    """Return the metric of an estimate. Raises KeyError for a name that no metric goes by."""
    for entry in METRICS:
        if any(fnmatchcase(name, pattern) for pattern in entry.names):
            return entry
    raise KeyError(name)
