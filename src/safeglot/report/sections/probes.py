"""Probes: each variant of the prompts against the prompts themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from safeglot.report.numbers.axis import Axis, Mark, ends, gap_axis, mark
from safeglot.report.numbers.figures import Figure, difference, extra, rate, word
from safeglot.report.numbers.percent import NONE, count, level, p_value
from safeglot.report.numbers.variants import level_words, spelled
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, Run, scopes
from safeglot.types import Estimate

METRICS = ("probe_unsafe", "probe_effect", "probe_interaction", "factor_effect")
OWN_PX, OTHER_PX = 13, 31


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRow:
    """One variant in one language: against the language's own texts, and the reference's."""

    language: str
    tag: str
    unsafe: Figure
    own: Figure
    other: Figure
    interaction: Figure
    unkept: str
    marks: tuple[Mark, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantTable:
    """One variant in all languages."""

    name: str
    both_parents: bool
    rows: tuple[ProbeRow, ...]
    left_out: tuple[str, ...]
    """Languages where the variant means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRow:
    """One effect of crossed factors in one language."""

    language: str
    tag: str
    factor: str
    effect: Figure
    p: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """One panel."""

    judge: int
    model: int
    level: str
    axis: Axis
    variants: tuple[VariantTable, ...]
    factors: tuple[FactorRow, ...]
    unkept: bool


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs, None for a run without probes."""
    panels = probe_panels(page, index)
    return {"panels": panels} if panels else None


def probe_panels(page: Page, index: Index) -> list[Probes]:
    """Return a panel for each judge and model that has any; none for a run without probes.

    Several estimates are alike but for the variant in `extra`: they are read from the list.
    """
    by_scope: dict[tuple[str | None, str | None], list[Estimate]] = {}
    for estimate in page.estimates:
        if estimate.metric in METRICS:
            by_scope.setdefault((estimate.judge, estimate.model), []).append(estimate)
    return [
        _panel(scope, estimates)
        for scope in scopes(page.run, index)
        if (estimates := by_scope.get((scope.judge, scope.model)))
    ]


def _panel(scope: PanelScope, estimates: Sequence[Estimate]) -> Probes:
    run = scope.run
    effects = [e for e in estimates if e.metric == "probe_effect"]
    axis = gap_axis(ends(effects))
    variants = dict.fromkeys(word(e, "variant") for e in effects)
    return Probes(
        judge=scope.judge_position,
        model=scope.model_position,
        level=level(next((e for e in effects if e.low is not None), None)),
        axis=axis,
        variants=tuple(_variant(run, estimates, name, axis) for name in variants),
        factors=tuple(_factor_row(run, e) for e in estimates if e.metric == "factor_effect"),
        unkept=any(extra(e, "unkept") for e in effects),
    )


def _variant(run: Run, estimates: Sequence[Estimate], name: str, axis: Axis) -> VariantTable:
    own = [e for e in estimates if word(e, "variant") == name and e.metric != "factor_effect"]
    rows, left_out = [], []
    for language in run.languages:
        here = {(e.metric, word(e, "parent")): e for e in own if e.language == language.tag}
        if ("probe_unsafe", "") in here:
            rows.append(_row(language, here, axis))
        elif here:
            left_out.append(language.name)
    return VariantTable(
        name=spelled(name),
        both_parents=any(word(e, "parent") == "reference" for e in own),
        rows=tuple(rows),
        left_out=tuple(left_out),
    )


def _row(language: NamedLanguage, here: dict[tuple[str, str], Estimate], axis: Axis) -> ProbeRow:
    own, other = (here.get(("probe_effect", parent)) for parent in ("language", "reference"))
    places = [(own, OWN_PX if other else (OWN_PX + OTHER_PX) / 2, 0), (other, OTHER_PX, 1)]
    marks = (mark(axis, effect, y=y, symbol=symbol) for effect, y, symbol in places)
    unkept = extra(own, "unkept")
    words = [
        f"against {parent} {difference(effect).text} points ({difference(effect).interval})"
        for parent, effect in (("its own texts", own), ("the reference's", other))
        if effect is not None
    ]
    return ProbeRow(
        language=language.name,
        tag=language.tag,
        unsafe=rate(here["probe_unsafe", ""]),
        own=_tested(own),
        other=_tested(other),
        interaction=_tested(here.get(("probe_interaction", ""))),
        unkept=count(int(unkept)) if unkept else NONE,
        marks=tuple(placed for placed in marks if placed is not None),
        words="; ".join(words),
    )


def _tested(effect: Estimate | None) -> Figure:
    """Return an effect with its p, corrected for all of its factor."""
    figure, p = difference(effect), extra(effect, "p_holm")
    return figure if p is None else replace(figure, note=f"p {p_value(p)}")


def _factor_row(run: Run, effect: Estimate) -> FactorRow:
    return FactorRow(
        language=run.language_name(effect.language or ""),
        tag=effect.language or "",
        factor=" × ".join(level_words(level) for level in word(effect, "factor").split(" x ")),
        effect=difference(effect),
        p=p_value(extra(effect, "p_holm")),
    )
