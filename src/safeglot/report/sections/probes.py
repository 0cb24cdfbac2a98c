"""What probes show: each variant of the prompts against the prompts themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safeglot.report.figures import Figure, difference, extra, rate, word
from safeglot.report.page import Page, Run
from safeglot.report.percent import count, level, p_value
from safeglot.report.plot import Axis, Mark, ends, gap_axis, mark
from safeglot.types import Estimate

NAMES = {
    "framing": "framing",
    "codeswitch": "code-switching",
    "translit": "transliteration",
    "context": "local context",
    "dialect": "dialect",
}
"""Name of a factor as it is printed; others go by their own."""
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


def probe_panels(page: Page) -> list[Probes]:
    """Build a panel for each judge and model that has any; none for a run without probes.

    Several estimates are alike but for the variant in `extra`: they are read from the list.
    """
    found: dict[tuple[str | None, str | None], list[Estimate]] = {}
    for one in page.estimates:
        if one.metric in METRICS:
            found.setdefault((one.judge, one.model), []).append(one)
    return [
        _panel(page.run, found[judge, model], at=(j, m))
        for j, judge in enumerate(page.run.judges)
        for m, model in enumerate(page.run.models)
        if (judge, model) in found
    ]


def spelled(variant: str) -> str:
    """Print a variant's factors as a reader knows them: "framing: story + code-switching: word"."""
    return " + ".join(_level(level) for level in variant.split("+"))


def _level(level: str) -> str:
    name, _, value = level.partition("=")
    shown = NAMES.get(name, name)
    return f"{shown}: {value}" if value else shown


def _panel(run: Run, told: Sequence[Estimate], *, at: tuple[int, int]) -> Probes:
    effects = [one for one in told if one.metric == "probe_effect"]
    axis = gap_axis(ends(effects))
    names = dict.fromkeys(word(one, "variant") for one in effects)
    return Probes(
        judge=at[0],
        model=at[1],
        level=level(next((one for one in effects if one.low is not None), None)),
        axis=axis,
        variants=tuple(_variant(run, told, name, axis) for name in names),
        factors=tuple(_factors(run, told)),
        unkept=any(extra(one, "unkept") for one in effects),
    )


def _variant(run: Run, told: Sequence[Estimate], name: str, axis: Axis) -> VariantTable:
    own = [one for one in told if word(one, "variant") == name and one.metric != "factor_effect"]
    rows, left_out = [], []
    for language in run.languages:
        here = {
            (one.metric, word(one, "parent")): one for one in own if one.language == language.tag
        }
        if ("probe_unsafe", "") in here:
            rows.append(_row(language.name, language.tag, here, axis))
        elif here:
            left_out.append(language.name)
    return VariantTable(
        name=spelled(name),
        both_parents=any(word(one, "parent") == "reference" for one in own),
        rows=tuple(rows),
        left_out=tuple(left_out),
    )


def _row(name: str, tag: str, here: dict[tuple[str, str], Estimate], axis: Axis) -> ProbeRow:
    own, other = (here.get(("probe_effect", parent)) for parent in ("language", "reference"))
    found = [(own, OWN_PX if other else (OWN_PX + OTHER_PX) / 2, 0), (other, OTHER_PX, 1)]
    marks = (mark(axis, one, y=y, symbol=symbol) for one, y, symbol in found)
    unkept = extra(own, "unkept")
    said = [
        f"against {words} {difference(one).text} points ({difference(one).interval})"
        for words, one in (("its own texts", own), ("the reference's", other))
        if one is not None
    ]
    return ProbeRow(
        language=name,
        tag=tag,
        unsafe=rate(here["probe_unsafe", ""]),
        own=difference(own),
        other=difference(other),
        interaction=difference(here.get(("probe_interaction", ""))),
        unkept=count(int(unkept)) if unkept else "–",
        marks=tuple(one for one in marks if one is not None),
        words="; ".join(said),
    )


def _factors(run: Run, told: Sequence[Estimate]) -> Iterator[FactorRow]:
    for one in told:
        if one.metric != "factor_effect":
            continue
        yield FactorRow(
            language=run.language_name(one.language or ""),
            tag=one.language or "",
            factor=" × ".join(_level(level) for level in word(one, "factor").split(" x ")),
            effect=difference(one),
            p=p_value(extra(one, "p_holm")),
        )


