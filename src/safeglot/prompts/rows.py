"""Prompts and their texts in columns: records are made when they are asked for, and not kept."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar, overload

from safeglot.prompts.texts import TextStream
from safeglot.types import Kind, Prompt, Translation

T = TypeVar("T")


class Tags(NamedTuple):
    """What many prompts have alike."""

    categories: tuple[str, ...]
    kind: Kind


class Labelled(NamedTuple):
    """A prompt without its text."""

    id: str
    categories: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Labels:
    """Prompts without their texts, by place: `tags_at` goes into `tags`."""

    ids: Sequence[str]
    tags: Sequence[Tags]
    tags_at: Sequence[int]

    @classmethod
    def of(cls, prompts: Sequence[Prompt]) -> Labels:
        """Return the labels of prompts."""
        known: dict[Tags, int] = {}
        at = array("I", (known.setdefault(Tags(p.categories, p.kind), len(known)) for p in prompts))
        return cls([p.id for p in prompts], list(known), at)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, place: int) -> Labelled:
        return Labelled(self.ids[place], *self.tags[self.tags_at[place]])

    def __iter__(self) -> Iterator[Labelled]:
        for name, at in zip(self.ids, self.tags_at, strict=True):
            yield Labelled(name, *self.tags[at])

    def within(self, wanted: Collection[str] | None) -> Labels:
        """Return the same prompts with those of their categories that are wanted."""
        if wanted is None:
            return self
        tags = [
            Tags(tuple(c for c in own.categories if c in wanted), own.kind) for own in self.tags
        ]
        return replace(self, tags=tags)

    def take(self, rows: Sequence[int]) -> Labels:
        """Return the prompts in these places."""
        ids = [self.ids[row] for row in rows]
        return replace(self, ids=ids, tags_at=array("I", (self.tags_at[row] for row in rows)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptColumns:
    """Prompts by row: `texts_at` (prompt by prompt, its languages) has numbers of `texts`.

    The text of a Prompt itself is the one in `main`.
    """

    labels: Labels
    languages: tuple[str, ...]
    main: str
    source: str
    texts: TextStream
    texts_at: Sequence[int]
    own_at: Sequence[int]
    """The number of each prompt's text in `main`."""

    def own(self, row: int) -> tuple[str, int]:
        """Return the language and the number of a prompt's own text: the first it has where `main` lacks."""
        if (number := self.own_at[row]) >= 0:
            return self.main, number
        n = len(self.languages)
        held = zip(self.languages, self.texts_at[row * n : row * n + n], strict=True)
        return next((tag, number) for tag, number in held if number >= 0)

    def take(
        self, rows: Sequence[int], languages: tuple[str, ...], tags: Collection[str] | None
    ) -> PromptColumns:
        """Return these rows in these languages, of their categories those among the tags."""
        labels = self.labels.within(tags)
        is_whole = len(rows) == len(labels) and all(map(int.__eq__, rows, range(len(rows))))
        if languages == self.languages and is_whole:
            return replace(self, labels=labels)
        n = len(self.languages)
        places = [self.languages.index(tag) for tag in languages if tag in self.languages]
        return replace(
            self,
            labels=labels.take(rows),
            languages=languages,
            texts_at=array("q", (self.texts_at[row * n + i] for row in rows for i in places)),
            own_at=array("q", (self.own_at[row] for row in rows)),
        )


class _Records(Sequence[T]):
    """Records of columns; equal to any sequence of the same records."""

    def __init__(self, columns: PromptColumns) -> None:
        self.columns = columns

    def _record(self, i: int) -> T:
        raise NotImplementedError

    @overload
    def __getitem__(self, i: int) -> T: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[T]: ...
    def __getitem__(self, i: int | slice) -> T | Sequence[T]:
        places = range(len(self))[i]
        if isinstance(places, range):
            return tuple(map(self._record, places))
        return self._record(places)

    def __iter__(self) -> Iterator[T]:
        return map(self._record, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented
        return all(map(lambda a, b: bool(a == b), self, other))

    __hash__ = None  # type: ignore[assignment]


class PromptRows(_Records[Prompt]):
    """The prompts of columns."""

    def __len__(self) -> int:
        return len(self.columns.labels)

    def _record(self, i: int) -> Prompt:
        c = self.columns
        name, categories, kind = c.labels[i]
        language, number = c.own(i)
        return Prompt(
            id=name,
            text=c.texts[number],
            language=language,
            categories=categories,
            source=c.source,
            kind=kind,
        )


class TextRows(_Records[Translation]):
    """The texts of columns, prompt by prompt, each in the order of the languages."""

    def __len__(self) -> int:
        return len(self.columns.texts_at)

    def _record(self, i: int) -> Translation:
        c = self.columns
        row, language = divmod(i, len(c.languages))
        return Translation(
            prompt=c.labels.ids[row],
            language=c.languages[language],
            text=c.texts[c.texts_at[i]],
        )

    def of(self, row: int) -> Iterator[Translation]:
        """Yield the texts of a prompt."""
        n = len(self.columns.languages)
        yield from self[row * n : row * n + n]


class SparseTextRows(TextRows):
    """The same where a prompt may lack a language: those that are there."""

    def __init__(self, columns: PromptColumns) -> None:
        super().__init__(columns)
        self._there = array("Q", (i for i, n in enumerate(columns.texts_at) if n >= 0))

    def __len__(self) -> int:
        return len(self._there)

    def _record(self, i: int) -> Translation:
        return super()._record(self._there[i])

    def of(self, row: int) -> Iterator[Translation]:
        """Yield the texts that a prompt has."""
        n = len(self.columns.languages)
        for place in range(row * n, row * n + n):
            if self.columns.texts_at[place] >= 0:
                yield super()._record(place)
