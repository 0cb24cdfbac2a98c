"""What human labels say about the judge, and the rates that they correct."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from safeglot.report.numbers.axis import Axis, Mark, ends, mark, rate_axis
from safeglot.report.numbers.figures import (
    ABSENT,
    Figure,
    difference,
    extra,
    index_number,
    rate,
    word,
)
from safeglot.report.numbers.percent import level, percent
from safeglot.report.page import Index, Language, Page, Run
from safeglot.types import Estimate

PANEL = {
    "judge_sensitivity": "sensitivity",
    "judge_specificity": "specificity",
    "judge_ppv": "PPV",
    "judge_false_omission": "false omission",
    "judge_agreement": "raw agreement",
}
AGREEMENT = {
    "judge_kappa": "kappa",
    "judge_ac1": "AC1",
    "judge_mcc": "MCC",
    "annotator_alpha": "annotators' alpha",
}
PASSED, SCREENING, NO_LABELS = "passed", "screening only", "no labels"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRow:
    """One language: shares, then agreement, then whether the judge may be used for claims."""

    language: str
    tag: str
    shares: tuple[Figure, ...]
    agreement: tuple[Figure, ...]
    gate: str
    passed: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePanel:
    """How one judge compares with human labels."""

    judge: int
    level: str
    rows: tuple[JudgeRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRow:
    """One language: what the judge says, what is left of it after the labels, and the gap."""

    language: str
    tag: str
    judged: Figure
    corrected: Figure
    gap: Figure
    labels: tuple[str, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedPanel:
    """One judge; `model` is None where all models are pooled."""

    judge: int
    model: int | None
    level: str
    axis: Axis
    rows: tuple[CorrectedRow, ...]


def judge_panels(page: Page, index: Index) -> list[JudgePanel]:
    """Build the agreement table of each judge that has labels."""
    run = page.run
    found = [_judge(run, index, judge) for judge in range(len(run.judges))]
    return [one for one in found if one.rows]


def corrected_panels(page: Page, index: Index) -> list[CorrectedPanel]:
    """Build judged against corrected safety: pooled over models, then each model's own."""
    run = page.run
    found = [
        _corrected(run, index, judge, model)
        for judge in range(len(run.judges))
        for model in (None, *range(len(run.models)))
    ]
    return [one for one in found if one.rows]


def _judge(run: Run, index: Index, judge: int) -> JudgePanel:
    name, metrics = run.judges[judge], [*PANEL, *AGREEMENT, "judge_gate"]
    rows, first = [], None
    for language in run.languages:
        found = {
            metric: index.get(metric, None, judge=name, language=language.tag, category=None)
            for metric in metrics
        }
        if any(one is not None for one in found.values()):
            first = first or next(
                (one for one in found.values() if one and one.low is not None), None
            )
            rows.append(_judge_row(language, found))
    return JudgePanel(judge=judge, level=level(first), rows=tuple(rows))


def _judge_row(language: Language, found: dict[str, Estimate | None]) -> JudgeRow:
    gate = found["judge_gate"]
    passed = gate is not None and gate.value is not None and gate.value >= 1
    status = word(gate, "status") or (PASSED if passed else SCREENING if gate else NO_LABELS)
    return JudgeRow(
        language=language.name,
        tag=language.tag,
        shares=tuple(rate(found[metric]) for metric in PANEL),
        agreement=tuple(index_number(found[metric]) for metric in AGREEMENT),
        gate=status,
        passed=passed,
        reasons=tuple(word(gate, "reason").split("; ") if word(gate, "reason") else _limits(gate)),
    )


def _limits(gate: Estimate | None) -> list[str]:
    low, high = extra(gate, "lcb_sensitivity"), extra(gate, "ucb_false_positive")
    parts = [] if low is None else [f"sensitivity from {percent(low)}%"]
    parts += [] if high is None else [f"false alarms to {percent(high)}%"]
    return parts


def _corrected(run: Run, index: Index, judge: int, model: int | None) -> CorrectedPanel:
    name = None if model is None else run.models[model]
    found = [
        (
            one,
            index.get(
                "safety_corrected", name, judge=run.judges[judge], language=one.tag, category=None
            ),
        )
        for one in run.languages
    ]
    # a language without labels keeps its row, so that nobody takes it for one that needs none
    told = [(one, estimate or _unlabelled(run, judge, name, one)) for one, estimate in found]
    if not any(estimate.value is not None for _, estimate in told):
        told = []
    judged = [_judged(index, estimate) for _, estimate in told]
    axis = rate_axis(ends([*(e for _, e in told), *(e for e in judged if e is not None)]))
    rows = [
        _row(index, language, estimate, said, axis)
        for (language, estimate), said in zip(told, judged, strict=True)
    ]
    return CorrectedPanel(
        judge=judge,
        model=model,
        level=level(next((e for _, e in told if e.value is not None), None)),
        axis=axis,
        rows=tuple(rows),
    )


def _unlabelled(run: Run, judge: int, model: str | None, language: Language) -> Estimate:
    return Estimate(
        metric="safety_corrected",
        model=model,
        judge=run.judges[judge],
        language=language.tag,
        value=None,
        method=NO_LABELS,
        n=0,
    )


def _judged(index: Index, corrected: Estimate) -> Estimate | None:
    """Return what the judge alone says of the same answers: it has read them all."""
    share = extra(corrected, "safety_judged")
    if share is None and (unsafe := extra(corrected, "q")) is not None:
        share = 1 - unsafe
    own = index.get(
        "safety_micro",
        corrected.model,
        judge=corrected.judge or "",
        language=corrected.language,
        category=None,
    )
    if own is not None:
        return own
    if share is None:
        return None
    n = extra(corrected, "n_judged")
    return replace(
        corrected, metric="safety_micro", value=share, low=None, high=None, n=int(n or 0)
    )


def _row(
    index: Index, language: Language, estimate: Estimate, said: Estimate | None, axis: Axis
) -> CorrectedRow:
    gap = index.get(
        "gap_corrected",
        estimate.model,
        judge=estimate.judge or "",
        language=language.tag,
        category=None,
    )
    marks = (mark(axis, said, y=12, symbol=0), mark(axis, estimate, y=27, symbol=1))
    return CorrectedRow(
        language=language.name,
        tag=language.tag,
        judged=rate(said) if said is not None else ABSENT,
        corrected=rate(estimate),
        gap=difference(gap),
        labels=tuple(_counts(estimate)),
        marks=tuple(one for one in marks if one is not None),
    )


def _counts(estimate: Estimate) -> Iterator[str]:
    for verdict in ("unsafe", "safe"):
        n, found = (
            extra(estimate, f"n_labels_{verdict}"),
            extra(estimate, f"human_unsafe_in_{verdict}"),
        )
        if n is not None and found is not None:
            yield f"{found:g} of {n:,.0f} judged {verdict} are unsafe"
    if unsure := extra(estimate, "n_unsure"):
        yield f"{unsure:,.0f} unsure"
