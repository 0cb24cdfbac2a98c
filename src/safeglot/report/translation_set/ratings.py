"""What people say of the texts, and how an estimator ranks them compared with people."""

from __future__ import annotations

from typing import Any

from safeglot.report.numbers.figures import Figure, plain, span
from safeglot.report.numbers.percent import DASH, NONE, count, percent
from safeglot.report.translation_set.view import Statistic, TranslationsView

NO_STATISTIC = Statistic(number=None)


def context(view: TranslationsView) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "names": {o.language.tag: o.language.name for o in view.languages},
        "figure_of": figure_of,
        "share_of": share_of,
        "correlations": correlations(view),
    }


def correlations(view: TranslationsView) -> list[tuple[str, tuple[Figure, ...]]]:
    """Return (estimator, its rank correlation with people in each language)."""
    by_language = {
        rated.language: rated.correlation for rated in view.rated if rated.outcome == "kept"
    }
    return [
        (
            estimator.name,
            tuple(
                figure_of(by_language.get(o.language.tag, {}).get(estimator.name, NO_STATISTIC))
                for o in view.languages
            ),
        )
        for estimator in view.estimators
        if by_language
    ]


def figure_of(statistic: Statistic) -> Figure:
    """Return a number with its interval, or why there is none."""
    if statistic.number is None:
        return Figure(text=NONE, note=statistic.why)
    low, high = statistic.low, statistic.high
    return Figure(
        text=plain(statistic.number),
        interval="" if low is None else span(low, high),
        n=count(statistic.n),
        note=statistic.why,
    )


def share_of(share: Statistic) -> Figure:
    """Return a share in percent; one without an interval as a plain number."""
    if share.number is None or share.low is None or share.high is None:
        return figure_of(share)
    interval = f"{percent(share.low)}{DASH}{percent(share.high)}"
    return Figure(text=f"{percent(share.number)}%", interval=interval, n=count(share.n))
