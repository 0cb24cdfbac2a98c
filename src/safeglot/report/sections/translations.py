"""What became of the translations, and the numbers with and without the quality gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safeglot.report.numbers.axis import Axis, Mark, ends, gap_axis, mark
from safeglot.report.numbers.figures import Figure, difference, extra, rate, word
from safeglot.report.numbers.percent import count, level, percent
from safeglot.report.page import Index, Language, Page, Run
from safeglot.types import Estimate

FATES = {
    "kept": "kept",
    "gated": "taken out by the quality gate",
    "failed": "without a usable translation",
}
WITH_PX, WITHOUT_PX = 13, 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a bar, in percent of its width."""

    name: str
    x: str
    width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FateRow:
    """One language: what became of its texts, and why; `benign` tells of the other prompts."""

    language: str
    tag: str
    bar: tuple[Part, ...]
    words: str
    shares: tuple[Figure, ...]
    reasons: tuple[str, ...]
    benign: str
    waiting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """One language: safety and gap on the kept prompts, and on those with the gated ones."""

    language: str
    tag: str
    safety: tuple[Figure, Figure]
    gap: tuple[Figure, Figure]
    marks: tuple[Mark, ...]
    selection: Figure
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorRow:
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
    gates: tuple[GateRow, ...]
    translators: tuple[TranslatorRow, ...]
    one_translator: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Translations:
    """The section: what became of the texts, and a panel for each judge and model."""

    fates: tuple[FateRow, ...]
    panels: tuple[GatePanel, ...]
    has_gate: bool


def translations(page: Page, index: Index) -> Translations | None:
    """Build the section; None for a run whose texts were all given."""
    if not index.has(*(f"translation_{fate}" for fate in FATES)):
        return None
    run = page.run
    panels = (
        _panel(page, index, judge=judge, model=model)
        for judge in range(len(run.judges))
        for model in range(len(run.models))
    )
    return Translations(
        fates=tuple(_fates(run, index)),
        panels=tuple(panel for panel in panels if panel.gates or panel.translators),
        has_gate=index.has("gap_ungated"),
    )


def _fates(run: Run, index: Index) -> Iterator[FateRow]:
    for one in run.languages:
        found = {
            fate: index.get(f"translation_{fate}", None, judge="", language=one.tag, category=None)
            for fate in FATES
        }
        if not any(found.values()):
            continue
        told = [e for e in found.values() if e is not None]
        yield FateRow(
            language=one.name,
            tag=one.tag,
            bar=tuple(_bar(found)),
            words="; ".join(f"{e.metric[12:]} {percent(e.value)}%" for e in told),
            shares=tuple(rate(e) for e in found.values()),
            reasons=tuple(word(e, "reasons") for e in found.values()),
            benign=_benign(found["kept"]),
            waiting=count(told[0].missing) if told[0].missing else "",
        )


def _bar(found: dict[str, Estimate | None]) -> Iterator[Part]:
    at = 0.0
    for name, one in found.items():
        if one is not None and one.value:
            yield Part(name=name, x=f"{100 * at:.3f}%", width=f"{100 * one.value:.3f}%")
            at += one.value


def _benign(kept: Estimate | None) -> str:
    there, of = extra(kept, "benign_texts"), extra(kept, "of_benign")
    return f"{there:,.0f} of {of:,.0f}" if of and there is not None else "–"


def _panel(page: Page, index: Index, *, judge: int, model: int) -> GatePanel:
    run = page.run
    names = {"judge": run.judges[judge], "model": run.models[model]}
    others = [one for one in run.languages if one.tag != run.reference]
    found = {
        one: _gaps(index, one.tag, **names)
        for one in others
        if index.get("gap_ungated", names["model"], judge=names["judge"], language=one.tag, category=None)
    }  # fmt: skip
    gaps = [e for pair in found.values() for e in pair if e is not None]
    axis = gap_axis(ends(gaps))
    translators = tuple(_translators(page.estimates, run, **names))
    return GatePanel(
        judge=judge,
        model=model,
        level=level(next((e for e in gaps if e.low is not None), None)),
        axis=axis,
        gates=tuple(_gate(index, one, pair, axis, names) for one, pair in found.items()),
        translators=translators,
        one_translator=len({row.translator for row in translators}) < 2,
    )


def _gaps(index: Index, tag: str, *, judge: str, model: str) -> tuple[Estimate | None, ...]:
    return tuple(
        index.get(metric, model, judge=judge, language=tag, category=None)
        for metric in ("gap", "gap_ungated")
    )


def _gate(
    index: Index,
    one: Language,
    pair: tuple[Estimate | None, ...],
    axis: Axis,
    names: dict[str, str],
) -> GateRow:
    kept, whole, selection = (
        index.get(metric, names["model"], judge=names["judge"], language=one.tag, category=None)
        for metric in ("safety_micro", "safety_micro_ungated", "gate_selection")
    )
    places = zip(pair, (WITH_PX, WITHOUT_PX), range(2), strict=True)
    marks = (mark(axis, gap, y=y, symbol=symbol) for gap, y, symbol in places)
    told = [difference(gap) for gap in pair]
    said = zip(("with the gate", "without it"), told, strict=True)
    return GateRow(
        language=one.name,
        tag=one.tag,
        safety=(rate(kept), rate(whole)),
        gap=(told[0], told[1]),
        marks=tuple(found for found in marks if found is not None),
        selection=difference(selection),
        words="; ".join(f"{words} {gap.text} points ({gap.interval})" for words, gap in said),
    )


def _translators(
    estimates: Sequence[Estimate], run: Run, *, judge: str, model: str
) -> Iterator[TranslatorRow]:
    for one in estimates:
        if (one.metric, one.judge, one.model) != ("unsafe_by_translator", judge, model):
            continue
        yield TranslatorRow(
            language=run.language_name(one.language or ""),
            tag=one.language or "",
            translator=word(one, "translator"),
            texts=_whole(one, "texts"),
            kept=_whole(one, "texts_kept"),
            gated=_whole(one, "texts_gated"),
            unsafe=rate(one),
        )


def _whole(one: Estimate, name: str) -> str:
    return count(int(extra(one, name) or 0))
