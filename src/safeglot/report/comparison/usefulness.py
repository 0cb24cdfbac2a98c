"""Safe, and still useful: models by harmless requests answered and harmful ones handled safely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safeglot.report.comparison.leaderboard import source
from safeglot.report.comparison.view import ComparisonView, JudgedModels
from safeglot.report.numbers.percent import percent
from safeglot.report.numbers.plane import Plane, plane_of, point, rest
from safeglot.report.saved_figure import SavedFigure

COLUMNS = (
    "model", "harmless_answered", "answered_low", "answered_high", "safe_and_usable", "usable_low",
    "usable_high", "on_front",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlane:
    """The plane of one judge; `front` is the path through the models that no other betters in both."""

    plane: Plane
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
    on = front([(1 - (m.refused[0] or 0.0), m.usable[0] or 0.0) for m in models])
    points = [
        point(short[m.name], rest(m.refused), m.usable, look="better" if i in on else "same")
        for i, m in enumerate(models)
    ]
    plane = plane_of(points)
    line = sorted((points[i].x, points[i].y) for i in on)
    rows = [
        [m.name, p.x, *p.x_interval, p.y, *p.y_interval, "yes" if i in on else "no"]
        for i, (m, p) in enumerate(zip(models, points, strict=True))
    ]
    return ModelPlane(
        plane=plane,
        front=plane.path(line),
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
