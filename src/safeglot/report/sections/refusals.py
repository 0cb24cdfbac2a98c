"""Over-refusal and safety: whether a language refuses the harmful, and not the harmless."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.figures import Figure, index_number, rate, word
from safeglot.report.numbers.percent import percent
from safeglot.report.numbers.plane import Point, Spot, axis_between, path, spots
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, Run, scopes
from safeglot.report.sections.qualifiers import without_over_refusal
from safeglot.types import Estimate

HEIGHTS = {
    "competent_safe": "competent-safe",
    "safe_handling": "harmful prompts handled safely",
    "safety_micro": "answers labelled safe",
}
"""What the plane's height may be, the best first."""
STEPS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """One language."""

    language: str
    tag: str
    over_refusal: Figure
    handled: Figure
    youden: Figure
    harmonic: Figure
    dprime: Figure
    criterion: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """The plot: x is the share of benign prompts answered, y how the harmful ones are handled."""

    x_axis: Axis
    y_axis: Axis
    spots: tuple[Spot, ...]
    curve: str
    height: str
    words: str
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """One panel; `refusal_by` names the judge that tells refusals, where it is another one."""

    judge: int
    model: int
    rows: tuple[RefusalRow, ...]
    plane: Plane | None
    refusal_by: str


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {"panels": refusal_panels(page, index), "no_benign": without_over_refusal(index)}


def refusal_panels(page: Page, index: Index) -> list[Refusals]:
    """Return a panel for each judge and model; none where no benign prompts were run."""
    if not index.has("over_refusal"):
        return []
    return [_panel(scope) for scope in scopes(page.run, index)]


def same_discrimination(refused: float, handled: float, n_refused: int, n_handled: int) -> float:
    """Return d' of one language from its two rates, with the log-linear correction.

    Source: Hautus 1995, Behavior Research Methods 27(1).
    """
    normal = NormalDist()
    hit = (handled * n_handled + 0.5) / (n_handled + 1)
    alarm = (refused * n_refused + 0.5) / (n_refused + 1)
    return normal.inv_cdf(hit) - normal.inv_cdf(alarm)


def _panel(scope: PanelScope) -> Refusals:
    languages = scope.run.languages
    judges = (word(scope.get("over_refusal", o.tag), "refusal_by") for o in languages)
    return Refusals(
        judge=scope.judge_position,
        model=scope.model_position,
        rows=tuple(_row(scope, language) for language in languages),
        plane=_plane(scope),
        refusal_by=next((judge for judge in judges if judge not in {"", scope.judge}), ""),
    )


def _row(scope: PanelScope, language: NamedLanguage) -> RefusalRow:
    return RefusalRow(
        language=language.name,
        tag=language.tag,
        over_refusal=rate(scope.get("over_refusal", language.tag)),
        handled=rate(scope.get("safe_handling", language.tag)),
        youden=index_number(scope.get("youden_j", language.tag)),
        harmonic=index_number(scope.get("harmonic_mean", language.tag)),
        dprime=index_number(scope.get("dprime", language.tag)),
        criterion=index_number(scope.get("criterion", language.tag)),
    )


def _plane(scope: PanelScope) -> Plane | None:
    for metric, words in HEIGHTS.items():
        pairs = list(_pairs(scope, metric))
        if pairs:
            return _plane_of(scope.run, pairs, words)
    return None


def _pairs(scope: PanelScope, metric: str) -> Iterator[tuple[str, Estimate, Estimate]]:
    for language in scope.run.languages:
        refused, handled = scope.get("over_refusal", language.tag), scope.get(metric, language.tag)
        if refused is None or handled is None:
            continue
        if refused.value is not None and handled.value is not None:
            yield language.tag, refused, handled


def _plane_of(run: Run, pairs: list[tuple[str, Estimate, Estimate]], words: str) -> Plane:
    points = [_point(run, *pair) for pair in pairs]
    x_axis = axis_between([part for p in points for part in (*p.x_interval, p.x)])
    y_axis = axis_between([part for p in points for part in (*p.y_interval, p.y)])
    placed = spots(points, x_axis, y_axis)
    curve = ""
    for tag, refused, handled in pairs:
        if tag == run.reference:
            curve = path(_curve(refused, handled, x_axis), x_axis, y_axis)
    description = "; ".join(
        f"{tag}: {percent(1 - (refused.value or 0.0))}% of benign prompts answered, "
        f"{percent(handled.value)}% {words}"
        for tag, refused, handled in pairs
    )
    return Plane(
        x_axis=x_axis,
        y_axis=y_axis,
        spots=tuple(placed),
        curve=curve,
        height=words,
        words=description,
        left_out=sum(spot.label is None for spot in placed),
    )


def _point(run: Run, tag: str, refused: Estimate, handled: Estimate) -> Point:
    x, y = 1 - (refused.value or 0.0), handled.value or 0.0
    return Point(
        name=tag,
        x=x,
        y=y,
        x_interval=_whole(x, refused.high, refused.low),
        y_interval=(
            y if handled.low is None else handled.low,
            y if handled.high is None else handled.high,
        ),
        reference=tag == run.reference,
    )


def _whole(x: float, high: float | None, low: float | None) -> tuple[float, float]:
    return (x if high is None else 1 - high, x if low is None else 1 - low)


def _curve(refused: Estimate, handled: Estimate, x_axis: Axis) -> Iterator[tuple[float, float]]:
    """Yield all pairs of rates that tell harmful from harmless as well as the reference does."""
    if not refused.n or not handled.n:
        return
    normal = NormalDist()
    dprime = same_discrimination(refused.value or 0.0, handled.value or 0.0, refused.n, handled.n)
    for step in range(STEPS + 1):
        x = x_axis.low + (x_axis.high - x_axis.low) * step / STEPS
        if 0 < x < 1:
            yield x, normal.cdf(dprime + normal.inv_cdf(1 - x))
