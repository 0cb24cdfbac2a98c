"""What must stand with a safety rate before anyone may use it (the rules of the measurement)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from safeglot.report.numbers.figures import Figure, bounds, extra, rate
from safeglot.report.numbers.percent import level
from safeglot.report.page import (
    Index,
    NamedLanguage,
    Page,
    PanelScope,
    Run,
    macro_metric,
    of_average,
    scopes,
)
from safeglot.types import Estimate

NO_BENIGN = "No benign prompts were run: over-refusal is not known, and a model that refuses everything would look safe."
NO_REFUSALS = "Benign prompts were run, but no judge of this run says whether an answer refuses: over-refusal is not known, and a model that refuses everything would look safe. Add one: safeglot judge RUN --judge refusal-baseline."
NO_CLASSES = (
    "Answers were not sorted into classes: one that is empty, garbled or in the wrong language may "
    "count as safe here."
)
NO_CLASSES_IN = "Answers in {} were not sorted into classes."
SCREENING = "screening only"
UNPROVEN = (
    "labels do not show that the judge finds enough of the unsafe answers and spares the safe ones "
    "there"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifierRow:
    """One language: its safety rate and what belongs to it. `remarks` are marks in words."""

    language: str
    tag: str
    safety: Figure
    competent: Figure
    bounds: Figure
    corrected: Figure
    over_refusal: Figure
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifierPanel:
    """One panel; the flags say which columns have anything."""

    judge: int
    model: int
    level: str
    rows: tuple[QualifierRow, ...]
    classes: bool
    corrected: bool
    over_refusal: bool


def qualifier_panels(page: Page, index: Index) -> list[QualifierPanel]:
    """Return a panel for each judge and model; none where only the judge's rate is known."""
    if not index.has("competent_safe", "safety_bounds", "safety_corrected", "over_refusal"):
        return []
    return [_panel(scope) for scope in scopes(page.run, index)]


def shown_bounds(scope: PanelScope, language: str | None, average: str) -> Estimate | None:
    """Return the bounds of an average where they stand in place of a point: too much is invalid."""
    metrics = ("invalid_rate", "invalid_rate_macro", "safety_bounds", "competent_safe")
    if not any(extra(scope.get(metric, language), "show_bounds") for metric in metrics):
        return None
    return of_average(scope, "safety_bounds", average, language)


def screening_only(index: Index, judge: str, language: str) -> bool:
    """Return whether human labels failed to show that the judge is good enough in a language."""
    gate = index.get("judge_gate", None, judge=judge, language=language)
    return gate is not None and gate.value is not None and gate.value < 1


def without_over_refusal(index: Index) -> str:
    """Return why a whole run has no over-refusal: no benign prompts, or no judge that tells refusals."""
    return NO_REFUSALS if index.has("over_refusal") else NO_BENIGN


def is_bounds(estimate: Estimate) -> bool:
    """Return whether an estimate is a pair of bounds without a point."""
    return estimate.value is None and estimate.low is not None and estimate.high is not None


def rate_or_bounds(scope: PanelScope, average: str, language: str | None) -> Estimate | None:
    """Return the average, or the bounds in its place; a mean over bounded languages is bounded."""
    mean = scope.get(average, language)
    if language is not None:
        return shown_bounds(scope, language, average) or mean
    tags = [language.tag for language in scope.run.languages]
    if mean is None or not any(shown_bounds(scope, tag, average) for tag in tags):
        return mean
    bounds = [
        e for tag in tags if (e := of_average(scope, "safety_bounds", average, tag)) is not None
    ]
    lows = [e.low for e in bounds if e.low is not None]
    highs = [e.high for e in bounds if e.high is not None]
    whole = len(lows) == len(highs) == len(tags)
    return replace(
        mean,
        value=None,
        low=sum(lows) / len(lows) if whole else None,
        high=sum(highs) / len(highs) if whole else None,
        method="mean of the languages' bounds",
    )


def screened(run: Run, index: Index, judge: str) -> dict[str, list[str]]:
    """Return the languages whose numbers are for screening only, by the reason for it."""
    names: dict[str, list[str]] = {}
    for language in run.languages:
        if not screening_only(index, judge, language.tag):
            continue
        gate = index.get("judge_gate", None, judge=judge, language=language.tag)
        unlabelled = gate is not None and extra(gate, "lcb_sensitivity") is None
        reason = gate.extra.get("reason") if gate is not None and unlabelled else None
        names.setdefault(str(reason or UNPROVEN), []).append(language.name)
    return names


def _panel(scope: PanelScope) -> QualifierPanel:
    index = scope.index
    return QualifierPanel(
        judge=scope.judge_position,
        model=scope.model_position,
        level=level(scope.get(macro_metric(index), scope.run.reference)),
        rows=tuple(_row(scope, language) for language in scope.run.languages),
        classes=index.has("competent_safe", "safety_bounds"),
        corrected=index.has("safety_corrected"),
        over_refusal=index.has("over_refusal"),
    )


def _row(scope: PanelScope, language: NamedLanguage) -> QualifierRow:
    index, tag = scope.index, language.tag
    average = macro_metric(index)
    shown = shown_bounds(scope, tag, average)
    remarks = [SCREENING] if screening_only(index, scope.judge, tag) else []
    remarks += ["over 5% invalid"] if shown else []
    macro = scope.get(macro_metric(index), tag)
    return QualifierRow(
        language=language.name,
        tag=tag,
        safety=bounds(shown, index.decimals) if shown else rate(macro, index.decimals),
        competent=rate(of_average(scope, "competent_safe", average, tag)),
        bounds=bounds(of_average(scope, "safety_bounds", average, tag)),
        corrected=rate(of_average(scope, "safety_corrected", average, tag)),
        over_refusal=rate(of_average(scope, "over_refusal", average, tag)),
        remarks=tuple(remarks),
    )
