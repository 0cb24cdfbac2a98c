"""The page of published averages with and without some categories, as one HTML file that opens offline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safeglot.report.environment import environment, head
from safeglot.report.exclusion.view import (
    AveragePair,
    ExclusionView,
    ModelAverages,
    examples,
    headline,
    limits,
    shown_first,
)
from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.percent import percent, points
from safeglot.report.saved_figure import Cell, SavedFigure
from safeglot.text.surrogates import whole

STYLES = ("base.css", "style.css", "styles/save.css", "exclusion/style.css")
SCRIPTS = ("scripts/panels.js", "scripts/save.js")
STEP = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedRow:
    """A row of a chart: a hollow mark for all categories, a filled one for the rest; places in percent."""

    name: str
    look: str
    whole: str
    rest: str
    texts: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRows:
    """The languages of one model."""

    model: str
    rows: tuple[MarkedRow, ...]


def render_exclusion(view: ExclusionView) -> str:
    """Return the page: the same view gives the same bytes."""
    gaps, rates = _axes(view)
    text = (
        environment()
        .get_template("exclusion/frame.html")
        .render(
            **head(STYLES, SCRIPTS),
            page_title=f"{view.name} without {len(view.left_out)} categories",
            view=view,
            headline=headline(view),
            examples=examples(view),
            limits=limits(view),
            gaps=gaps,
            rates=rates,
            models=[_model_row(model, gaps) for model in view.models],
            languages=[
                LanguageRows(
                    model=m.model,
                    rows=tuple(_language_row(pair, m, rates) for pair in _by_safety(m)),
                )
                for m in view.models
            ],
            shown=shown_first(view).model,
            saved_models=_saved_models(view),
            saved_languages=_saved_languages(view),
        )
    )
    return whole(text)


def _axes(view: ExclusionView) -> tuple[Axis, Axis]:
    gaps = [gap for model in view.models for gap in model.gap]
    rates = [rate for m in view.models for pair in m.pairs for rate in (pair.whole, pair.rest)]
    return _axis(gaps), _axis([*rates, 1.0])


def _axis(shown: Sequence[float]) -> Axis:
    """Return an axis from and to a whole number of points, with a tick at every second or fifth."""
    low, high = (_whole(min(shown), -1), _whole(max(shown), 1))
    step = 5 if high - low > 10 else 1
    ticks = tuple(STEP * k for k in range(low, high + 1) if k % step == 0)
    return Axis(low=STEP * low, high=STEP * high, ticks=ticks)


def _whole(rate: float, way: int) -> int:
    """Return the next whole number of points below or above."""
    return -int(-rate / STEP // 1) if way > 0 else int(rate / STEP // 1)


def _model_row(model: ModelAverages, axis: Axis) -> MarkedRow:
    gap, rest = model.gap
    return MarkedRow(
        name=model.model,
        look="worse" if model.is_least[1] else "same",
        whole=axis.at(gap),
        rest=axis.at(rest),
        texts=(points(gap), points(rest)),
    )


def _language_row(pair: AveragePair, model: ModelAverages, axis: Axis) -> MarkedRow:
    return MarkedRow(
        name=pair.language.name,
        look="ref" if pair is model.pairs[0] else "same",
        whole=axis.at(pair.whole),
        rest=axis.at(pair.rest),
        texts=(percent(pair.whole), percent(pair.rest)),
    )


def _by_safety(model: ModelAverages) -> list[AveragePair]:
    return sorted(model.pairs, key=lambda pair: pair.whole)


def _saved_models(view: ExclusionView) -> SavedFigure:
    rows: list[tuple[Cell, ...]] = [
        (m.model, *m.gap, *(int(told) for told in m.is_least)) for m in view.models
    ]
    columns = ("model", "gap_all", "gap_without", "least_safe_all", "least_safe_without")
    return _saved(view, "published-models", columns, rows)


def _saved_languages(view: ExclusionView) -> SavedFigure:
    rows = [(m.model, p.language.tag, p.whole, p.rest) for m in view.models for p in m.pairs]
    return _saved(
        view, "published-languages", ("model", "language", "safe_all", "safe_without"), rows
    )


def _saved(
    view: ExclusionView, name: str, columns: Sequence[str], rows: Iterable[tuple[Cell, ...]]
) -> SavedFigure:
    return SavedFigure(
        name=name,
        source=f"{view.source}. Without intervals. Computed by safeglot.",
        columns=columns,
        rows=[[round(v, 6) if isinstance(v, float) else v for v in row] for row in rows],
        about={"left_out": " ".join(view.left_out), "source": view.source},
    )
