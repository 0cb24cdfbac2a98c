"""Problems of the inputs, gathered so that all are reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from safeglot.errors import InputErrors
from safeglot.text.spelling import closest

SHOWN = 20
"""Problems that are listed; the rest are counted."""
NAMED = 5
"""Ids that one message names."""


@dataclass(slots=True, kw_only=True)
class Remedy:
    """What to add to a command line so that the same prompts are read; made by whoever finds a problem."""

    columns: dict[str, str] = field(default_factory=dict)
    read_as: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    """Flag -> what follows it; "" for nothing."""
    part: str = ""
    """What of a file to read, after its name."""
    recode: bool = False
    """Whether the file has first to be written in UTF-8."""
    by_model: bool = False
    """Whether the folders that the files are in seem to be those of models."""
    nowhere: set[str] = field(default_factory=set)
    """What no column can hold: it must stand in another file."""


class Unread(InputErrors):
    """Prompts that cannot be read as they are, and what would mend it."""

    def __init__(self, problems: Sequence[str], remedy: Remedy) -> None:
        self.remedy = remedy
        super().__init__(problems)


class Problems:
    """Collects problems of one input file, what would mend them, and notes."""

    def __init__(self, found: Sequence[str] = ()) -> None:
        self.found = list(found)
        self.remedy = Remedy()
        self.notes: dict[str, None] = {}

    def add(self, where: str, message: str) -> None:
        """Note one problem: where it is, then what was got and what to do."""
        self.found.append(f"{where}: {message}")

    def stop(self, known: int = 0) -> None:
        """Raise InputErrors with all that was found, if it is more than what was known."""
        if len(self.found) <= known:
            return
        more = len(self.found) - SHOWN
        shown = self.found[:SHOWN]
        raise Unread([*shown, f"and {more} more problems"] if more > 0 else shown, self.remedy)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return '; did you mean "x"?' or nothing."""
    near = closest(name, known)
    return f'; did you mean "{near}"?' if near else ""


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """Return the first names and the number of the others: `a, b, c and 7 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
