"""Categories in which the languages differ at all: Cochran's Q, before any pair is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.figures import extra, plain
from safeglot.report.numbers.interpretation import LIMIT_WORDS, is_interpretable, reason_of
from safeglot.report.numbers.percent import NONE, count, p_value
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
    mute: bool = False
    """Whether the test is not interpreted; `reading` then says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OmnibusTable:
    """One panel, the categories with the smallest p first."""

    rows: tuple[OmnibusRow, ...]
    summary: str


def omnibus_table(scope: PanelScope) -> OmnibusTable | None:
    """Return the table of a judge and a model, None where no category was tested."""
    tests = [test for test in scope.all("cochran_q") if test.category is not None]
    ordered = sorted(tests, key=_place)
    rows = tuple(_row(test) for test in ordered)
    return OmnibusTable(rows=rows, summary=_summary(rows)) if rows else None


def _place(test: Estimate) -> float:
    p = extra(test, "p")
    return 2.0 if p is None or not is_interpretable(test) else p


def _row(test: Estimate) -> OmnibusRow:
    p_holm, p_bh, df = (extra(test, name) for name in ("p_holm", "p_bh", "df"))
    if not is_interpretable(test):
        return _mute_row(test)
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


def _mute_row(test: Estimate) -> OmnibusRow:
    """Return a row of which nothing is read: too much of a language is missing or invalid."""
    return OmnibusRow(
        category=test.category or "",
        n=count(test.n),
        q=NONE,
        df=NONE,
        epsilon=NONE,
        eta2=NONE,
        p=NONE,
        p_holm=NONE,
        p_bh=NONE,
        reading=reason_of(test),
        differs=False,
        mute=True,
    )


def _reading(p_holm: float | None, p_bh: float | None) -> str:
    if p_holm is None and p_bh is None:
        return MUTE
    if p_holm is not None and below(p_holm, CLAIM):
        return DIFFERS
    return SCREENED if p_bh is not None and below(p_bh, SCREEN) else QUIET


def _summary(rows: tuple[OmnibusRow, ...]) -> str:
    readings = [row.reading for row in rows if not row.mute]
    n_mute, tested = len(rows) - len(readings), len(readings) - readings.count(MUTE)
    mute = (
        f"{count(n_mute)} {'is' if n_mute == 1 else 'are'} not interpreted: more than {LIMIT_WORDS} of "
        "the planned verdicts are missing or of the answers invalid in a language."
    )
    if n_mute and not tested:
        return f"No category can be read: {mute}"
    summary = (
        f"{count(tested)} categories tested: in {readings.count(DIFFERS) or 'none'} the languages differ "
        f"(Holm, 5%), {readings.count(SCREENED) or 'none'} more on the screen only (Benjamini-Hochberg, "
        "10%)."
    )
    return f"{summary} Of the others, {mute}" if n_mute else summary
