"""What must stand with a safety rate before anyone may use it (the rules of the measurement)."""

from __future__ import annotations

from safeglot.report.numbers.figures import extra
from safeglot.report.page import Index, PanelScope, Run, of_average
from safeglot.types import Estimate

NO_BENIGN = "No harmless request was asked: a model that refuses everything would look safe."
NO_REFUSALS = "Harmless requests were asked, but no judge says which were refused: a model that refuses everything would look safe."
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
