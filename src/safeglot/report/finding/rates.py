"""The unsafe rate of each language with its gap to the reference, as one record a language.

Report and terminal count unsafe answers: estimates of safety are turned round here, once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from safeglot.report.finding.qualifiers import shown_bounds
from safeglot.report.finding.shares import Verb
from safeglot.report.numbers.direction import unsafe, worse_by
from safeglot.report.numbers.interpretation import LIMIT, NO_EVIDENCE, is_interpretable, reading
from safeglot.report.numbers.percent import number, percent
from safeglot.report.page import NamedLanguage, PanelScope, macro_metric, of_average
from safeglot.types import Estimate

Reading: TypeAlias = Literal[
    "reference",
    "less safe",
    "safer",
    "not told apart",
    "not tested",
    "not interpreted",
    "no data",
    "other requests",
]
_READINGS: dict[str, Reading] = {
    "lower": "less safe",
    "higher": "safer",
    NO_EVIDENCE: "not told apart",
    "not interpreted": "not interpreted",
}
Lost: TypeAlias = Literal["", "invalid", "missing"]
KINDS: tuple[Lost, ...] = ("invalid", "missing")
MICRO, CORRECTED = "safety_micro", "safety_corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRate:
    """One language. All estimates are of unsafe answers: up is worse, a gap above zero is worse.

    `rate` is in the page's average, corrected by labels where `is_corrected`; None without data,
    and where `bounds` stand in its place. `micro` is pooled over all that was asked, by the judge.
    """

    language: NamedLanguage
    reading: Reading
    rate: Estimate | None
    micro: Estimate | None = None
    bounds: Estimate | None = None
    gap: Estimate | None = None
    is_corrected: bool = False
    lost: float | None = None
    """Share of its answers that cannot be used, or of its verdicts that are missing, where over 5%."""
    lost_kind: Lost = ""

    @property
    def why(self) -> str:
        """Why it is not interpreted: "7% of answers unusable"; "" where it is, or the reference is not."""
        if self.lost is None:
            return ""
        words = "answers unusable" if self.lost_kind == "invalid" else "verdicts missing"
        return f"{percent(self.lost, 0)}% of {words}"

    def told(self, verb: Verb) -> str:
        """Return the reading in the words of what the judge tells."""
        return {"less safe": verb.less, "safer": verb.more}.get(self.reading, self.reading)

    @property
    def middle(self) -> float:
        """The share that the row is sorted by: the rate, or the middle of its bounds; −1 without."""
        shown = self.rate or self.bounds
        if shown is None:
            return -1.0
        if shown.value is not None:
            return shown.value
        return -1.0 if shown.low is None or shown.high is None else (shown.low + shown.high) / 2


def language_rates(scope: PanelScope) -> tuple[LanguageRate, ...]:
    """Return a record for each language of the run, the least safe first."""
    by_labels = is_labelled(scope)
    rows = [
        _language_rate(scope, language, by_labels=by_labels) for language in scope.run.languages
    ]
    return tuple(sorted(rows, key=lambda row: -row.middle))


def is_labelled(scope: PanelScope) -> bool:
    """Return whether people's labels correct the rate of every language that has one."""
    rated = [
        language.tag
        for language in scope.run.languages
        if (rate := scope.get(macro_metric(scope.index), language.tag)) and rate.value is not None
    ]
    return bool(rated) and all(_has_value(corrected(scope, tag)) for tag in rated)


def corrected(scope: PanelScope, language: str) -> Estimate | None:
    """Return the safety of a language by people's labels; of all models where the run has but one."""
    return _by_labels(scope, CORRECTED, language)


def _by_labels(scope: PanelScope, metric: str, language: str) -> Estimate | None:
    own = of_average(scope, metric, macro_metric(scope.index), language)
    if own is not None or len(scope.run.models) > 1:
        return own
    names = (f"{metric}_macro", metric)
    pooled = (scope.index.get(name, None, judge=scope.judge, language=language) for name in names)
    return next((one for one in pooled if one is not None), None)


def _language_rate(scope: PanelScope, language: NamedLanguage, *, by_labels: bool) -> LanguageRate:
    tag, average = language.tag, macro_metric(scope.index)
    lost, kind = _lost(scope, tag, average)
    bounds = shown_bounds(scope, tag, average)
    if bounds is None and lost is not None:
        bounds = of_average(scope, "safety_bounds", average, tag)
    rate = corrected(scope, tag) if by_labels else scope.get(average, tag)
    gap = scope.get("gap", tag)
    told = _reading(scope, language, gap, by_labels=by_labels)
    if by_labels and gap is not None and is_interpretable(gap):
        gap = _corrected_gap(scope, tag, gap)
    has_rate = bounds is None and _has_value(rate)
    return LanguageRate(
        language=language,
        reading="no data" if told == "reference" and rate is None else told,
        rate=unsafe(rate) if has_rate else None,
        micro=unsafe(scope.get(MICRO, tag)),
        bounds=unsafe(bounds),
        gap=worse_by(gap),
        is_corrected=by_labels and has_rate,
        lost=lost,
        lost_kind=kind,
    )


def _lost(scope: PanelScope, language: str, average: str) -> tuple[float | None, Lost]:
    """Return the share of a language's answers or verdicts that is lost, where it is over the limit."""
    if shown_bounds(scope, language, average) is not None:
        invalid = of_average(scope, "invalid_rate", average, language)
        return None if invalid is None else invalid.value, "invalid"
    is_reference = language == scope.run.reference
    gaps = [
        scope.get("gap", o.tag) for o in scope.run.others() if is_reference or o.tag == language
    ]
    ending = "_reference" if is_reference else ""
    for kind in KINDS:
        shares = [number(gap, f"{kind}_share{ending}") for gap in gaps if gap is not None]
        over = [share for share in shares if share is not None and share > LIMIT]
        if over:
            return max(over), kind
    return None, ""


def _reading(
    scope: PanelScope, language: NamedLanguage, gap: Estimate | None, *, by_labels: bool
) -> Reading:
    """Return what may be said of a gap; by labels its corrected interval must leave out 0 as well."""
    if language.tag == scope.run.reference:
        return "reference"
    if gap is None:
        return "no data" if scope.get("gap_unpaired", language.tag) is None else "other requests"
    told = _READINGS.get(reading(gap), "not tested")
    if by_labels and told in ("less safe", "safer"):
        shown = _corrected_gap(scope, language.tag, gap)
        low, high = (0.0 if end is None else end for end in (shown.low, shown.high))
        holds = high < 0 if told == "less safe" else low > 0
        return told if holds else "not told apart"
    return told


def _corrected_gap(scope: PanelScope, language: str, gap: Estimate) -> Estimate:
    """Return the gap by labels, with what the judge's own gap tells of its test."""
    found = _by_labels(scope, "gap_corrected", language)
    if found is None or found.value is None:
        return replace(gap, value=None, low=None, high=None)
    return replace(found, extra={**gap.extra, **found.extra})


def _has_value(estimate: Estimate | None) -> bool:
    return estimate is not None and estimate.value is not None
