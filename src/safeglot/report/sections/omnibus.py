"""Categories in which the languages differ at all: Cochran's Q, before any pair is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.figures import extra, plain
from safeglot.report.numbers.percent import count, p_value
from safeglot.report.page import PanelScope
from safeglot.text.rounding import below
from safeglot.types import Estimate

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
    epsilon: str
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


def omnibus_table(scope: PanelScope) -> OmnibusTable | None:
    """Return the table of a judge and a model, None where no category was tested."""
    tests = [test for test in scope.all("cochran_q") if test.category is not None]
    ordered = sorted(tests, key=lambda test: p if (p := extra(test, "p")) is not None else 2.0)
    rows = tuple(_row(test) for test in ordered)
    return OmnibusTable(rows=rows, summary=_summary(rows)) if rows else None


def _row(test: Estimate) -> OmnibusRow:
    p_holm, p_bh, df = (extra(test, name) for name in ("p_holm", "p_bh", "df"))
    word = _reading(p_holm, p_bh)
    return OmnibusRow(
        category=test.category or "",
        n=count(test.n),
        q=plain(test.value, 1),
        df=plain(df, 1),
        epsilon=plain(extra(test, "epsilon"), 2),
        eta2=plain(extra(test, "eta2"), 3),
        p=p_value(extra(test, "p")),
        p_holm=p_value(p_holm),
        p_bh=p_value(p_bh),
        reading=word,
        differs=word == DIFFERS,
    )


def _reading(p_holm: float | None, p_bh: float | None) -> str:
    if p_holm is None and p_bh is None:
        return MUTE
    if p_holm is not None and below(p_holm, CLAIM):
        return DIFFERS
    return SCREENED if p_bh is not None and below(p_bh, SCREEN) else QUIET


def _summary(rows: tuple[OmnibusRow, ...]) -> str:
    readings = [row.reading for row in rows]
    tested = len(readings) - readings.count(MUTE)
    return (
        f"{count(tested)} categories tested: in {readings.count(DIFFERS) or 'none'} the languages differ "
        f"(Holm, 5%), {readings.count(SCREENED) or 'none'} more on the screen only (Benjamini-Hochberg, "
        "10%)."
    )
