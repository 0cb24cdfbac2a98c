"""What became of the translations, and the numbers with and without the quality gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safeglot.report.figures import Figure, difference, extra, rate, word
from safeglot.report.page import Index, Language, Page, Run
from safeglot.report.percent import count, level, percent
from safeglot.report.plot import Axis, Mark, ends, gap_axis, mark
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


TEMPLATE = (
    '{% from "macros" import read, breakable, language, caveats, choose, figure, axis_row, grid, dot with context %}\n'
    """\
<section id="translations">
<h2>Translations</h2>
{{ read("of how many prompts each language has a text that was kept, and whether its safety and its gap hang on the ones that were taken out.",
        "that a kept text is a good translation: the checks and the estimate of quality are a sieve, and not equally fine in all languages. Only people who read both languages can tell.") }}
<div class="scroll" tabindex="0" role="region" aria-label="What became of the translations">
<table class="plot forest">
<caption><span class="cap">Harmful prompts, in percent of those whose translation has ended, with the Wilson interval. What the gate took out is not missing; what could not be translated is.</span></caption>
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="track"><span class="sr">Shares</span></th>{% for fate in ("kept", "gated", "failed") %}<th scope="col" class="num">{{ fate }}, %</th>{% endfor %}<th scope="col" class="num">benign prompts kept</th></tr></thead>
<tbody>
{% for row in translations.fates %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}{% if row.waiting %}<span class="under">{{ row.waiting }} not translated yet</span>{% endif %}</th><td class="track"><svg class="row" height="34" role="img" aria-label="{{ row.language }}: {{ row.words }}">{% for one in row.bar %}<rect class="seg t-{{ one.name }}" x="{{ one.x }}" width="{{ one.width }}" y="7" height="20"/>{% endfor %}</svg></td>{% for one in row.shares %}{{ figure(one, row.reasons[loop.index0]) }}{% endfor %}<td class="num">{{ row.benign }}</td></tr>
{% endfor %}
</tbody></table>
</div>
<ul class="legend" aria-label="What became of the texts">
{% for name, words in fate_words.items() %}<li><svg class="swatch" aria-hidden="true"><rect class="seg t-{{ name }}" width="100%" height="100%"/></svg>{{ words }}</li>{% endfor %}
</ul>
{% if not translations.has_gate %}<p>No text was taken out by a quality gate: there is nothing to compare the numbers with.</p>{% endif %}
{% if translations.panels %}{{ choose(run) }}{% endif %}
{% for table in translations.panels %}
<div class="panel" data-judge="{{ table.judge }}" data-model="{{ table.model }}"{% if not loop.first %} hidden{% endif %}>
{% if table.gates %}
<h3>With and without the gate</h3>
<p>Where the two gaps agree, the finding does not hang on the gate. Where they differ, the prompts that were taken out differ from the rest: through their translation, or because they are other prompts. The two together do not say which.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Gap with and without the gate">
<table class="plot forest">
<caption><span class="cap">{{ breakable(run.models[table.model]) }}: {{ macro_name }} safety minus that in {{ reference }} on the same prompts, in percentage points, with {{ table.level }} intervals. Upper mark: the kept prompts; lower mark: these and the gated ones. Safety is that of all prompts together (micro), in percent. Selection: what keeping these prompts does to safety in {{ reference }}, in points.</span></caption>
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="track"><span class="sr">Gap</span>{{ axis_row(table.axis, "") }}</th><th scope="col" class="num">gap, kept</th><th scope="col" class="num">gap, with the gated</th><th scope="col" class="num">safe, kept</th><th scope="col" class="num">safe, with the gated</th><th scope="col" class="num">selection</th></tr></thead>
<tbody>
{% for row in table.gates %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th><td class="track"><svg class="row" height="44" role="img" aria-label="{{ row.language }}: {{ row.words }}">{{ grid(table.axis, (0,)) }}{% for one in row.marks %}{{ dot(one, "k" ~ one.symbol) }}{% endfor %}</svg></td>{% for one in row.gap %}{{ figure(one) }}{% endfor %}{% for one in row.safety %}{{ figure(one) }}{% endfor %}{{ figure(row.selection) }}</tr>
{% endfor %}
</tbody></table>
</div>
<ul class="legend" aria-label="With and without the gate">
{% for words in ("kept prompts", "with the gated prompts") %}<li><svg class="k k{{ loop.index0 }}" aria-hidden="true"><use href="#k{{ loop.index0 }}" width="14" height="14"/></svg>{{ words }}</li>{% endfor %}
</ul>
{% endif %}
{% if table.translators and not table.one_translator %}
<h3>By translator</h3>
<p class="small">All texts of a translator that were asked, whether the run took them or not. The translators of a language need not have had the same prompts: one may have failed, and of a gated prompt only the best text is asked. On the same prompts they are compared under the causes of the gap.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Unsafe answers by translator">
<table class="rows">
<thead><tr><th scope="col" class="first">Language</th><th scope="col">translator</th><th scope="col" class="num">texts asked</th><th scope="col" class="num">kept</th><th scope="col" class="num">gated</th><th scope="col" class="num">unsafe, %</th></tr></thead>
<tbody>
{% for row in table.translators %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th><td class="long">{{ breakable(row.translator) }}</td><td class="num">{{ row.texts }}</td><td class="num">{{ row.kept }}</td><td class="num">{{ row.gated }}</td>{{ figure(row.unsafe) }}</tr>
{% endfor %}
</tbody></table>
</div>
{% endif %}
{{ caveats(run, table.judge) }}
</div>
{% endfor %}
</section>
"""
)
