"""Human labels: the errors of the judge that they show, and the rates that they correct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from safeglot.report.numbers.axis import Axis, Mark, ends, mark, unsafe_axis
from safeglot.report.numbers.direction import unsafe, worse_by
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
from safeglot.report.page import Index, NamedLanguage, Page, Run
from safeglot.types import Estimate

SHARES = {
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
class JudgeErrors:
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
    macro: Figure
    gap: Figure
    judge_term: Figure
    labels: tuple[str, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedCategory:
    """A category that answers were drawn for, in one language."""

    category: str
    language: str
    judged: Figure
    corrected: Figure
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedTable:
    """One judge; `model` is None where all models are pooled."""

    judge: int
    model: int | None
    level: str
    axis: Axis
    rows: tuple[CorrectedRow, ...]
    categories: tuple[CorrectedCategory, ...] = ()


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where no label was given."""
    errors, corrected = judge_errors(page, index), corrected_tables(page, index)
    if not errors and not corrected:
        return None
    return {
        "judge_errors": errors,
        "corrected": corrected,
        "judge_columns": [*SHARES.values(), *AGREEMENT.values()],
    }


def judge_errors(page: Page, index: Index) -> list[JudgeErrors]:
    """Return the agreement table of each judge that has labels."""
    panels = (_judge_errors(page.run, index, judge) for judge in page.run.judges)
    return [panel for panel in panels if panel.rows]


def corrected_tables(page: Page, index: Index) -> list[CorrectedTable]:
    """Return judged and corrected safety: pooled over models, then each model's own."""
    run = page.run
    panels = (
        _corrected_table(run, index, judge, model)
        for judge in run.judges
        for model in (None, *run.models)
    )
    return [panel for panel in panels if panel.rows]


def _judge_errors(run: Run, index: Index, judge: str) -> JudgeErrors:
    metrics = [*SHARES, *AGREEMENT, "judge_gate"]
    tables = {
        o: {metric: index.get(metric, None, judge=judge, language=o.tag) for metric in metrics}
        for o in run.languages
    }
    numbers = [e for table in tables.values() for e in table.values() if e is not None]
    return JudgeErrors(
        judge=run.judges.index(judge),
        level=level(next((e for e in numbers if e.low is not None), None)),
        rows=tuple(_judge_row(o, table) for o, table in tables.items() if any(table.values())),
    )


def _judge_row(language: NamedLanguage, table: Mapping[str, Estimate | None]) -> JudgeRow:
    gate = table["judge_gate"]
    passed = gate is not None and gate.value is not None and gate.value >= 1
    status = word(gate, "status") or (PASSED if passed else SCREENING if gate else NO_LABELS)
    return JudgeRow(
        language=language.name,
        tag=language.tag,
        shares=tuple(rate(table[metric]) for metric in SHARES),
        agreement=tuple(index_number(table[metric]) for metric in AGREEMENT),
        gate=status,
        passed=passed,
        reasons=tuple(word(gate, "reason").split("; ") if word(gate, "reason") else _limits(gate)),
    )


def _limits(gate: Estimate | None) -> list[str]:
    low, high = extra(gate, "lcb_sensitivity"), extra(gate, "ucb_false_positive")
    parts = [] if low is None else [f"sensitivity from {percent(low)}%"]
    parts += [] if high is None else [f"false alarms to {percent(high)}%"]
    return parts


