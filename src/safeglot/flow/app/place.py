"""Where somebody labels or rates: a language, a person, and the items in the order of that one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from safeglot.backends.app.server import WebPage
from safeglot.backends.files.labels import csv_text
from safeglot.report.app.labelling import Picked
from safeglot.report.page import named_language

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPlace(Generic[Item]):
    """A place with what waits there; `said` gives what an item has, by the person."""

    language: str
    who: str
    here: Sequence[Item]
    """All that was drawn in the language."""
    queue: Sequence[Item]
    said: Callable[[Item], Mapping[str, object]]

    def path(self, **more: str) -> str:
        """Return the address of the page."""
        return f"label?{urlencode({'language': self.language, 'who': self.who, **more})}"

    @property
    def done(self) -> int:
        """How many items this one has said something of."""
        return sum(self.who in self.said(item) for item in self.queue)

    @property
    def next(self) -> Item | None:
        """The first item of which nothing is said."""
        return next((item for item in self.queue if self.who not in self.said(item)), None)

    @property
    def last(self) -> Item | None:
        """The one before it."""
        item = self.next
        at = len(self.queue) if item is None else self.queue.index(item)
        return self.queue[at - 1] if at else None


def language_and_person(
    query: str, tags: Sequence[str], first: str, people: Mapping[str, str]
) -> tuple[str, str]:
    """Return language and person of an address: the `first` language and the first person by default."""
    given = dict(parse_qsl(query))
    language, who = given.get("language", first), given.get("who", "1")
    return language if language in tags else first, who if who in people else "1"


def languages_picked(tags: Sequence[str], language: str) -> list[Picked]:
    """Return the picker of languages."""
    return people_picked({tag: named_language(tag).name for tag in tags}, language)


def people_picked(names: Mapping[str, str], who: str) -> list[Picked]:
    """Return a picker of values by their names."""
    return [Picked(value=value, name=name, chosen=value == who) for value, name in names.items()]


def csv_file(file: str, columns: Sequence[str], rows: Iterable[Iterable[str]]) -> WebPage:
    """Return rows as a CSV file that a spreadsheet opens, and of which it runs no cell."""
    return WebPage(text=csv_text(columns, rows), kind="text/csv", file=file)
