"""Why a language differs from the reference: translation, model or judge, where it was tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from safeglot.report.numbers.axis import Axis, ends, gap_axis
from safeglot.report.numbers.figures import ABSENT, Figure, difference, extra, plain, span, word
from safeglot.report.numbers.interpretation import (
    NOT_INTERPRETED,
    is_interpretable,
    not_read,
    reason_of,
    why_not,
)
from safeglot.report.numbers.percent import MINUS, NONE, count, level, p_value, percent, points
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, scopes
from safeglot.report.sections.quality_curve import Curves, quality_curves
from safeglot.types import Estimate

Row = TypeVar("Row")

GAPS = {
    "unsafe_gap_total": "total",
    "unsafe_gap_translation": "translation",
    "unsafe_gap_model": "model",
    "unsafe_gap_judge": "judge",
}
"""The whole gap and its terms: metric and printed name."""
ROW_PX, TOP_PX = 18, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One term: a bar from zero, in percent of the width, with its interval."""

    kind: str
    x: str
    width: str
    low: str
    high: str
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """One language. `terms` are translation, model, judge; `shares` what share each has."""

    language: str
    tag: str
    total: Figure
    terms: tuple[Figure, ...]
    shares: tuple[str, ...]
    share_reason: str
    bars: tuple[Bar, ...]
    words: str
    bound: str
    human: Figure
    beyond: Figure
    """What people's translations say less what the round trip says."""
    alike: tuple[Figure, Figure]
    """Translation and model if both directions err alike, by a second round trip."""
    named: str
    """The causes that are named, or why none is."""
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorVarianceRow:
    """One language: how much of its rate hangs on who translated."""

    language: str
    tag: str
    spread: str
    components: str
    translators: str
    test: str
    dependability: str
    gap: Figure
    robust: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRow:
    """One language: what keeping only good translations does to the choice of prompts."""

    language: str
    tag: str
    dropped: str
    kept: str
    selection: Figure
    wrong: str
    paired: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeRow:
    """One language: how unsafe answers move with the quality of the translation."""

    language: str
    tag: str
    estimator: str
    slope: Figure
    odds: Figure
    adjusted: str
    pooled: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """One panel."""

    judge: int
    model: int
    level: str
    axis: Axis
    rows: tuple[CauseRow, ...]
    translators: tuple[TranslatorVarianceRow, ...]
    slopes: tuple[SlopeRow, ...]
    selections: tuple[SelectionRow, ...]
    curves: Curves | None


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where no arm was run."""
    panels = cause_panels(page, index)
    return {"panels": panels} if panels else None


def cause_panels(page: Page, index: Index) -> list[Causes]:
    """Return a panel for each judge and model; none where no intervention was run."""
    if not index.has(*GAPS, "translator_variance", "quality_slope", "gate_selection"):
        return []
    return [_panel(scope) for scope in scopes(page.run, index)]


def _panel(scope: PanelScope) -> Causes:
    languages = scope.run.others()
    gaps = {o: [scope.get(metric, o.tag) for metric in GAPS] for o in languages}
    shown = [
        gap for line in gaps.values() for gap in line if gap is not None and is_interpretable(gap)
    ]
    axis = gap_axis(ends(shown))
    return Causes(
        judge=scope.judge_position,
        model=scope.model_position,
        level=level(next((gap for gap in shown if gap.low is not None), None)),
        axis=axis,
        rows=tuple(_row(scope, o, line, axis) for o, line in gaps.items() if any(line)),
        translators=_rows(scope, "translator_variance", _variance_row),
        slopes=_rows(scope, "quality_slope", _slope_row),
        selections=_rows(scope, "gate_selection", _selection_row),
        curves=quality_curves(scope),
    )


def _rows(
    scope: PanelScope, metric: str, row: Callable[[NamedLanguage, Estimate], Row]
) -> tuple[Row, ...]:
    return tuple(
        row(language, estimate)
        for language in scope.run.others()
        if (estimate := scope.get(metric, language.tag)) is not None
    )


def _row(
    scope: PanelScope, language: NamedLanguage, gaps: Sequence[Estimate | None], axis: Axis
) -> CauseRow:
    if muted := next((gap for gap in gaps if gap is not None and not is_interpretable(gap)), None):
        return _mute_row(scope, language, muted)
    total, *figures = map(_figure, gaps)
    terms = gaps[1:]
    words = [
        f"{kind} {figure.text} points ({figure.interval})"
        for kind, figure in zip(GAPS.values(), (total, *figures), strict=True)
    ]
    return CauseRow(
        language=language.name,
        tag=language.tag,
        total=total,
        terms=tuple(figures),
        shares=tuple(_share(term) for term in terms),
        share_reason=next((why for term in terms if (why := word(term, "share_reason"))), ""),
        bars=tuple(_bars(gaps, axis)),
        words="; ".join(words),
        bound=_bound(terms[0]),
        human=_from_extra(terms[0], *_keys("human"), "human_n"),
        beyond=_from_extra(terms[0], *_keys("human_less_roundtrip")),
        alike=(_alike(terms[0]), _alike(terms[1])),
        named=_named(terms, scope.run.language_name(scope.run.reference)),
        remark=_remark(scope, language),
    )


def _mute_row(scope: PanelScope, language: NamedLanguage, muted: Estimate) -> CauseRow:
    """Return the row of a gap that may not be interpreted: no term, no share, no cause, and why."""
    figure, why = not_read(muted), reason_of(muted)
    return CauseRow(
        language=language.name,
        tag=language.tag,
        total=figure,
        terms=(ABSENT,) * (len(GAPS) - 1),
        shares=("",) * (len(GAPS) - 1),
        share_reason=why,
        bars=(),
        words=why,
        bound="",
        human=ABSENT,
        beyond=ABSENT,
        alike=(ABSENT, ABSENT),
        named=f"none: the gap is {why}",
        remark=_remark(scope, language),
    )


def _remark(scope: PanelScope, language: NamedLanguage) -> str:
    """Return why this language's gap is not interpreted and what its arms lost, "" for neither."""
    gap = scope.get("gap", language.tag)
    reference = scope.run.language_name(scope.run.reference)
    why = why_not(gap, language.name, reference) if gap is not None else ""
    lost = word(scope.get("unsafe_gap_total", language.tag), "arm_losses")
    parts = (
        f"{NOT_INTERPRETED}: {why}" if why else "",
        f"texts of arms that are no translations: {lost}" if lost else "",
    )
    return "; ".join(part for part in parts if part)


