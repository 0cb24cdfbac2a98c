"""The chart of a run whose finding is the language that is answered in: answers in English, by language."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.finding.small_run import WORTH, in_english
from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.percent import counted, percent
from safeglot.report.page import PanelScope
from safeglot.report.saved_figure import FigureSource, SavedFigure
from safeglot.report.sections.finding.languages import FIRST_LANGUAGES, MOST_LANGUAGES, ChartRow

HALF = 0.5
WHOLE = Axis(low=0.0, high=1.0, ticks=(0.0, 0.5, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnglishChart:
    """A row a language, most English first."""

    rows: tuple[ChartRow, ...]
    half: str
    saved: SavedFigure


def english_chart(scope: PanelScope) -> EnglishChart | None:
    """Return the share of answers in English of each other language; None where none was measured."""
    rates = in_english(scope)
    if not rates or (rates[0][1].value or 0.0) < WORTH:
        return None
    source = FigureSource(run=scope.run, model=scope.model)
    cells = [(o.tag, e.value, e.low, e.high, e.n) for o, e in rates]
    return EnglishChart(
        rows=tuple(
            ChartRow(
                name=language.name,
                look="worse" if at_least_half(rate.low) else "same",
                at=WHOLE.at(rate.value or 0.0),
                low=WHOLE.at(rate.low or 0.0),
                high=WHOLE.at(1.0 if rate.high is None else rate.high),
                rate=f"{percent(rate.value, 0)}%",
                gap=counted(rate),
                interval=f"{percent(rate.low, 0)} to {percent(rate.high, 0)}",
                is_folded=len(rates) > MOST_LANGUAGES and FIRST_LANGUAGES <= place < len(rates) - 1,
            )
            for place, (language, rate) in enumerate(rates)
        ),
        half=WHOLE.at(HALF),
        saved=source.figure("english", ("language", "in_english", "low", "high", "n"), cells),
    )


def at_least_half(low: float | None) -> bool:
    """Return whether a language is answered in English more often than not, beyond chance."""
    return low is not None and low > HALF
