"""The languages that rows are in, by words of a column, each read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.cells import is_blank, is_spelling, known_language
from safeglot.prompts.reading.columns import cell_of
from safeglot.prompts.reading.tables import Row


class LanguageCells:
    """Reads a column of tags or names of languages, noting what is wrong with it."""

    def __init__(self, column: str | None, read_as: Mapping[str, str], problems: Problems) -> None:
        self._column, self._read_as, self._problems = column, read_as, problems
        self._tags: dict[str, str] = {}
        self._names: dict[str, str] = {}
        """Language -> the name by which it was first called."""

    def of(self, row: Row) -> str:
        """Return the tag of a row's language; "" with a problem noted where there is none."""
        cell = cell_of(row, self._column)
        tag = cell if isinstance(cell, str) else ""
        if tag not in self._tags:
            self._tags[tag] = self._known(tag, cell, row)
        elif not self._tags[tag] and is_blank(tag):
            self._known(tag, cell, row)
        return self._tags[tag]

    def is_blank(self, row: Row) -> bool:
        """Return whether a row says no language."""
        cell = cell_of(row, self._column)
        return is_blank(cell) and str(cell).strip().casefold() not in self._read_as

    def notes(self) -> Iterator[str]:
        """Yield which names were read as which tags."""
        named = [
            f"{name} {tag}"
            for tag, name in self._names.items()
            if name.casefold() != tag.casefold()
        ]
        if named:
            yield f"languages by name: {', '.join(named)}"

    def _known(self, tag: str, cell: object, row: Row) -> str:
        """Return the language of a word that stands in the place of one for the first time."""
        name = tag.strip()
        if found := self._read_as.get(name.casefold()):
            return found
        if is_blank(name):
            nan = (
                '; the language nan (Min Nan) is said by --read-as "nan=nan"'
                if name == "nan"
                else ""
            )
            self._problems.add(
                row.place, f"the language is {cell!r}; give its tag, such as en{nan}"
            )
            self._problems.remedy.flags["--allow-partial"] = ""
            return ""
        found = known_language(name, row.place, self._problems)
        first = self._names.setdefault(found, name)
        if (
            found
            and first.casefold() != name.casefold()
            and not is_spelling(first, found)
            and not is_spelling(name, found)
        ):
            self._problems.add(
                row.place,
                f'"{first}" and "{name}" are both read as {found}; say what each is: '
                f'--read-as "{first}={found},{name}=TAG"',
            )
            self._problems.remedy.read_as |= {first: found, name: found}
        return found