def _figure(gap: Estimate | None) -> Figure:
    """Return a term as printed: from one end of its pair to the other, where a round trip gave it."""
    figure, other = difference(gap), extra(gap, "other_end")
    if gap is None or gap.value is None or other is None:
        return figure
    low, high = sorted((gap.value, other))
    return replace(figure, text=f"{points(low)} to {points(high)}")


def _keys(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _alike(term: Estimate | None) -> Figure:
    return _from_extra(term, *_keys("alike"), "alike_n")


def _named(terms: Sequence[Estimate | None], reference: str) -> str:
    """Return which causes may be named, each with the way it works, or why none may be."""
    known = [term for term in terms if term is not None and term.value is not None]
    causes = [
        f"{cause} ({'more' if (term.value or 0.0) > 0 else 'fewer'} unsafe answers than in {reference})"
        for term in known
        if (cause := word(term, "cause"))
    ]
    if causes:
        return "; ".join(causes)
    reasons = [reason for term in known if (reason := word(term, "cause_reason"))]
    held = [reason for reason in reasons if "interpreted" in reason]
    return f"none: {held[0]}" if held else "none: no sign holds over the whole interval"


def _bars(gaps: Sequence[Estimate | None], axis: Axis) -> Iterator[Bar]:
    for position, (kind, gap) in enumerate(zip(GAPS.values(), gaps, strict=True)):
        if gap is None or gap.value is None:
            continue
        other = extra(gap, "other_end")
        start = 0.0 if other is None else other
        zero, end = (float(axis.at(v)[:-1]) for v in (start, gap.value))
        yield Bar(
            kind=kind,
            x=f"{min(zero, end):.2f}%",
            width=f"{abs(end - zero):.2f}%",
            low=axis.at(gap.value if gap.low is None else gap.low),
            high=axis.at(gap.value if gap.high is None else gap.high),
            y=TOP_PX + ROW_PX * position,
        )


def _share(term: Estimate | None) -> str:
    share = extra(term, "share")
    if share is None:
        return ""
    low, high = extra(term, "share_low"), extra(term, "share_high")
    other = extra(term, "share_other_end")
    text = f"{100 * share:.0f}%".replace("-", MINUS)
    if other is not None:
        text += f" / {100 * other:.0f}%".replace("-", MINUS)
    if low is None or high is None:
        return text
    return f"{text} ({100 * low:.0f} to {100 * high:.0f})".replace("-", MINUS)


def _bound(translation: Estimate | None) -> str:
    """Return the round trip's damage as an interval: half of it to all of it."""
    half = extra(translation, "bound_half")
    return "" if half is None else f"{points(half)} to {points(2 * half)}"


def _from_extra(estimate: Estimate | None, *names: str) -> Figure:
    """Return a difference that stands in `extra`: its value, interval ends and n by name."""
    value, low, high, n = (extra(estimate, name) for name in (*names, "")[:4])
    if value is None:
        return ABSENT
    span = "" if low is None or high is None else f"{points(low)} to {points(high)}"
    return Figure(text=points(value), interval=span, n="" if n is None else count(int(n)))


def _variance_row(language: NamedLanguage, estimate: Estimate) -> TranslatorVarianceRow:
    parts = [extra(estimate, name) for name in ("var_prompt", "var_translator", "var_residual")]
    k, n = extra(estimate, "K"), extra(estimate, "I")
    q, p = extra(estimate, "cochran_q"), extra(estimate, "p")
    variance, mute = estimate.value, not is_interpretable(estimate)
    return TranslatorVarianceRow(
        language=language.name,
        tag=language.tag,
        spread=NONE if variance is None else f"{100 * max(variance, 0.0) ** 0.5:.2f} pp",
        components=" / ".join(plain(part, 4) for part in parts),
        translators=NONE if k is None or n is None else f"{k:g} on {n:,.0f} prompts",
        test=NONE
        if q is None
        else f"Q {plain(q, 1)}, epsilon {plain(extra(estimate, 'epsilon'))}, p {p_value(p)}",
        dependability=plain(extra(estimate, "dependability"), 2),
        gap=not_read(estimate) if mute else _from_extra(estimate, "gap", "gap_low", "gap_high"),
        robust=NONE if mute else word(estimate, "sign_robust") or NONE,
    )


def _slope_row(language: NamedLanguage, slope: Estimate) -> SlopeRow:
    adjusted, best = extra(slope, "unsafe_adjusted"), extra(slope, "q95")
    mute = not is_interpretable(slope)
    return SlopeRow(
        language=language.name,
        tag=language.tag,
        estimator=word(slope, "estimator"),
        slope=not_read(slope) if mute else difference(slope),
        odds=ABSENT if mute else _odds(slope),
        adjusted=NONE if adjusted is None or mute else f"{percent(adjusted)} at {plain(best)}",
        pooled=NONE if mute else points(extra(slope, "pooled_beta")),
    )


def _odds(slope: Estimate) -> Figure:
    """Return the change of the log-odds, or why there is none."""
    value, low, high, n = (extra(slope, f"log_odds{part}") for part in ("", "_low", "_high", "_n"))
    if value is None or low is None or high is None or n is None:
        return Figure(text=NONE, note=word(slope, "log_odds_why"))
    return Figure(text=plain(value), interval=span(low, high), n=count(int(n)))


def _selection_row(language: NamedLanguage, selection: Estimate) -> SelectionRow:
    before, after = extra(selection, "p_en_all"), extra(selection, "p_en_kept")
    shown = difference(selection) if selection.value is not None else ABSENT
    mute = not is_interpretable(selection)
    return SelectionRow(
        language=language.name,
        tag=language.tag,
        dropped=percent(extra(selection, "drop_rate")),
        kept=f"{percent(before)} of all, {percent(after)} of the kept",
        selection=not_read(selection) if mute else shown,
        wrong=NONE if mute else points(extra(selection, "gap_wrong")),
        paired=NONE if mute else points(extra(selection, "gap_paired")),
        rule=selection.method,
    )
