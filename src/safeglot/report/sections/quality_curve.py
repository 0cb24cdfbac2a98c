"""The gap as a curve over the quality that a translation must have to be kept."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.axis import Axis, ends
from safeglot.report.numbers.direction import worse_by
from safeglot.report.numbers.interpretation import is_interpretable
from safeglot.report.numbers.percent import NONE, gap_interval, points
from safeglot.report.numbers.plane import Plane, axis_between
from safeglot.report.page import NamedLanguage, PanelScope
from safeglot.report.saved_figure import FigureSource, SavedFigure
from safeglot.types import Estimate

THRESHOLDS = ("0", "0.3", "0.5", "0.6", "0.7", "0.8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One language: points as (x, y), and what stands about them as (x, low, high)."""

    language: str
    points: tuple[tuple[float, float], ...]
    band: tuple[tuple[float, float, float], ...] = ()
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """A small plot for each language, all on the same axes."""

    plane: Plane
    curves: tuple[Curve, ...]
    saved: SavedFigure


def quality_curves(scope: PanelScope) -> Curves | None:
    """Return the curves of a judge and a model, None where no language has one that may be read."""
    lines = {language: _gaps(scope, language.tag) for language in scope.run.others()}
    drawn = {
        language: gaps
        for language, gaps in lines.items()
        if any(gap.value is not None for gap in gaps.values())
    }
    if not drawn:
        return None
    x_axis = Axis(low=0.0, high=0.8, ticks=(0.0, 0.2, 0.4, 0.6, 0.8))
    shown = ends(gap for gaps in drawn.values() for gap in gaps.values())
    y_axis = axis_between([*shown, 0.0], floor=-1.0, ceiling=1.0)
    return Curves(
        plane=Plane(x_axis=x_axis, y_axis=y_axis),
        curves=tuple(_curve(language, gaps) for language, gaps in drawn.items()),
        saved=FigureSource.of_panel(scope).figure(
            "quality",
            ("language", "least_quality", "gap_points", "low", "high", "n_kept"),
            (
                (o.tag, float(bar), *_hundredfold(gap), gap.n)
                for o, gaps in drawn.items()
                for bar, gap in gaps.items()
            ),
        ),
    )


def _hundredfold(gap: Estimate) -> list[float | None]:
    return [None if end is None else 100 * end for end in (gap.value, gap.low, gap.high)]


def _gaps(scope: PanelScope, tag: str) -> dict[str, Estimate]:
    gaps = {bar: worse_by(scope.get(f"gap_at_quality_{bar}", tag)) for bar in THRESHOLDS}
    return {bar: gap for bar, gap in gaps.items() if gap is not None and is_interpretable(gap)}


def _curve(language: NamedLanguage, gaps: dict[str, Estimate]) -> Curve:
    known = [(float(bar), gap.value, gap) for bar, gap in gaps.items() if gap.value is not None]
    return Curve(
        language=language.name,
        points=tuple((x, value) for x, value, _ in known),
        band=tuple(
            (x, value if gap.low is None else gap.low, value if gap.high is None else gap.high)
            for x, value, gap in known
        ),
        words="; ".join(
            f"from {bar}: {points(gap.value)} points ({gap_interval(gap) or NONE})"
            for bar, gap in gaps.items()
        ),
    )
