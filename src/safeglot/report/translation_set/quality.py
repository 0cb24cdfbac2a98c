"""Estimates of quality: the table of means, and a histogram for each language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.figures import Figure, plain
from safeglot.report.numbers.percent import NONE, count
from safeglot.report.page import NamedLanguage
from safeglot.report.translation_set.view import (
    EstimatorView,
    Histogram,
    LanguageView,
    MeanSpread,
    TranslationsView,
)
from safeglot.types import KEPT

NO_TEXT = "no text"
"""What stands for a check where a translator gave nothing at all."""
HUMAN = "Human"
_HEIGHT = 80.0
_TOP = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """One estimator, or Human: a cell for each language, and one for all of them."""

    name: str
    proxy: bool
    screens: bool
    better: str
    cells: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTable:
    """The table that M-ALERT prints, for these translators and estimators."""

    rows: tuple[QualityRow, ...]
    human: bool
    uncovered: tuple[str, ...]


def context(view: TranslationsView) -> dict[str, Any]:
    """Return what the template needs."""
    return {"quality": table(view), "histograms": histograms(view)}


def table(view: TranslationsView) -> QualityTable:
    """Return the rows of the estimators and of people, and what is not covered."""
    rows = [_row(view, estimator) for estimator in view.estimators]
    human = _human(view)
    return QualityTable(
        rows=(*rows, human) if human else tuple(rows),
        human=human is not None,
        uncovered=tuple(_uncovered(view)),
    )


def overall(spreads: Sequence[MeanSpread]) -> MeanSpread | None:
    """Return mean and deviation over languages that weigh the same; None for no language."""
    if not spreads:
        return None
    mean = sum(spread.mean for spread in spreads) / len(spreads)
    squares = sum((spread.sd or 0.0) ** 2 + (spread.mean - mean) ** 2 for spread in spreads)
    n = sum(spread.n for spread in spreads)
    return MeanSpread(mean=mean, sd=(squares / len(spreads)) ** 0.5 if n > 1 else None, n=n)


def _better(estimator: EstimatorView) -> str:
    return "higher" if estimator.higher_is_better else "lower"


def _digits(estimator: EstimatorView) -> int:
    return 1 if abs(estimator.best - estimator.worst) > 25 else 2


def _row(view: TranslationsView, estimator: EstimatorView) -> QualityRow:
    name, digits = estimator.name, _digits(estimator)
    spreads = {o.language.tag: o.quality.get(name) for o in view.languages}
    cells = [_cell(s, digits, estimator.uncovered.get(tag)) for tag, s in spreads.items()]
    whole = overall([spread for spread in spreads.values() if spread is not None])
    return QualityRow(
        name=name,
        proxy=estimator.proxy,
        screens=estimator.screens,
        better=_better(estimator),
        cells=(*cells, _cell(whole, digits, None)),
    )


def _cell(spread: MeanSpread | None, digits: int, uncovered: str | None) -> Figure:
    if spread is None:
        return Figure(text=NONE, note="not covered" if uncovered else "")
    sd = "" if spread.sd is None else f" ± {plain(spread.sd, digits)}"
    return Figure(text=f"{plain(spread.mean, digits)}{sd}", n=count(spread.n))


def by_people(view: TranslationsView) -> dict[str, MeanSpread]:
    """Return what people say of the texts kept in each language: adequacy from 1 to 5, put on 0 to 1."""
    return {
        rated.language: MeanSpread(
            mean=(rated.adequacy.number - 1) / 4,
            sd=None if rated.sd is None else rated.sd / 4,
            n=rated.adequacy.n,
        )
        for rated in view.rated
        if rated.outcome == KEPT and rated.adequacy.number is not None
    }


def _human(view: TranslationsView) -> QualityRow | None:
    spreads = by_people(view)
    if not spreads:
        return None
    cells = [_cell(spreads.get(o.language.tag), 2, None) for o in view.languages]
    whole = _cell(overall(list(spreads.values())), 2, None)
    return QualityRow(
        name=HUMAN, proxy=False, screens=False, better="higher", cells=(*cells, whole)
    )


def _uncovered(view: TranslationsView) -> Iterator[str]:
    names = {o.language.tag: o.language.name for o in view.languages}
    for estimator in view.estimators:
        by_reason: dict[str, list[str]] = {}
        for tag, why in estimator.uncovered.items():
            bare = why.removeprefix("not covered: ")
            by_reason.setdefault(bare, []).append(names.get(tag, tag))
        for why, languages in by_reason.items():
            yield f"{estimator.name} does not cover {', '.join(languages)}: {why.rstrip('.')}."


# ---- histograms


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A number on the axis, or a threshold: where it stands, in percent of the width."""

    at: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramBar:
    """Texts of one outcome in one step."""

    name: str
    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One language."""

    language: NamedLanguage
    words: str
    bars: tuple[HistogramBar, ...]
    ticks: tuple[Tick, ...]
    limit: str
    bound: Tick | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plots:
    """One estimator, a plot for each language that has values."""

    name: str
    better: str
    plots: tuple[Plot, ...]


def histograms(view: TranslationsView) -> list[Plots]:
    """Return the histograms by estimator; an estimator without any value has none."""
    by_estimator = (
        Plots(
            name=estimator.name,
            better=_better(estimator),
            plots=tuple(
                _plot(o, estimator.name) for o in view.languages if estimator.name in o.shape
            ),
        )
        for estimator in view.estimators
    )
    return [plots for plots in by_estimator if plots.plots]


def _plot(view: LanguageView, name: str) -> Plot:
    shape, bound = view.shape[name], view.bounds.get(name)
    kept, gated = sum(shape.kept), sum(shape.gated)
    untested = ", untested" if name in view.untested else ""
    limit = "no threshold" if bound is None else f"threshold {bound:g}{untested}"
    spread = view.quality.get(name)
    mean = f", mean of those kept {plain(spread.mean)}" if spread else ""
    texts = f"{count(kept)} kept and {count(gated)} gated texts"
    return Plot(
        language=view.language,
        words=f"{view.language.name}: {texts}; {limit}{mean}",
        bars=tuple(_bars(shape)),
        ticks=tuple(_ticks(shape)),
        limit=limit,
        bound=None if bound is None else Tick(at=_at(shape, bound), text=f"{bound:g}"),
    )


def _at(shape: Histogram, number: float) -> str:
    inside = min(max(number, shape.low), shape.high)
    return f"{100 * (inside - shape.low) / (shape.high - shape.low):.2f}%"


def _bars(shape: Histogram) -> Iterator[HistogramBar]:
    most = max(k + g for k, g in zip(shape.kept, shape.gated, strict=True)) or 1
    wide = 100 / len(shape.kept)
    for step, (kept, gated) in enumerate(zip(shape.kept, shape.gated, strict=True)):
        top = _TOP + _HEIGHT
        for name, n in (("kept", kept), ("gated", gated)):
            height = _HEIGHT * n / most
            top -= height
            if n:
                yield HistogramBar(
                    name=name,
                    x=f"{wide * step + 0.15:.2f}%",
                    width=f"{wide - 0.3:.2f}%",
                    y=f"{top:.1f}",
                    height=f"{height:.1f}",
                )


def _ticks(shape: Histogram) -> Iterator[Tick]:
    anchors: Mapping[int, str] = {0: "start", 4: "end"}
    for step in (0, 2, 4):
        number = shape.low + (shape.high - shape.low) * step / 4
        yield Tick(at=_at(shape, number), text=f"{number:g}", anchor=anchors.get(step, "middle"))
