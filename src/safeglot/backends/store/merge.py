"""The rows of another run's database joined to those of this one; their numbers are made anew.

The other file is read only. What both hold must be the same: nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from safeglot.backends.store.schema.scripts import named, statements
from safeglot.backends.store.schema.shape import address
from safeglot.backends.store.store import Store

_SHOWN = 3

_SQL = named(__package__, "merge.sql")

_LABELLED = "SELECT EXISTS(SELECT 1 FROM draws) OR EXISTS(SELECT 1 FROM labels)"


class Clash(NamedTuple):
    """What two runs hold that is not the same, and names of some."""

    what: str
    names: Sequence[str]
    n: int


def is_labelled(store: Store) -> bool:
    """Return whether answers of a run were drawn for labels, or have any; these are not joined."""
    return store.holds(_LABELLED)


def join(store: Store, path: Path) -> Clash | None:
    """Return None once the rows of a database, which was checked, are joined to a store; or a clash.

    Labels and their draws stay behind. After a clash the store is of no further use.
    """
    _run(store, "ATTACH ? AS other", address(path, read_only=True))
    for steps, names in (
        ((), ("the prompt", "the text", "the way to ask")),
        (("inputs", "numbers"), ("the answer", "the verdict")),
        (("rows",), ()),
    ):
        for statement in (s for step in steps for s in statements(_SQL[step])):
            _run(store, statement)
        for what in names:
            if found := [name for (name,) in store.rows(_SQL[what])]:
                return Clash(what, found[:_SHOWN], len(found))
    _run(store, "DETACH other")
    return None


def _run(store: Store, statement: str, *values: str) -> None:
    for _ in store.rows(statement, values):
        pass
