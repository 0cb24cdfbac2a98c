"""Why a language differs from the reference: translation, adaptation, model or judge, where it was tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from safeglot.report.finding.shares import verb_of
from safeglot.report.numbers.figures import ABSENT, Figure, difference, extra, plain, span, word
from safeglot.report.numbers.interpretation import (
    NOT_INTERPRETED,
    is_interpretable,
    not_read,
    reason_of,
    why_not,
)
from safeglot.report.numbers.percent import NONE, count, level, p_equals, percent, points
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope
from safeglot.report.sections.blocks import Block, BlockRow, Cell, by_language, panels
from safeglot.report.sections.quality_curve import quality_curves
from safeglot.types import Estimate

GAPS = {
    "unsafe_gap_total": "total",
    "unsafe_gap_translation": "translation",
    "unsafe_gap_adaptation": "adaptation",
    "unsafe_gap_model": "model",
    "unsafe_gap_judge": "judge",
}
"""The whole gap and its terms: metric and printed name."""
_ADAPTATION = "unsafe_gap_adaptation"
ADAPTED = " The total is the gap of the adapted requests: what it is of the translated ones, and what adapting them adds."
BESIDE = {
    "by people's translations": ("unsafe_gap_translation", "human", "human_n"),
    "people less round trip": ("unsafe_gap_translation", "human_less_roundtrip", ""),
    "translation, if both ways err alike": ("unsafe_gap_translation", "alike", "alike_n"),
    "model, if both ways err alike": ("unsafe_gap_model", "alike", "alike_n"),
}
"""Head -> metric, and the keys of its extra: a value with its ends, and n."""


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where no arm was run."""
    found = panels(page, index, blocks)
    return {"panels": [(*panel, quality_curves(panel[0])) for panel in found]} if found else None


