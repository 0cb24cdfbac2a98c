"""The second view of the heat map: cells shrunk towards their macro category, for the eye only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safeglot.report.bands import Band, band_of
from safeglot.report.figures import extra
from safeglot.report.heatmap import HeatMap
from safeglot.report.page import Index, Language, Page, Run
from safeglot.report.percent import NONE, interval, level, n_of, percent
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkSquare:
    """One cell of the shrunk view."""

    rate: str
    band: Band
    tip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkRow:
    """One category over the languages."""

    category: str
    n: str
    squares: tuple[ShrunkSquare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkMap:
    """One panel: (macro category, its rows)."""

    judge: int
    model: int
    groups: tuple[tuple[str, tuple[ShrunkRow, ...]], ...]


def shrunk_maps(page: Page, index: Index, maps: Sequence[HeatMap]) -> list[ShrunkMap]:
    """Build the second view of each heat map, in the same order of categories."""
    if not index.has("safety_shrunk"):
        return []
    return [_map(page.run, index, one) for one in maps]


def _map(run: Run, index: Index, raw: HeatMap) -> ShrunkMap:
    names = {"judge": run.judges[raw.judge], "model": run.models[raw.model]}
    groups = []
    for group in raw.groups:
        rows = [
            ShrunkRow(
                category=row.category,
                n=row.n,
                squares=tuple(
                    _square(
                        index.get(
                            "safety_shrunk", **names, language=one.tag, category=row.category
                        ),
                        one,
                        row.category,
                    )
                    for one in run.languages
                ),
            )
            for row in group.rows
        ]
        groups.append((group.name, tuple(rows)))
    return ShrunkMap(judge=raw.judge, model=raw.model, groups=tuple(groups))


def _square(one: Estimate | None, language: Language, category: str) -> ShrunkSquare:
    head = f"{category}, {language.name} ({language.tag})"
    if one is None or one.value is None:
        return ShrunkSquare(rate=NONE, band=band_of(None), tip=f"{head}\nno data")
    raw = extra(one, "raw")
    lines = [
        head,
        f"{percent(one.value, 2)}% after shrinking, {level(one)} interval {interval(one, 2)}%",
        f"{percent(raw, 2)}% as counted, {n_of(one.n)}" if raw is not None else n_of(one.n),
        "For looking, not for claims.",
    ]
    return ShrunkSquare(rate=percent(one.value), band=_point(one), tip="\n".join(lines))


def _point(one: Estimate) -> Band:
    """Say how a shrunk cell looks; it never certifies anything."""
    return band_of(Estimate(metric=one.metric, value=one.value, method=one.method, n=one.n))


TEMPLATE = (
    '{% from "macros" import mark, breakable, caveats with context %}\n'
    """\
{% for map in shrunk_maps %}
<div class="panel" data-judge="{{ map.judge }}" data-model="{{ map.model }}" data-view="shrunk" hidden>
<div class="scroll{% if run.languages | length < 4 %} slim{% endif %}">
<table class="heat" role="grid" aria-label="Shrunk safety by category and language">
<caption><span class="cap">{{ breakable(run.models[map.model]) }}: answers labelled safe, in percent, after shrinking: small cells borrow from the other cells of their macro category.{% if run.judges | length > 1 %} Judge: {{ run.judges[map.judge] }}.{% endif %}</span></caption>
<thead><tr><th scope="col" class="first">Category</th><th scope="col" class="num">n</th>
{% for one in run.languages %}<th scope="col" class="num">{{ one.tag }}{% if run.languages | length <= 12 and one.name != one.tag %}<span class="name">{{ one.name }}</span>{% else %}<span class="sr"> {{ one.name }}</span>{% endif %}</th>{% endfor %}</tr></thead>
{% for name, rows in map.groups %}
<tbody>
{% if name %}<tr><th scope="rowgroup" class="macro" colspan="{{ run.languages | length + 2 }}"><span class="cap">{{ name }}</span></th></tr>{% endif %}
{% for row in rows %}
<tr><th scope="row" class="first">{{ breakable(row.category) }}</th><td class="n num">{{ row.n }}</td>
{% for one in row.squares %}<td class="{{ one.band.shade }}" tabindex="-1" data-tip="{{ one.tip }}"><span class="fit">{% if one.band.name %}{{ mark(one.band.mark) }}{% endif %}<span>{{ one.rate }}</span></span></td>
{% endfor %}</tr>
{% endfor %}
</tbody>
{% endfor %}
</table>
</div>
{{ caveats(run, map.judge) }}
{% include "legend" %}
</div>
{% endfor %}
"""
)
