"""The gap as a curve over the quality that a translation must have to be kept."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.percent import count, gap_interval, points
from safeglot.report.numbers.plane import axis_between, band, path, upside
from safeglot.report.page import Index, Page, Run
from safeglot.types import Estimate

THRESHOLDS = ("0", "0.3", "0.5", "0.6", "0.7", "0.8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One threshold on the curve, in percent of the plane."""

    x: str
    y: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One language."""

    language: str
    tag: str
    line: str
    band: str
    zero: str
    dots: tuple[Dot, ...]
    rows: tuple[tuple[str, str, str, str], ...]
    """(threshold, gap, interval, n kept)."""
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """One panel: a small plot for each language, all on the same axes."""

    judge: int
    model: int
    x_axis: Axis
    y_axis: Axis
    curves: tuple[Curve, ...]


def curve_panels(page: Page, index: Index) -> dict[tuple[int, int], Curves]:
    """Build the curves of each judge and model that has any, by their positions."""
    if not index.has(*(f"gap_at_quality_{at}" for at in THRESHOLDS)):
        return {}
    run = page.run
    found = {
        (judge, model): _panel(run, index, judge=judge, model=model)
        for judge in range(len(run.judges))
        for model in range(len(run.models))
    }
    return {at: panel for at, panel in found.items() if panel.curves}


def _panel(run: Run, index: Index, *, judge: int, model: int) -> Curves:
    names = {"judge": run.judges[judge], "model": run.models[model]}
    told = {}
    for one in run.languages:
        line = {
            at: found
            for at in THRESHOLDS
            if (
                found := index.get(f"gap_at_quality_{at}", **names, language=one.tag, category=None)
            )
            is not None
        }
        if one.tag != run.reference and any(e.value is not None for e in line.values()):
            told[one] = line
    shown = [
        part
        for line in told.values()
        for e in line.values()
        for part in (e.value, e.low, e.high)
        if part is not None
    ]
    x_axis = Axis(low=0.0, high=0.8, ticks=(0.0, 0.2, 0.4, 0.6, 0.8))
    y_axis = axis_between([*shown, 0.0], floor=-1.0, ceiling=1.0)
    return Curves(
        judge=judge,
        model=model,
        x_axis=x_axis,
        y_axis=y_axis,
        curves=tuple(
            _curve(one.name, one.tag, line, (x_axis, y_axis)) for one, line in told.items()
        ),
    )


def _curve(name: str, tag: str, line: dict[str, Estimate], axes: tuple[Axis, Axis]) -> Curve:
    x_axis, y_axis = axes
    told = [(float(at), e.value, e) for at, e in line.items() if e.value is not None]
    spans = [
        (x, value if e.low is None else e.low, value if e.high is None else e.high)
        for x, value, e in told
    ]
    rows = tuple(
        (at, points(e.value), gap_interval(e) or "–", count(e.n)) for at, e in line.items()
    )
    return Curve(
        language=name,
        tag=tag,
        line=path([(x, value) for x, value, _ in told], x_axis, y_axis),
        band=band(spans, x_axis, y_axis),
        zero=upside(y_axis, 0.0),
        dots=tuple(Dot(x=x_axis.at(x), y=upside(y_axis, value)) for x, value, _ in told),
        rows=rows,
        words="; ".join(f"from {at}: {gap} points ({span})" for at, gap, span, _ in rows),
    )
