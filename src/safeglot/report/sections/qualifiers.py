"""What must stand beside a safety rate before anyone may use it (the rules of the measurement)."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.figures import Figure, bounds, extra, rate
from safeglot.report.numbers.percent import level, percent
from safeglot.report.page import Index, Language, Page, Run, macro_metric
from safeglot.report.sections.reliability import faults
from safeglot.types import Estimate

NOT_CORRECTED = "Not corrected by human labels: a judge's rate, not a safety rate."
NO_BENIGN = "No benign prompts were run: over-refusal is not known, and a model that refuses everything would look safe."
NO_CLASSES = (
    "Answers were not sorted into classes: one that is empty, garbled or in the wrong language may "
    "count as safe here."
)
NO_ARMS = (
    "No cause is named: no intervention was run that could tell the translation, the judge and the "
    "model apart."
)
SCREENING = "screening only"
UNPROVEN = (
    "labels do not show that the judge finds enough of the unsafe answers and spares the safe ones "
    "there"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideRow:
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
class Beside:
    """One panel; the flags say which columns have anything."""

    judge: int
    model: int
    level: str
    rows: tuple[BesideRow, ...]
    classes: bool
    corrected: bool
    over_refusal: bool
    any_screening: bool


def beside_panels(page: Page, index: Index) -> list[Beside]:
    """Build a panel for each judge and model; none where nothing but the judge's rate is known."""
    if not index.has("competent_safe", "safety_bounds", "safety_corrected", "over_refusal"):
        return []
    run = page.run
    return [
        _panel(run, index, judge=judge, model=model)
        for judge in range(len(run.judges))
        for model in range(len(run.models))
    ]


def shown_bounds(index: Index, *, judge: str, model: str, language: str | None) -> Estimate | None:
    """Return the bounds where they stand in place of a point: too many answers are invalid."""
    facts = (
        index.get(name, model, judge=judge, language=language, category=None)
        for name in ("invalid_rate", "safety_bounds", "competent_safe")
    )
    if not any(extra(one, "show_bounds") for one in facts):
        return None
    return index.get("safety_bounds", model, judge=judge, language=language, category=None)


def not_interpretable(index: Index, gap: Estimate) -> bool:
    """Return whether invalid answers differ so much from the reference's that a gap says nothing."""
    facts = index.get(
        "invalid_rate", gap.model, judge=gap.judge or "", language=gap.language, category=None
    )
    return bool(extra(facts, "gap_not_interpretable"))


def screening_only(index: Index, judge: str, language: str) -> bool:
    """Return whether human labels failed to show that the judge is good enough in a language."""
    gate = index.get("judge_gate", None, judge=judge, language=language, category=None)
    return gate is not None and gate.value is not None and gate.value < 1


def corrected_by(index: Index, *, judge: str, model: str, language: str) -> Estimate | None:
    """Return the rate corrected by labels: the model's own; another model's labels are not its."""
    return index.get("safety_corrected", model, judge=judge, language=language, category=None)


def warnings(run: Run, index: Index, judge: str) -> list[str]:
    """Return what is lacking beside one judge's rates (rules 4, 5 and 6), and where it is at fault."""
    partly = {
        "safety_corrected": (
            NOT_CORRECTED,
            "Not corrected by human labels in {}: there it is a judge's rate, not a safety rate.",
        ),
        "competent_safe": (NO_CLASSES, "Answers in {} were not sorted into classes."),
        "over_refusal": (NO_BENIGN, "Over-refusal is not known in {}."),
    }
    said = []
    for metric, (whole, part) in partly.items():
        lacking = [one.name for one in run.languages if not _told(run, index, metric, judge, one)]
        if len(lacking) == len(run.languages):
            said.append(whole)
        elif lacking:
            said.append(part.format(", ".join(lacking)))
    for why, names in _screened(run, index, judge).items():
        said.append(f"Screening only in {', '.join(names)}: {why}.")
    return [*said, *faults(run, index, judge)]


def _screened(run: Run, index: Index, judge: str) -> dict[str, list[str]]:
    """Return the languages whose numbers are for screening only, by why."""
    found: dict[str, list[str]] = {}
    for one in run.languages:
        if not screening_only(index, judge, one.tag):
            continue
        gate = index.get("judge_gate", None, judge=judge, language=one.tag, category=None)
        unlabelled = gate is not None and extra(gate, "lcb_sensitivity") is None
        reason = gate.extra.get("reason") if gate is not None and unlabelled else None
        found.setdefault(str(reason or UNPROVEN), []).append(one.name)
    return found


def _told(run: Run, index: Index, metric: str, judge: str, language: Language) -> bool:
    """Return whether any model, or all together, have a number in a language."""
    found = (
        index.get(metric, model, judge=judge, language=language.tag, category=None)
        for model in (None, *run.models)
    )
    return any(one is not None and one.value is not None for one in found)


def in_place_of_point(bound: Estimate, invalid: Estimate | None, places: int = 1) -> str:
    """Return which bounds stand in place of a point, and why."""
    share = f"{percent(invalid.value, 1)}%" if invalid and invalid.value is not None else "Over 5%"
    return (
        f"between {percent(bound.low, places)}% and {percent(bound.high, places)}% safe (bounds "
        f"over all answers, not a point: {share} of the answers are invalid)"
    )


def _panel(run: Run, index: Index, *, judge: int, model: int) -> Beside:
    names = {"judge": run.judges[judge], "model": run.models[model]}
    rows = tuple(_row(index, one, **names) for one in run.languages)
    first = index.get(
        macro_metric(index),
        names["model"],
        judge=names["judge"],
        language=run.reference,
        category=None,
    )
    return Beside(
        judge=judge,
        model=model,
        level=level(first),
        rows=rows,
        classes=index.has("competent_safe", "safety_bounds"),
        corrected=index.has("safety_corrected"),
        over_refusal=index.has("over_refusal"),
        any_screening=any(SCREENING in row.remarks for row in rows),
    )


def _row(index: Index, language: Language, *, judge: str, model: str) -> BesideRow:
    def get(metric: str) -> Estimate | None:
        return index.get(metric, model, judge=judge, language=language.tag, category=None)

    shown = shown_bounds(index, judge=judge, model=model, language=language.tag)
    macro = get(macro_metric(index))
    remarks = [SCREENING] if screening_only(index, judge, language.tag) else []
    remarks += ["over 5% invalid"] if shown else []
    return BesideRow(
        language=language.name,
        tag=language.tag,
        safety=bounds(shown, index.decimals) if shown else rate(macro, index.decimals),
        competent=rate(get("competent_safe")),
        bounds=bounds(get("safety_bounds")),
        corrected=rate(corrected_by(index, judge=judge, model=model, language=language.tag)),
        over_refusal=rate(get("over_refusal")),
        remarks=tuple(remarks),
    )
