"""Estimates of quality: the table of means, and a histogram for each language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.axis import Axis
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


def context(view: TranslationsView) -> dict[str, Any]:
    """Return what the template needs."""
    return {"quality": rows(view), "uncovered": uncovered(view), "histograms": histograms(view)}


def rows(view: TranslationsView) -> list[tuple[EstimatorView, list[Figure]]]:
    """Return each estimator, and people, with a cell for each language and one for all of them."""
    found = [(one, [o.quality.get(one.name) for o in view.languages]) for one in view.estimators]
    if people := by_people(view):
        human = EstimatorView(name=HUMAN, worst=0.0, best=1.0, proxy=False)
        found.append((human, [people.get(o.language.tag) for o in view.languages]))
    return [(one, _cells(view, one, spreads)) for one, spreads in found]


def overall(spreads: Sequence[MeanSpread]) -> MeanSpread | None:
    """Return mean and deviation over languages that weigh the same; None for no language."""
    if not spreads:
        return None
    mean = sum(spread.mean for spread in spreads) / len(spreads)
    squares = sum((spread.sd or 0.0) ** 2 + (spread.mean - mean) ** 2 for spread in spreads)
    n = sum(spread.n for spread in spreads)
    return MeanSpread(mean=mean, sd=(squares / len(spreads)) ** 0.5 if n > 1 else None, n=n)


def _cells(
    view: TranslationsView, estimator: EstimatorView, spreads: Sequence[MeanSpread | None]
) -> list[Figure]:
    digits = 1 if abs(estimator.best - estimator.worst) > 25 else 2
    reasons = [estimator.uncovered.get(o.language.tag) for o in view.languages]
    cells = [_cell(*pair, digits) for pair in zip(spreads, reasons, strict=True)]
    return [*cells, _cell(overall([one for one in spreads if one is not None]), None, digits)]


def _cell(spread: MeanSpread | None, uncovered: str | None, digits: int) -> Figure:
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


def uncovered(view: TranslationsView) -> Iterator[str]:
    """Yield which languages an estimator does not cover, and why."""
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
class Plot:
    """One language: (outcome, x, y, height) of the bars, all as they stand in the drawing."""

    language: NamedLanguage
    words: str
    width: str
    bars: tuple[tuple[str, str, str, str], ...]
    axis: Axis
    limit: str
    bound: float | None


def histograms(view: TranslationsView) -> list[tuple[EstimatorView, list[Plot]]]:
    """Return the histograms by estimator, one a language; an estimator without any value has none."""
    plots = [
        (one, [_plot(o, one.name) for o in view.languages if one.name in o.shape])
        for one in view.estimators
    ]
    return [pair for pair in plots if pair[1]]


def _plot(view: LanguageView, name: str) -> Plot:
    shape, bound = view.shape[name], view.bounds.get(name)
    kept, gated = sum(shape.kept), sum(shape.gated)
    untested = ", untested" if name in view.untested else ""
    limit = "no threshold" if bound is None else f"threshold {bound:g}{untested}"
    spread = view.quality.get(name)
    mean = f", mean of those kept {plain(spread.mean)}" if spread else ""
    texts = f"{count(kept)} kept and {count(gated)} gated texts"
    ticks = (shape.low, (shape.low + shape.high) / 2, shape.high)
    return Plot(
        language=view.language,
        words=f"{view.language.name}: {texts}; {limit}{mean}",
        width=f"{100 / len(shape.kept) - 0.3:.2f}%",
        bars=tuple(_bars(shape)),
        axis=Axis(low=shape.low, high=shape.high, ticks=ticks),
        limit=limit,
        bound=bound,
    )


def _bars(shape: Histogram) -> Iterator[tuple[str, str, str, str]]:
    steps = [*zip(shape.kept, shape.gated, strict=True)]
    most = max(map(sum, steps)) or 1
    for step, counts in enumerate(steps):
        top = _TOP + _HEIGHT
        for name, n in zip(("kept", "gated"), counts, strict=True):
            height = _HEIGHT * n / most
            top -= height
            if n:
                x = 100 / len(steps) * step + 0.15
                yield name, f"{x:.2f}%", f"{top:.1f}", f"{height:.1f}"
