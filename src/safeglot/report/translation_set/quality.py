"""Estimates on the page of a translation set: the table of means, and a histogram a language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from safeglot.report.numbers.figures import Figure, plain
from safeglot.report.numbers.percent import NONE, count
from safeglot.report.page import Language
from safeglot.report.translation_set.view import (
    EstimatorView,
    Histogram,
    LanguageView,
    Spread,
    TranslationsView,
)

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
    better: str
    cells: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTable:
    """The table that M-ALERT prints, for these translators and estimators."""

    rows: tuple[QualityRow, ...]
    human: bool
    uncovered: tuple[str, ...]


def table(view: TranslationsView) -> QualityTable:
    """Build the rows, and say what is not covered."""
    rows = [_row(view, one) for one in view.estimators]
    human = _human(view)
    return QualityTable(
        rows=(*rows, human) if human else tuple(rows),
        human=human is not None,
        uncovered=tuple(_uncovered(view)),
    )


def overall(spreads: Sequence[Spread]) -> Spread | None:
    """Return mean and deviation over languages that weigh the same; None for no language."""
    if not spreads:
        return None
    mean = sum(one.mean for one in spreads) / len(spreads)
    inner = sum((one.sd or 0.0) ** 2 + (one.mean - mean) ** 2 for one in spreads) / len(spreads)
    sd = inner**0.5 if sum(one.n for one in spreads) > 1 else None
    return Spread(mean=mean, sd=sd, n=sum(one.n for one in spreads))


def _better(one: EstimatorView) -> str:
    return "higher" if one.higher_is_better else "lower"


def _digits(one: EstimatorView) -> int:
    return 1 if abs(one.best - one.worst) > 25 else 2


def _row(view: TranslationsView, one: EstimatorView) -> QualityRow:
    found = {o.language.tag: o.quality.get(one.name) for o in view.languages}
    cells = [_cell(spread, _digits(one), one.uncovered.get(tag)) for tag, spread in found.items()]
    whole = overall([spread for spread in found.values() if spread is not None])
    return QualityRow(
        name=one.name,
        proxy=one.proxy,
        better=_better(one),
        cells=(*cells, _cell(whole, _digits(one), None)),
    )


def _cell(spread: Spread | None, digits: int, uncovered: str | None) -> Figure:
    if spread is None:
        return Figure(text=NONE, note="not covered" if uncovered else "")
    sd = "" if spread.sd is None else f" ± {plain(spread.sd, digits)}"
    return Figure(text=f"{plain(spread.mean, digits)}{sd}", n=count(spread.n))


def _human(view: TranslationsView) -> QualityRow | None:
    found = {
        one.language: Spread(
            mean=(one.adequacy.number - 1) / 4,
            sd=None if one.sd is None else one.sd / 4,
            n=one.adequacy.n,
        )
        for one in view.rated
        if one.outcome == "kept" and one.adequacy.number is not None
    }
    if not found:
        return None
    cells = [_cell(found.get(one.language.tag), 2, None) for one in view.languages]
    whole = _cell(overall(list(found.values())), 2, None)
    return QualityRow(name=HUMAN, proxy=False, better="higher", cells=(*cells, whole))


def _uncovered(view: TranslationsView) -> Iterator[str]:
    names = {one.language.tag: one.language.name for one in view.languages}
    for one in view.estimators:
        same: dict[str, list[str]] = {}
        for tag, why in one.uncovered.items():
            same.setdefault(why, []).append(names.get(tag, tag))
        for why, languages in same.items():
            yield f"{one.name} does not cover {', '.join(languages)}: {why.rstrip('.')}."


# ---- histograms


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A number on the axis, or a threshold: where it stands, in percent of the width."""

    at: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Texts of one outcome in one step."""

    name: str
    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One language."""

    language: Language
    words: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    bound: Tick | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plots:
    """One estimator, a plot for each language that has values."""

    name: str
    better: str
    plots: tuple[Plot, ...]


def histograms(view: TranslationsView) -> list[Plots]:
    """Build the histograms; an estimator without any value has none."""
    found = [
        Plots(
            name=one.name,
            better=_better(one),
            plots=tuple(_plot(o, one.name) for o in view.languages if one.name in o.shape),
        )
        for one in view.estimators
    ]
    return [one for one in found if one.plots]


def _plot(one: LanguageView, name: str) -> Plot:
    shape, bound = one.shape[name], one.bounds.get(name)
    kept, gated = sum(shape.kept), sum(shape.gated)
    limit = "no threshold" if bound is None else f"threshold {bound:g}"
    spread = one.quality.get(name)
    mean = f", mean of those kept {plain(spread.mean)}" if spread else ""
    return Plot(
        language=one.language,
        words=f"{one.language.name}: {count(kept)} kept and {count(gated)} gated texts; {limit}{mean}",
        bars=tuple(_bars(shape)),
        ticks=tuple(_ticks(shape)),
        bound=None if bound is None else Tick(at=_at(shape, bound), text=f"{bound:g}"),
    )


def _at(shape: Histogram, number: float) -> str:
    inside = min(max(number, shape.low), shape.high)
    return f"{100 * (inside - shape.low) / (shape.high - shape.low):.2f}%"


def _bars(shape: Histogram) -> Iterator[Bar]:
    most = max(k + g for k, g in zip(shape.kept, shape.gated, strict=True)) or 1
    wide = 100 / len(shape.kept)
    for step, (kept, gated) in enumerate(zip(shape.kept, shape.gated, strict=True)):
        top = _TOP + _HEIGHT
        for name, n in (("kept", kept), ("gated", gated)):
            height = _HEIGHT * n / most
            top -= height
            if n:
                yield Bar(
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
