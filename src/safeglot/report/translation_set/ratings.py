"""What people say of the texts, and how an estimator ranks them compared with people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.figures import Figure, plain, span
from safeglot.report.numbers.percent import DASH, NONE, count, percent
from safeglot.report.page import NamedLanguage
from safeglot.report.translation_set.view import Statistic, TranslationsView

NO_STATISTIC = Statistic(number=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRow:
    """The ratings of the kept, or the gated, texts of one language."""

    language: NamedLanguage
    outcome: str
    rated: str
    adequacy: Figure
    preserved: Figure
    alpha: Figure


def context(view: TranslationsView) -> dict[str, Any]:
    """Return what the template needs."""
    return {"ratings": list(_rows(view)), "correlations": correlations(view)}


def correlations(view: TranslationsView) -> list[tuple[str, tuple[Figure, ...]]]:
    """Return (estimator, its rank correlation with people in each language)."""
    by_language = {
        rated.language: rated.correlation for rated in view.rated if rated.outcome == "kept"
    }
    return [
        (
            estimator.name,
            tuple(
                _figure(by_language.get(o.language.tag, {}).get(estimator.name, NO_STATISTIC))
                for o in view.languages
            ),
        )
        for estimator in view.estimators
        if by_language
    ]


def _rows(view: TranslationsView) -> Iterator[RatingRow]:
    languages = {o.language.tag: o.language for o in view.languages}
    for rated in view.rated:
        yield RatingRow(
            language=languages[rated.language],
            outcome=rated.outcome,
            rated=f"{count(rated.adequacy.n)} of {count(rated.drawn)}",
            adequacy=_figure(rated.adequacy),
            preserved=_share_figure(rated.preserved),
            alpha=_figure(rated.alpha),
        )


def _figure(statistic: Statistic) -> Figure:
    if statistic.number is None:
        return Figure(text=NONE, note=statistic.why)
    low, high = statistic.low, statistic.high
    return Figure(
        text=plain(statistic.number),
        interval="" if low is None else span(low, high),
        n=count(statistic.n),
        note=statistic.why,
    )


def _share_figure(share: Statistic) -> Figure:
    if share.number is None or share.low is None or share.high is None:
        return _figure(share)
    interval = f"{percent(share.low)}{DASH}{percent(share.high)}"
    return Figure(text=f"{percent(share.number)}%", interval=interval, n=count(share.n))
