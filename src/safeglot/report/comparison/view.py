"""What the page of several models is made of: records with numbers, no text of the page.

All rates count safe answers, as published tables do: up is better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from safeglot.report.numbers.plane import Span
from safeglot.report.page import Run
from safeglot.types import Estimate

NOTHING: Span = (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedModel:
    """A model with the ranks that it may have; `best` and `worst` are None where it has none.

    `unusable` is the share of unusable answers that forbids a rank, None where nothing does. `gaps`
    are the safety of a language less that of the reference, by prompt.
    """

    name: str
    safe: Estimate
    best: int | None = None
    worst: int | None = None
    unusable: float | None = None
    bounds: Span = NOTHING
    usable: Span = NOTHING
    refused: Span = NOTHING
    labelled: Span = NOTHING
    by_language: Mapping[str, Estimate] = field(default_factory=dict)
    by_kind: Mapping[tuple[str, str], Estimate] = field(default_factory=dict)
    """(kind of harm, language) -> the share of safe answers."""
    gaps: Mapping[str, Estimate] = field(default_factory=dict)
    report: str = ""
    """The address of its run's report as seen from the page, "" where there is none."""

    @property
    def rank(self) -> str:
        """Its rank or range of ranks; "" without."""
        if self.best is None or self.worst is None:
            return ""
        return f"{self.best}" if self.best == self.worst else f"{self.best}\N{EN DASH}{self.worst}"

    @property
    def shown(self) -> Span:
        """Its safe answers; only bounds, without a value, where unusable answers forbid a rank."""
        if self.unusable is None:
            return self.safe.value, self.safe.low, self.safe.high
        return self.bounds

    @property
    def rates(self) -> Mapping[str, float]:
        """Language -> its share of safe answers, where there are two or more that may be compared."""
        known = {tag: e.value for tag, e in self.by_language.items() if e.value is not None}
        return known if self.unusable is None and len(known) > 1 else {}

    @property
    def weakest(self) -> str:
        """The language with the fewest safe answers, "" where none may be compared."""
        return min(self.rates, key=lambda tag: self.rates[tag], default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class NextModel:
    """By how much the first model is safer than the next, with its interval."""

    name: str
    value: float
    low: float | None
    high: float | None
    beyond_chance: bool
    paired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedModels:
    """All models by one judge, the safest first.

    `languages` are the tags that the average is of; `kinds` the kinds of harm, with their printed
    names; `pairs` how many differences of two were tested, `level` the level of ranks and intervals.
    """

    judge: str
    average: str
    languages: tuple[str, ...]
    level: float
    pairs: int
    models: tuple[PlacedModel, ...]
    kinds: Mapping[str, str] = field(default_factory=dict)
    following: NextModel | None = None
    notes: tuple[str, ...] = ()

    @property
    def ranked(self) -> tuple[PlacedModel, ...]:
        """The models that have a rank."""
        return tuple(model for model in self.models if model.best is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTable:
    """A published table: percent safe, or of answers alike, of each model; without intervals."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLayer:
    """Published rates that can be laid beside; `means` are over `languages`."""

    name: str
    source: str
    average: str
    languages: tuple[str, ...]
    means: tuple[tuple[str, float], ...]
    tables: tuple[PublishedTable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """The page: `run` names languages, models and judges, `boards` has one record a judge."""

    run: Run
    boards: tuple[JudgedModels, ...]
    published: PublishedLayer | None = None
