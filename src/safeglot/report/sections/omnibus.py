"""Categories in which the languages differ at all: Cochran's Q, before any pair is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.figures import extra, plain
from safeglot.report.page import Index, Page, Run
from safeglot.report.percent import NONE, count, p_value

CLAIM, SCREEN = 0.05, 0.10
"""Levels of the claim (Holm) and of the screen (Benjamini-Hochberg)."""
DIFFERS = "languages differ"
SCREENED = "on the screen only"
QUIET = "no evidence of a difference"
MUTE = "not tested"


@dataclass(frozen=True, slots=True, kw_only=True)
class OmnibusRow:
    """One category as printed."""

    category: str
    n: str
    q: str
    df: str
    eta2: str
    p: str
    p_holm: str
    p_bh: str
    reading: str
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OmnibusTable:
    """One panel, the categories with the smallest p first."""

    rows: tuple[OmnibusRow, ...]
    summary: str


def omnibus_tables(page: Page, index: Index) -> dict[tuple[int, int], OmnibusTable]:
    """Build the table of each judge and model that has one, by their positions."""
    run = page.run
    found = {
        (judge, model): _table(run, index, judge=judge, model=model)
        for judge in range(len(run.judges))
        for model in range(len(run.models))
        if index.has("cochran_q")
    }
    return {at: table for at, table in found.items() if table.rows}


def _table(run: Run, index: Index, *, judge: int, model: int) -> OmnibusTable:
    found = [
        one
        for one in index.of("cochran_q", run.models[model], judge=run.judges[judge])
        if one.category is not None
    ]
    ordered = sorted(found, key=lambda one: p if (p := extra(one, "p")) is not None else 2.0)
    rows = tuple(
        OmnibusRow(
            category=one.category or "",
            n=count(one.n),
            q=plain(one.value, 1),
            df=NONE if (df := extra(one, "df")) is None else f"{df:g}",
            eta2=plain(extra(one, "eta2"), 3),
            p=p_value(extra(one, "p")),
            p_holm=p_value(extra(one, "p_holm")),
            p_bh=p_value(extra(one, "p_bh")),
            reading=(said := _reading(extra(one, "p_holm"), extra(one, "p_bh"))),
            differs=said == DIFFERS,
        )
        for one in ordered
    )
    return OmnibusTable(rows=rows, summary=_summary(rows))


def _reading(p_holm: float | None, p_bh: float | None) -> str:
    if p_holm is None and p_bh is None:
        return MUTE
    if p_holm is not None and p_holm < CLAIM:
        return DIFFERS
    return SCREENED if p_bh is not None and p_bh < SCREEN else QUIET


def _summary(rows: tuple[OmnibusRow, ...]) -> str:
    said = [row.reading for row in rows]
    tested = len(said) - said.count(MUTE)
    return (
        f"{count(tested)} categories tested: in {said.count(DIFFERS) or 'none'} the languages differ "
        f"(Holm, 5%), {said.count(SCREENED) or 'none'} more on the screen only (Benjamini-Hochberg, "
        "10%)."
    )


TEMPLATE = """\
{% set q = omnibus.get((table.judge, table.model)) %}
{% if q %}
<h3>Categories in which languages differ at all</h3>
<p>{{ q.summary }}</p>
<p class="small">Cochran's Q asks of all languages at once. It tells you in which categories to look for a difference; not which language differs, nor how much. Those on the screen only are candidates for a second run: one in ten of what the two columns name may be there by chance. &eta;&sup2; is the size of the difference, 0 for none and 1 for the largest possible.</p>
<details class="fold"><summary>All {{ q.rows | length }} categories</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Categories in which languages differ">
<table class="rows">
<thead><tr><th scope="col" class="first">Category</th><th scope="col" class="num">Q</th><th scope="col" class="num">df</th><th scope="col" class="num">&eta;&sup2;</th><th scope="col" class="num">p</th><th scope="col" class="num">p&nbsp;(Holm)</th><th scope="col" class="num">p&nbsp;(BH)</th><th scope="col" class="num">n&nbsp;prompts</th><th scope="col">reading</th></tr></thead>
<tbody>
{% for row in q.rows %}<tr><th scope="row" class="first">{{ row.category }}</th><td class="num strong">{{ row.q }}</td><td class="num">{{ row.df }}</td><td class="num">{{ row.eta2 }}</td><td class="num">{{ row.p }}</td><td class="num">{{ row.p_holm }}</td><td class="num">{{ row.p_bh }}</td><td class="num">{{ row.n }}</td><td{% if row.differs %} class="strong"{% endif %}>{{ row.reading }}</td></tr>
{% endfor %}
</tbody></table>
</div></details>
{% endif %}
"""
