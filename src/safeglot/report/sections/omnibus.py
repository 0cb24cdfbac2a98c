"""Categories in which the languages differ at all: Cochran's Q, before any pair is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.figures import extra, plain
from safeglot.report.numbers.percent import NONE, count, p_value
from safeglot.report.page import Index, Page, Run

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