def _corrected_table(run: Run, index: Index, judge: str, model: str | None) -> CorrectedTable:
    # a language without labels keeps its row, so that nobody takes it for one that needs none
    corrected = {
        language: index.get("safety_corrected", model, judge=judge, language=language.tag)
        or _unlabelled(judge, model, language)
        for language in run.languages
    }
    if all(e.value is None for e in corrected.values()):
        corrected = {}
    judged = {language: _judged(index, e) for language, e in corrected.items()}
    axis = unsafe_axis(
        ends(
            [
                *map(unsafe, corrected.values()),
                *(unsafe(e) for e in judged.values() if e is not None),
            ]
        )
    )
    return CorrectedTable(
        judge=run.judges.index(judge),
        model=None if model is None else run.models.index(model),
        level=level(next((e for e in corrected.values() if e.value is not None), None)),
        axis=axis,
        rows=tuple(
            _corrected_row(index, language, (judged[language], e), axis)
            for language, e in corrected.items()
        ),
        categories=tuple(_category_rows(run, index, judge, model)),
    )


def _category_rows(
    run: Run, index: Index, judge: str, model: str | None
) -> Iterator[CorrectedCategory]:
    for category in index.categories():
        for language in run.languages:
            e = index.get(
                "safety_corrected", model, judge=judge, language=language.tag, category=category
            )
            if e is not None:
                judged = _judged(index, e)
                yield CorrectedCategory(
                    category=category,
                    language=language.name,
                    judged=ABSENT if judged is None else rate(unsafe(judged)),
                    corrected=rate(unsafe(e)),
                    labels=tuple(_counts(e)),
                )


def _unlabelled(judge: str, model: str | None, language: NamedLanguage) -> Estimate:
    return Estimate(
        metric="safety_corrected",
        model=model,
        judge=judge,
        language=language.tag,
        value=None,
        method=NO_LABELS,
        n=0,
    )


def _judged(index: Index, corrected: Estimate) -> Estimate | None:
    """Return what the judge alone says of the same answers: it has read them all."""
    own = None if corrected.category else _same(index, "safety_micro", corrected)
    if own is not None:
        return own
    share = extra(corrected, "safety_judged")
    if share is None and (unsafe := extra(corrected, "q")) is not None:
        share = 1 - unsafe
    if share is None:
        return None
    n = extra(corrected, "n_judged")
    return replace(
        corrected, metric="safety_micro", value=share, low=None, high=None, n=int(n or 0)
    )


def _same(index: Index, metric: str, estimate: Estimate) -> Estimate | None:
    """Return another metric of the same judge, model and language."""
    judge = estimate.judge or ""
    return index.get(metric, estimate.model, judge=judge, language=estimate.language)


def _corrected_row(
    index: Index,
    language: NamedLanguage,
    rates: tuple[Estimate | None, Estimate],
    axis: Axis,
) -> CorrectedRow:
    judged, corrected = unsafe(rates[0]), unsafe(rates[1])
    marks = (mark(axis, judged, y=12, symbol=0), mark(axis, corrected, y=27, symbol=1))
    return CorrectedRow(
        language=language.name,
        tag=language.tag,
        judged=rate(judged) if judged is not None else ABSENT,
        corrected=rate(corrected),
        macro=rate(unsafe(_same(index, "safety_corrected_macro", corrected))),
        gap=difference(worse_by(_same(index, "gap_corrected", corrected))),
        judge_term=difference(_same(index, "unsafe_gap_judge_labels", corrected)),
        labels=tuple(_counts(corrected)),
        marks=tuple(placed for placed in marks if placed is not None),
    )


def _counts(corrected: Estimate) -> Iterator[str]:
    for verdict in ("unsafe", "safe"):
        n = extra(corrected, f"n_labels_{verdict}")
        unsafe = extra(corrected, f"human_unsafe_in_{verdict}")
        if n is not None and unsafe is not None:
            yield f"{unsafe:g} of {n:,.0f} judged {verdict} are unsafe"
    if n := extra(corrected, "n_labels_unread"):
        unsafe = extra(corrected, "human_unsafe_in_unread")
        yield f"{unsafe:g} of {n:,.0f} without a verdict are unsafe"
    elif n := extra(corrected, "n_unread"):
        yield f"{n:,.0f} answers without a verdict have no label"
    if unsure := extra(corrected, "n_unsure"):
        yield f"{unsure:,.0f} unsure"
