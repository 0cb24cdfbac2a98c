"""The page of published averages with and without some categories, as one HTML file that opens offline."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from safeglot.report.environment import environment, head
from safeglot.report.exclusion.view import ExclusionView, examples, headline, limits, shown_first
from safeglot.report.numbers.axis import Axis
from safeglot.report.saved_figure import Cell, SavedFigure
from safeglot.text.surrogates import whole

STYLES = ("base.css", "style.css", "styles/save.css", "exclusion/style.css")
SCRIPTS = ("scripts/panels.js", "scripts/save.js")
STEP = 0.01


def render_exclusion(view: ExclusionView) -> str:
    """Return the page: the same view gives the same bytes."""
    pairs = [pair for model in view.models for pair in model.pairs]
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
            gaps=_axis([gap for model in view.models for gap in model.gap]),
            rates=_axis([*(pair.whole for pair in pairs), *(pair.rest for pair in pairs), 1.0]),
            shown=shown_first(view).model,
            saved_models=_saved_models(view),
            saved_languages=_saved_languages(view),
        )
    )
    return whole(text)


def _axis(shown: Sequence[float]) -> Axis:
    """Return an axis from and to a whole number of points, with a tick at every second or fifth."""
    low, high = math.floor(min(shown) / STEP), math.ceil(max(shown) / STEP)
    step = 5 if high - low > 10 else 1
    ticks = tuple(STEP * k for k in range(low, high + 1) if k % step == 0)
    return Axis(low=STEP * low, high=STEP * high, ticks=ticks)


def _saved_models(view: ExclusionView) -> SavedFigure:
    rows: list[tuple[Cell, ...]] = [
        (m.model, *m.gap, *(int(told) for told in m.is_least)) for m in view.models
    ]
    columns = ("model", "gap_all", "gap_without", "least_safe_all", "least_safe_without")
    return _saved(view, "published-models", columns, rows)


def _saved_languages(view: ExclusionView) -> SavedFigure:
    rows = [(m.model, p.language.tag, p.whole, p.rest) for m in view.models for p in m.pairs]
    columns = ("model", "language", "safe_all", "safe_without")
    return _saved(view, "published-languages", columns, rows)


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