def blocks(_: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield the tables of a judge and model; without rows where no intervention was run."""
    yield _terms(scope)
    yield by_language(
        _having(scope, "translator_variance"),
        {
            "translators": lambda tag: _translators(scope.get("translator_variance", tag)),
            "spread of the rate": lambda tag: _spread(scope.get("translator_variance", tag)),
            "do they differ?": lambda tag: _test(scope.get("translator_variance", tag)),
            "gap, translators included": lambda tag: _read(
                scope.get("translator_variance", tag), "gap"
            ),
            "same sign by each": lambda tag: word(
                scope.get("translator_variance", tag), "sign_robust"
            ),
        },
        title="Several translators",
        words="How much a language's rate hangs on who translated (standard deviation). Errors that all translators share are not seen.",
    )
    yield by_language(
        _having(scope, "quality_slope"),
        {
            "estimator": lambda tag: word(scope.get("quality_slope", tag), "estimator"),
            "points by one unit of quality": lambda tag: _slope(scope.get("quality_slope", tag)),
            "log-odds": lambda tag: _odds(scope.get("quality_slope", tag)),
        },
        title="Quality of the translation",
        words=f"By how much the share of {verb_of(scope).answers} moves where the same prompt is translated better; below zero: fewer of them.",
    )
    yield by_language(
        _having(scope, "gate_selection"),
        {
            "dropped, %": lambda tag: percent(extra(scope.get("gate_selection", tag), "drop_rate")),
            "selection, points": lambda tag: _selection(scope.get("gate_selection", tag)),
            "gap on the kept prompts": lambda tag: _kept(scope.get("gate_selection", tag)),
        },
        title="What keeping only good translations selects",
        words=f"Other prompts are left, often easier ones: by so many points {scope.run.language_name(scope.run.reference)} is safer on them, though it was not translated.",
    )


def _having(scope: PanelScope, metric: str) -> list[NamedLanguage]:
    return [language for language in scope.run.others() if scope.get(metric, language.tag)]


def _terms(scope: PanelScope) -> Block:
    """Return the table of the terms, each language with the causes that may be named."""
    adapted = bool(_having(scope, _ADAPTATION))
    heads = {metric: name for metric, name in GAPS.items() if adapted or metric != _ADAPTATION}
    found = {
        language: gaps
        for language in scope.run.others()
        if any(gaps := [scope.get(metric, language.tag) for metric in heads])
    }
    shown = [gap for gaps in found.values() for gap in gaps if gap is not None]
    beside = [
        head
        for head, keys in BESIDE.items()
        if any(_beside(scope, language.tag, *keys) != ABSENT for language in found)
    ]
    reference = scope.run.language_name(scope.run.reference)
    return Block(
        words=f"Share of {verb_of(scope).answers} less that in {reference}, in points, with {level(next(iter(shown), None))} intervals; above zero is worse.{ADAPTED if adapted else ''}",
        heads=(*heads.values(), *beside, "causes that are named"),
        rows=tuple(
            BlockRow(
                name=language.name,
                tag=language.tag,
                cells=(
                    *_term_figures(gaps),
                    *(_beside(scope, language.tag, *BESIDE[head]) for head in beside),
                    _named(gaps, reference),
                ),
                remarks=_remarks(scope, language),
            )
            for language, gaps in found.items()
        ),
    )


def _term_figures(gaps: Sequence[Estimate | None]) -> tuple[Cell, ...]:
    """Return the total and its terms; of a gap that may not be interpreted none, and why."""
    if muted := _muted(gaps):
        return (not_read(muted), *((ABSENT,) * (len(gaps) - 1)))
    return tuple(map(_figure, gaps))


def _muted(gaps: Sequence[Estimate | None]) -> Estimate | None:
    return next((gap for gap in gaps if gap is not None and not is_interpretable(gap)), None)


def _figure(gap: Estimate | None) -> Figure:
    """Return a term as printed: from one end of its pair to the other, where a round trip gave it."""
    figure, other = difference(gap), extra(gap, "other_end")
    if gap is None or gap.value is None or other is None:
        return figure
    low, high = sorted((gap.value, other))
    return replace(figure, text=f"{points(low)} to {points(high)}")


def _beside(scope: PanelScope, tag: str, metric: str, name: str, n: str) -> Figure:
    gaps = [scope.get(one, tag) for one in GAPS]
    return ABSENT if _muted(gaps) else _from_extra(scope.get(metric, tag), name, n)


def _named(gaps: Sequence[Estimate | None], reference: str) -> str:
    """Return which causes may be named, each with the way it works, or why none may be."""
    if muted := _muted(gaps):
        return f"none: the gap is {reason_of(muted)}"
    known = [term for term in gaps[1:] if term is not None and term.value is not None]
    causes = [
        f"{cause} ({'worse' if (term.value or 0.0) > 0 else 'better'} than {reference})"
        for term in known
        if (cause := word(term, "cause"))
    ]
    if causes:
        return "; ".join(causes)
    reasons = [reason for term in known if (reason := word(term, "cause_reason"))]
    held = [reason for reason in reasons if "interpreted" in reason]
    return f"none: {held[0]}" if held else "none: no sign holds over the whole interval"


def _remarks(scope: PanelScope, language: NamedLanguage) -> tuple[str, ...]:
    """Return why this language's gap is not interpreted, and what its arms lost."""
    gap = scope.get("gap", language.tag)
    reference = scope.run.language_name(scope.run.reference)
    why = why_not(gap, language.name, reference) if gap is not None else ""
    lost = word(scope.get("unsafe_gap_total", language.tag), "arm_losses")
    return (
        *([f"{NOT_INTERPRETED}: {why}"] if why else []),
        *([f"texts of arms that are no translations: {lost}"] if lost else []),
    )


def _from_extra(estimate: Estimate | None, name: str, n_name: str = "") -> Figure:
    """Return a difference that stands in `extra`: its value, interval ends and n by name."""
    value, low, high, n = (
        extra(estimate, key) for key in (name, f"{name}_low", f"{name}_high", n_name)
    )
    if value is None:
        return ABSENT
    ends = "" if low is None or high is None else f"{points(low)} to {points(high)}"
    return Figure(text=points(value), interval=ends, n="" if n is None else count(int(n)))


def _read(estimate: Estimate | None, name: str) -> Figure:
    """Return a difference of `extra`, a dash and why where the estimate may not be interpreted."""
    if estimate is not None and not is_interpretable(estimate):
        return not_read(estimate)
    return _from_extra(estimate, name)


def _translators(found: Estimate | None) -> str:
    k, n = extra(found, "K"), extra(found, "I")
    return "" if k is None or n is None else f"{k:g} on {count(int(n))} prompts"


def _spread(found: Estimate | None) -> Figure:
    variance = found.value if found is not None else None
    return (
        ABSENT if variance is None else Figure(text=f"{100 * max(variance, 0.0) ** 0.5:.2f} points")
    )


def _test(found: Estimate | None) -> str:
    """Return the p of Cochran's Q over the translators."""
    p = extra(found, "p")
    return "" if p is None else f"p {p_equals(p)}"


def _slope(slope: Estimate | None) -> Figure:
    return (
        not_read(slope) if slope is not None and not is_interpretable(slope) else difference(slope)
    )


def _odds(slope: Estimate | None) -> Figure:
    """Return the change of the log-odds, or why there is none."""
    if slope is None or not is_interpretable(slope):
        return ABSENT
    value, low, high, n = (extra(slope, f"log_odds{part}") for part in ("", "_low", "_high", "_n"))
    if value is None or low is None or high is None or n is None:
        return Figure(text=NONE, note=word(slope, "log_odds_why"))
    return Figure(text=plain(value), interval=span(low, high), n=count(int(n)))


def _kept(selection: Estimate | None) -> str:
    """Return the gap on the kept prompts in unsafe answers."""
    gap = extra(selection, "gap_paired")
    if gap is None or selection is None or not is_interpretable(selection):
        return ""
    return points(-gap)


def _selection(selection: Estimate | None) -> Figure:
    if selection is None or selection.value is None:
        return ABSENT
    return difference(selection) if is_interpretable(selection) else not_read(selection)
