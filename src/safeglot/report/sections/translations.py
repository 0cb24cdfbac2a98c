"""What became of the translations, and the numbers with and without the quality gate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.axis import Axis, Mark, ends, gap_axis, mark
from safeglot.report.numbers.direction import unsafe, worse_by
from safeglot.report.numbers.figures import Figure, difference, extra, rate, word
from safeglot.report.numbers.interpretation import (
    as_shown,
    gap_figure,
    is_interpretable,
    not_read,
)
from safeglot.report.numbers.percent import NONE, count, level, percent
from safeglot.report.numbers.segments import Segment, segments
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, Run, scopes
from safeglot.types import Estimate

FATES = {
    "kept": "kept",
    "gated": "taken out by the quality gate",
    "failed": "without a usable translation",
}
WITH_PX, WITHOUT_PX = 13, 31


@dataclass(frozen=True, slots=True, kw_only=True)
class FateRow:
    """One language: what became of its texts, and why; `benign`: how many benign prompts are kept."""

    language: str
    tag: str
    bar: tuple[Segment, ...]
    words: str
    shares: tuple[Figure, ...]
    reasons: tuple[str, ...]
    benign: str
    waiting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEffectRow:
    """One language: safety and gap on the kept prompts, and on those with the gated ones."""

    language: str
    tag: str
    unsafe: tuple[Figure, Figure]
    gap: tuple[Figure, Figure]
    marks: tuple[Mark, ...]
    selection: Figure
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorRateRow:
    """One translator in a language."""

    language: str
    tag: str
    translator: str
    texts: str
    kept: str
    gated: str
    unsafe: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePanel:
    """One panel."""

    judge: int
    model: int
    level: str
    axis: Axis
    gates: tuple[GateEffectRow, ...]
    translators: tuple[TranslatorRateRow, ...]
    one_translator: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Translations:
    """The section: what became of the texts, and a panel for each judge and model."""

    fates: tuple[FateRow, ...]
    panels: tuple[GatePanel, ...]
    has_gate: bool


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs, None for a run whose texts were all given."""
    section = translations(page, index)
    return None if section is None else {"translations": section, "fate_words": FATES}


def translations(page: Page, index: Index) -> Translations | None:
    """Return what the section shows, None for a run whose texts were all given."""
    if not index.has(*(f"translation_{fate}" for fate in FATES)):
        return None
    panels = (_panel(page, scope) for scope in scopes(page.run, index))
    return Translations(
        fates=tuple(_fates(page.run, index)),
        panels=tuple(panel for panel in panels if panel.gates or panel.translators),
        has_gate=index.has("gap_ungated"),
    )


def _fates(run: Run, index: Index) -> Iterator[FateRow]:
    for language in run.languages:
        fates = {
            fate: index.get(f"translation_{fate}", None, judge="", language=language.tag)
            for fate in FATES
        }
        known = {fate: share for fate, share in fates.items() if share is not None}
        if not known:
            continue
        waiting = next(iter(known.values())).missing
        yield FateRow(
            language=language.name,
            tag=language.tag,
            bar=segments({fate: share.value or 0.0 for fate, share in known.items()}),
            words="; ".join(f"{fate} {percent(share.value)}%" for fate, share in known.items()),
            shares=tuple(rate(share) for share in fates.values()),
            reasons=tuple(word(share, "reasons") for share in fates.values()),
            benign=_benign(fates["kept"]),
            waiting=count(waiting) if waiting else "",
        )


def _benign(kept: Estimate | None) -> str:
    texts, of = extra(kept, "benign_texts"), extra(kept, "of_benign")
    return f"{texts:,.0f} of {of:,.0f}" if of and texts is not None else NONE


def _panel(page: Page, scope: PanelScope) -> GatePanel:
    pairs = {
        language: (worse_by(scope.get("gap", language.tag)), worse_by(whole))
        for language in scope.run.others()
        if (whole := scope.get("gap_ungated", language.tag)) is not None
    }
    gaps = [as_shown(gap) for pair in pairs.values() for gap in pair if gap is not None]
    axis = gap_axis(ends(gaps))
    translators = tuple(_translators(page, scope))
    return GatePanel(
        judge=scope.judge_position,
        model=scope.model_position,
        level=level(next((gap for gap in gaps if gap.low is not None), None)),
        axis=axis,
        gates=tuple(_gate_row(scope, language, pair, axis) for language, pair in pairs.items()),
        translators=translators,
        one_translator=len({row.translator for row in translators}) < 2,
    )


def _gate_row(
    scope: PanelScope,
    language: NamedLanguage,
    pair: tuple[Estimate | None, Estimate],
    axis: Axis,
) -> GateEffectRow:
    kept, whole = (
        unsafe(scope.get(metric, language.tag))
        for metric in ("safety_micro", "safety_micro_ungated")
    )
    selection = worse_by(scope.get("gate_selection", language.tag))
    places = zip(pair, (WITH_PX, WITHOUT_PX), range(2), strict=True)
    shown = ((gap and as_shown(gap), y, symbol) for gap, y, symbol in places)
    marks = (mark(axis, gap, y=y, symbol=symbol) for gap, y, symbol in shown)
    reference = scope.run.language_name(scope.run.reference)
    with_gate, without = (gap_figure(gap, language.name, reference) for gap in pair)
    words = (("with the gate", with_gate), ("without it", without))
    return GateEffectRow(
        language=language.name,
        tag=language.tag,
        unsafe=(rate(kept), rate(whole)),
        gap=(with_gate, without),
        marks=tuple(placed for placed in marks if placed is not None),
        selection=not_read(selection)
        if selection is not None and not is_interpretable(selection)
        else difference(selection),
        words="; ".join(
            f"{text} {gap.text} points ({gap.interval or gap.note})" for text, gap in words
        ),
    )


def _translators(page: Page, scope: PanelScope) -> Iterator[TranslatorRateRow]:
    """Yield a row for each translator of a language: alike but for the translator in `extra`."""
    for e in page.estimates:
        if (e.metric, e.judge, e.model) != ("unsafe_by_translator", scope.judge, scope.model):
            continue
        yield TranslatorRateRow(
            language=scope.run.language_name(e.language or ""),
            tag=e.language or "",
            translator=word(e, "translator"),
            texts=_whole(e, "texts"),
            kept=_whole(e, "texts_kept"),
            gated=_whole(e, "texts_gated"),
            unsafe=rate(e),
        )


def _whole(estimate: Estimate, name: str) -> str:
    return count(int(extra(estimate, name) or 0))
