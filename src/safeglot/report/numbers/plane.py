"""A plane of two axes: points with labels that do not overlap, and lines through it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from safeglot.report.numbers.axis import STEPS, Axis

WIDTH, HEIGHT = 300.0, 300.0
"""The smallest plane that a screen shows, in px: labels must not overlap there."""
LETTER, LINE, AWAY = 7.5, 14.0, 9.0
MAX_TICKS = 5
Span: TypeAlias = tuple[float | None, float | None, float | None]
"""(value, low, high); all None where there is no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Where a point's name stands: offset in px and how it is anchored."""

    text: str
    dx: float
    dy: float
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point to be placed; intervals are (low, high) and may be of no width."""

    name: str
    x: float
    y: float
    x_interval: tuple[float, float]
    y_interval: tuple[float, float]
    look: str = "same"
    """How it is told: the reference ("ref"), beyond chance ("worse", "better"), or the rest."""
    label: Label | None = None
    """Its name where it stands, if it fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Two axes with the points on them; lines are drawn in a box of 100 by 100."""

    x_axis: Axis
    y_axis: Axis
    spots: tuple[Point, ...] = ()

    def x(self, rate: float) -> str:
        """Return the place of a rate from the left, in percent."""
        return self.x_axis.at(rate)

    def y(self, rate: float) -> str:
        """Return the place of a rate from the top, in percent."""
        return upside(self.y_axis, rate)

    def path(self, line: Iterable[tuple[float, float]]) -> str:
        """Return a line as a path; points outside the axes are left out."""
        kept = [(x, y) for x, y in line if self.x_axis.covers(x) and self.y_axis.covers(y)]
        places = [self._place(x, y) for x, y in kept]
        return f"M{'L'.join(places)}" if len(places) > 1 else ""

    def band(self, line: Sequence[tuple[float, float, float]]) -> str:
        """Return (x, low, high) as a closed path."""
        if len(line) < 2:
            return ""
        upper = [self._place(x, high) for x, _, high in line]
        lower = [self._place(x, low) for x, low, _ in reversed(line)]
        return f"M{'L'.join([*upper, *lower])}Z"

    def _place(self, x: float, y: float) -> str:
        return f"{self.x(x)[:-1]} {self.y(y)[:-1]}"


def point(name: str, x: Span, y: Span, *, look: str = "same") -> Point:
    """Return a point; an end that is not known is where the value is."""
    places = [
        [value or 0.0, *(value or 0.0 if end is None else end for end in ends)]
        for value, *ends in (x, y)
    ]
    (at, *x_ends), (height, *y_ends) = places
    return Point(
        name=name,
        x=at,
        y=height,
        x_interval=(x_ends[0], x_ends[1]),
        y_interval=(y_ends[0], y_ends[1]),
        look=look,
    )


def rest(span: Span) -> Span:
    """Return the share that a share leaves of 1."""
    value, low, high = (None if end is None else 1 - end for end in span)
    return value, high, low


def plane_of(points: Sequence[Point]) -> Plane:
    """Return points on axes that hold them and their intervals."""
    x_axis = axis_between([part for p in points for part in (*p.x_interval, p.x)])
    y_axis = axis_between([part for p in points for part in (*p.y_interval, p.y)])
    return Plane(x_axis=x_axis, y_axis=y_axis, spots=tuple(spots(points, x_axis, y_axis)))


def axis_between(shown: Sequence[float], *, floor: float = 0.0, ceiling: float = 1.0) -> Axis:
    """Return an axis that holds all that is shown, ticks on round numbers, within the limits."""
    low, high = min([*shown, ceiling]), max([*shown, floor])
    if high - low < 1e-9:
        low, high = max(low - 0.005, floor), min(high + 0.005, ceiling)
    step = next((s for s in STEPS if (high - low) / s <= MAX_TICKS), STEPS[-1])
    first, last = int((low - floor) // step), -int((floor - high) // step)
    ticks = [round(floor + n * step, 6) for n in range(first, last + 1)]
    kept = tuple(t for t in ticks if floor - 1e-9 <= t <= ceiling + 1e-9)
    if len(kept) < 2:
        kept = (floor, ceiling)
    return Axis(low=kept[0], high=kept[-1], ticks=kept)


def upside(axis: Axis, rate: float) -> str:
    """Return the height of a rate from the top, in percent."""
    return f"{100 - float(axis.at(rate)[:-1]):.2f}%"


def spots(points: Sequence[Point], x_axis: Axis, y_axis: Axis) -> list[Point]:
    """Return the points with their names; one that would overlap another or a point is left out."""
    centres = [_centre(point, x_axis, y_axis) for point in points]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in centres]
    labels: dict[int, Label] = {}
    rank = {"ref": 0, "worse": 1, "better": 1}
    order = sorted(range(len(points)), key=lambda i: rank.get(points[i].look, 2))
    for i in order:
        others = taken[:i] + taken[i + 1 :]
        for label, box in _candidates(points[i].name, *centres[i]):
            if not any(_overlap(box, other) for other in others) and _inside(box):
                labels[i] = label
                taken.append(box)
                break
    return [replace(point, label=labels.get(i)) for i, point in enumerate(points)]


def _centre(point: Point, x_axis: Axis, y_axis: Axis) -> tuple[float, float]:
    x = float(x_axis.at(point.x)[:-1]) * WIDTH / 100
    return x, float(upside(y_axis, point.y)[:-1]) * HEIGHT / 100


def _candidates(
    name: str, x: float, y: float
) -> list[tuple[Label, tuple[float, float, float, float]]]:
    long = LETTER * len(name)
    places = [
        (AWAY, 4.0, "start", x + AWAY),
        (-AWAY, 4.0, "end", x - AWAY - long),
        (0.0, -AWAY - 1, "middle", x - long / 2),
        (0.0, AWAY + 10, "middle", x - long / 2),
        (AWAY - 2, -AWAY + 1, "start", x + AWAY - 2),
        (AWAY - 2, AWAY + 8, "start", x + AWAY - 2),
        (-AWAY + 2, -AWAY + 1, "end", x - AWAY + 2 - long),
        (-AWAY + 2, AWAY + 8, "end", x - AWAY + 2 - long),
    ]
    return [
        (
            Label(text=name, dx=dx, dy=dy, anchor=anchor),
            (left, y + dy - LINE + 3, left + long, y + dy + 3),
        )
        for dx, dy, anchor, left in places
    ]


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _inside(box: Sequence[float]) -> bool:
    return box[0] >= -20 and box[2] <= WIDTH + 20 and box[1] >= -12 and box[3] <= HEIGHT + 2