TEMPLATE = (
    '{% from "macros" import read, breakable, language, caveats, choose, figure, axis_row, grid, dot with context %}\n'
    """\
<section id="probes">
<h2>Probes</h2>
{{ choose(run) }}
{{ read("by how many points the share of unsafe answers moves when the same prompt is put in another way. Right of the line: the variant gets more unsafe answers.",
        "why: a variant that the model does not understand looks safe. Read a fall together with the kinds of answers, and with how many texts still ask for the same.") }}
{% for table in probes %}
<div class="panel" data-judge="{{ table.judge }}" data-model="{{ table.model }}"{% if not loop.first %} hidden{% endif %}>
{% for one in table.variants %}
<h3>{{ one.name }}</h3>
{% if one.rows %}
<div class="scroll" tabindex="0" role="region" aria-label="{{ one.name }}">
<table class="plot forest">
<caption><span class="cap">{{ breakable(run.models[table.model]) }}: unsafe answers to the variant less unsafe answers to the prompt itself, in percentage points, paired by prompt, with {{ table.level }} intervals.{% if one.both_parents %} Upper mark: against the text in the same language; lower mark: against the text in {{ reference }}.{% endif %}</span></caption>
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="track"><span class="sr">Effect</span>{{ axis_row(table.axis, "") }}</th><th scope="col" class="num">unsafe, %</th><th scope="col" class="num">against its own texts</th>{% if one.both_parents %}<th scope="col" class="num">against {{ reference }}</th>{% endif %}<th scope="col" class="num">more than in {{ reference }}</th>{% if table.unkept %}<th scope="col" class="num">texts left out</th>{% endif %}</tr></thead>
<tbody>
{% for row in one.rows %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th><td class="track"><svg class="row" height="44" role="img" aria-label="{{ row.language }}: {{ row.words }}">{{ grid(table.axis, (0,)) }}{% for each in row.marks %}{{ dot(each, "k" ~ each.symbol) }}{% endfor %}</svg></td>{{ figure(row.unsafe) }}{{ figure(row.own) }}{% if one.both_parents %}{{ figure(row.other) }}{% endif %}{{ figure(row.interaction) }}{% if table.unkept %}<td class="num">{{ row.unkept }}</td>{% endif %}</tr>
{% endfor %}
</tbody></table>
</div>
{% if one.both_parents %}<ul class="legend" aria-label="Parents">
{% for words in ("against its own texts", "against the texts in " ~ reference) %}<li><svg class="k k{{ loop.index0 }}" aria-hidden="true"><use href="#k{{ loop.index0 }}" width="14" height="14"/></svg>{{ words }}</li>{% endfor %}
</ul>{% endif %}
{% endif %}
{% if one.left_out %}<p class="small">Not told in {{ one.left_out | join(", ") }}: written in Latin letters already, so there is nothing to transliterate.</p>{% endif %}
{% endfor %}
{% if table.factors %}
<h3>Factors that were crossed</h3>
<p class="small">The effect of a factor is its mean over the levels of the others, on prompts that were put in every combination. Two factors joined by × tell by how much more one does where the other is there too. p is adjusted (Holm) over the languages and levels of the same factor.</p>
<div class="scroll slim" tabindex="0" role="region" aria-label="Effects of crossed factors">
<table class="rows">
<thead><tr><th scope="col" class="first">Language</th><th scope="col">factor</th><th scope="col" class="num">effect, points</th><th scope="col" class="num">p&nbsp;(Holm)</th></tr></thead>
<tbody>
{% for row in table.factors %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th><td>{{ row.factor }}</td>{{ figure(row.effect) }}<td class="num">{{ row.p }}</td></tr>
{% endfor %}
</tbody></table>
</div>
{% endif %}
{% if table.unkept %}<p class="small">Texts left out did not pass the manipulation check: they no longer ask for the same, or are not in the language they should be in. They were asked and judged; <code>effect_with_unkept</code> in the results has them in.</p>{% endif %}
<p class="small">The intervals are not adjusted for the number of variants and languages: of many, some leave out zero by chance.</p>
{{ caveats(run, table.judge) }}
</div>
{% endfor %}
</section>
"""
)
