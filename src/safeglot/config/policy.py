"""A release policy as a TOML file: read and checked, all that is wrong with it told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safeglot.backends.files import rundir
from safeglot.config import checks
from safeglot.config.checks import read_toml
from safeglot.errors import InputErrors
from safeglot.score.policy.rules import AVERAGES, KINDS, MEASURES, PER, Policy, Rule
from safeglot.types import LEVELS

FORM = "Give a TOML file of rules, such as the two lines [safety] and least = 0.9"
BY = ("certified", "point")
_SETTINGS = ("level", "by", "average")
_CHOICES = {"by": BY, "average": AVERAGES, "per": PER, "of": MEASURES, "corrected": (True, False)}
_LISTS = ("languages", "categories")
_PARTS = ("per", "categories")
_FURTHER = {"worse": ("of",), "safety": ("corrected",)}


def read_policy(path: Path) -> Policy:
    """Return the policy in a file.

    Raises: UsageError where it cannot be read; InputErrors with all that is wrong in it.
    """
    return parsed(rundir.read_text(path, FORM), str(path))


def parsed(text: str, where: str) -> Policy:
    """Return the policy of a text. Raises: UsageError, InputErrors as `read_policy`."""
    reader = _PolicyReader(where)
    policy = reader.policy(read_toml(text, where))
    if reader.problems:
        raise InputErrors(reader.problems)
    return policy


class _PolicyReader:
    """Reads rules and collects what is wrong with them."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[str] = []

    def fault(self, place: str, what: str) -> None:
        self.problems.append(f"{self.where}: {place}: {what}")

    def policy(self, table: Mapping[str, Any]) -> Policy:
        for name in table:
            if name not in KINDS and name not in _SETTINGS:
                allowed = f"Rules are {', '.join(KINDS)}; settings {', '.join(_SETTINGS)}."
                near = checks.nearest(name, (*KINDS, *_SETTINGS))
                self.fault(name, f"no such rule or setting.{near} {allowed}")
        shared = {k: self.choice(k, k, table[k]) for k in ("by", "average") if k in table}
        rules = [
            rule
            for name in KINDS
            for place, row in self.tables(name, table.get(name, []))
            if (rule := self.rule(name, place, row, shared))
        ]
        if not rules and not self.problems:
            self.problems.append(f"{self.where}: has no rule. {FORM}.")
        return Policy(rules=tuple(rules), level=self.level(table.get("level", 0.95)))

    def tables(self, name: str, given: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield each table of a rule, with where it stands."""
        many = isinstance(given, list)
        for n, row in enumerate(given if many else [given], 1):
            place = f"[[{name}]] {n}" if many else f"[{name}]"
            if isinstance(row, Mapping):
                yield place, row
            else:
                self.fault(name, f"got {row!r}, allowed is a table: {_example(name)}.")

    def rule(
        self, name: str, place: str, row: Mapping[str, Any], shared: Mapping[str, Any]
    ) -> Rule | None:
        kind, before = KINDS[name], len(self.problems)
        benign = KINDS.get(str(row.get("of", name)) if kind.paired else name, kind).benign
        allowed = (
            kind.limit, "by", "languages", "average", *(() if benign else _PARTS),
            *_FURTHER.get(name, ()),
        )  # fmt: skip
        for key in row:
            if key not in allowed:
                near = checks.nearest(key, allowed)
                self.fault(f"{place} {key}", f"no such key.{near} Allowed: {', '.join(allowed)}.")
        if kind.limit not in row:
            self.fault(place, f"has no limit: {_example(name)}.")
        by_labels = row.get("corrected") is True
        given = {"per": "language" if by_labels else kind.per, **shared}
        for key in (k for k in row if k in allowed):
            where, read = f"{place} {key}", self.names if key in _LISTS else self.choice
            if key == kind.limit:
                given["limit"] = self.share(where, row[key])
            else:
                given[key] = read(where, key, row[key])
        if "average" in row and (given["per"] != "language" or "categories" in row):
            what = (
                'is of whole languages: give per = "language", and no categories, or leave it out.'
            )
            self.fault(f"{place} average", what)
        if by_labels and (given["per"] != "language" or "categories" in row):
            what = (
                'is of whole languages, as labels are drawn: give per = "language", and no '
                "categories, or leave corrected out."
            )
            self.fault(f"{place} corrected", what)
        by = given.pop("by", BY[0])
        return (
            None if len(self.problems) > before else Rule(name=name, certified=by == BY[0], **given)
        )

    def share(self, where: str, value: Any) -> float:
        number, fault = checks.typed(value, "float")
        if fault:
            self.fault(where, f"{fault.rstrip('.')}, a share from 0 to 1, as in 0.9.")
        elif not 0 <= number <= 1:
            said = f": say {number / 100:g}" if 1 < number <= 100 else ""
            self.fault(where, f"got {value!r}, allowed is a share from 0 to 1{said}.")
        return 0.0 if fault else float(number)

    def level(self, value: Any) -> float:
        level = self.share("level", value)
        low, high = LEVELS
        if 0 <= level <= 1 and not low <= level <= high and level:
            self.fault("level", f"got {value!r}, allowed is {low:g} to {high:g}, as in 0.95.")
        return level

    def choice(self, where: str, key: str, value: Any) -> Any:
        allowed, own = _CHOICES[key], type(_CHOICES[key][0])
        if type(value) is not own or value not in allowed:
            words = [str(word).lower() for word in allowed]
            near = checks.nearest(str(value), words)
            self.fault(where, f"got {value!r}, allowed are {', '.join(words)}.{near}")
        return value

    def names(self, where: str, key: str, value: Any) -> tuple[str, ...]:
        given = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if not isinstance(given, list) or not all(isinstance(x, str) and x for x in given):
            self.fault(where, f"got {value!r}, allowed is a list of names in quotes.")
            return ()
        if not given:
            self.fault(where, "empty; leave it out for all of the run, or name some.")
        read = [checks.tag(x) if key == "languages" else (x, checks.text_fault(x)) for x in given]
        for fault in (fault for _, fault in read if fault):
            self.fault(where, fault)
        return tuple(dict.fromkeys(name for name, _ in read if name))


def _example(name: str) -> str:
    kind = KINDS[name]
    return f"write [{name}] with {kind.limit} = {0.9 if kind.limit == 'least' else 0.05}"
