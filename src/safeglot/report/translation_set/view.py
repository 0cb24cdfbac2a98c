"""The records that the page of a translation set shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from safeglot.report.page import NamedLanguage
from safeglot.types import OUTCOMES, CandidateRow

BINS = 20
"""Steps of a histogram, from the worst to the best end of an estimator's scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSpread:
    """Mean and standard deviation of n texts; `sd` is None for a single one."""

    mean: float
    sd: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Chosen texts by an estimator's value: kept and gated ones in each of the steps, in rising order."""

    kept: tuple[int, ...]
    gated: tuple[int, ...]
    low: float
    """Where the first step begins; values outside are counted in the first and the last step."""
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorView:
    """An estimator with the two ends of its scale, and why it does not cover a language."""

    name: str
    worst: float
    best: float
    proxy: bool
    screens: bool = False
    """Whether it gates by thresholds of its own, one a language."""
    uncovered: Mapping[str, str] = field(default_factory=dict)

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher estimate means a better text."""
        return self.best > self.worst


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageView:
    """How the prompts ended in one language."""

    language: NamedLanguage
    counts: Mapping[str, int]
    """kept, gated, failed -> prompts."""
    gated_by: Mapping[str, int] = field(default_factory=dict)
    """Estimator -> gated texts that miss its threshold."""
    failed_by: Mapping[str, int] = field(default_factory=dict)
    """Hard check -> failed prompts of which a candidate did not pass it."""
    asked: Mapping[str, int] = field(default_factory=dict)
    """Translator -> candidates."""
    passed: Mapping[str, int] = field(default_factory=dict)
    """Translator -> candidates that passed every hard check."""
    refused: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Translator -> hard check -> candidates that did not pass it."""
    chosen: Mapping[str, int] = field(default_factory=dict)
    """Translator -> texts kept."""
    quality: Mapping[str, MeanSpread] = field(default_factory=dict)
    """Estimator -> its values of the texts kept."""
    shape: Mapping[str, Histogram] = field(default_factory=dict)
    bounds: Mapping[str, float] = field(default_factory=dict)
    """Estimator -> threshold of the gate, on its own scale."""
    untested: tuple[str, ...] = ()
    """Estimators whose threshold nobody has measured in this language."""

    @property
    def total(self) -> int:
        """All prompts."""
        return sum(self.counts.values())

    @property
    def shares(self) -> Mapping[str, float]:
        """The share of each outcome in all prompts, 0 without any."""
        return {name: self.counts[name] / max(self.total, 1) for name in OUTCOMES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A number with its 95% interval, None where there is none; `why` says why there is no number."""

    number: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedView:
    """Ratings by people of the texts of one language that were kept, or gated."""

    language: str
    outcome: str
    drawn: int
    adequacy: Statistic
    """Mean from 1 to 5 over texts, each the mean of its raters."""
    sd: float | None
    preserved: Statistic
    """Share of texts of which the mean is 4 or more."""
    alpha: Statistic
    """Krippendorff's alpha of those that two or more people rated; n counts them."""
    correlation: Mapping[str, Statistic] = field(default_factory=dict)
    """Estimator -> rank correlation with the ratings, of kept and gated texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRow:
    """One prompt in one language, with everything that was offered for it."""

    prompt_id: str
    language: str
    kind: str
    categories: tuple[str, ...]
    source: str
    outcome: str
    translator: str
    reason: str
    candidates: tuple[CandidateRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationsView:
    """Everything that the page shows; `rows` are those of `n_shown` of the `n_prompts` prompts."""

    title: str
    reference: NamedLanguage
    languages: tuple[LanguageView, ...]
    translators: tuple[str, ...]
    estimators: tuple[EstimatorView, ...]
    n_prompts: int
    digest: str
    rated: tuple[RatedView, ...] = ()
    by_order: tuple[NamedLanguage, ...] = ()
    """Languages where no estimator ranks: the order of the translators chose."""
    notes: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[TextRow, ...] = ()
    n_shown: int = 0
