"""Safe, and still useful: models by harmless requests answered and harmful ones handled safely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safeglot.report.comparison.leaderboard import source
from safeglot.report.comparison.view import ComparisonView, JudgedModels, PlacedModel
from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.percent import percent
from safeglot.report.numbers.plane import Point, Spot, axis_between, path, spots
from safeglot.report.saved_figure import SavedFigure

COLUMNS = (
    "model", "harmless_answered", "answered_low", "answered_high", "safe_and_usable", "usable_low",
    "usable_high", "on_front",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlane:
    """The plane of one judge; `front` is the path through the models that no other betters in both."""

    x_axis: Axis
    y_axis: Axis
    spots: tuple[Spot, ...]
    front: str
    words: str
    saved: SavedFigure


def model_plane(
    view: ComparisonView, board: JudgedModels, short: Mapping[str, str]
) -> ModelPlane | None:
    """Return the plane; None where fewer than two models have both numbers."""
    models = [m for m in board.models if m.usable[0] is not None and m.refused[0] is not None]
    if len(models) < 2:
        return None
    on = front([_place(model) for model in models])
    points = [_point(m, short[m.name], is_on=i in on) for i, m in enumerate(models)]
    x_axis = axis_between([part for p in points for part in (*p.x_interval, p.x)])
    y_axis = axis_between([part for p in points for part in (*p.y_interval, p.y)])
    line = sorted((points[i].x, points[i].y) for i in on)
    rows = [
        [m.name, p.x, *p.x_interval, p.y, *p.y_interval, "yes" if i in on else "no"]
        for i, (m, p) in enumerate(zip(models, points, strict=True))
    ]
    return ModelPlane(
        x_axis=x_axis,
        y_axis=y_axis,
        spots=tuple(spots(points, x_axis, y_axis)),
        front=path(line, x_axis, y_axis),
        words="; ".join(
            f"{p.name}: {percent(p.x)}% of harmless requests answered, {percent(p.y)}% of harmful "
            "ones handled safely by a usable answer"
            for p in points
        ),
        saved=source(view, board).figure("models-plane", COLUMNS, rows),
    )


def front(places: Sequence[tuple[float, float]]) -> set[int]:
    """Return the points that no other is at least as good as in both, and better in one."""
    return {
        i
        for i, (x, y) in enumerate(places)
        if not any(a >= x and b >= y and (a, b) != (x, y) for a, b in places)
    }


def _place(model: PlacedModel) -> tuple[float, float]:
    return 1 - (model.refused[0] or 0.0), model.usable[0] or 0.0


def _point(model: PlacedModel, name: str, *, is_on: bool) -> Point:
    x, y = _place(model)
    _, low, high = model.refused
    _, y_low, y_high = model.usable
    return Point(
        name=name,
        x=x,
        y=y,
        x_interval=(x if high is None else 1 - high, x if low is None else 1 - low),
        y_interval=(y if y_low is None else y_low, y if y_high is None else y_high),
        look="better" if is_on else "same",
    )
