"""Over-refusal and safety: whether a language refuses the harmful, and not the harmless."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from statistics import NormalDist
from typing import Any, TypeAlias

from safeglot.report.finding.shares import NOT_REFUSED, joined, verb_of
from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.figures import extra, word
from safeglot.report.numbers.interpretation import reading
from safeglot.report.numbers.percent import percent
from safeglot.report.numbers.plane import Plane, Point, plane_of, point, rest
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, scopes
from safeglot.report.saved_figure import Cell, FigureSource, SavedFigure
from safeglot.report.sections.gaps import LOOKS
from safeglot.types import Estimate

HEIGHTS = {
    "competent_safe": "harmful requests handled safely by a usable answer",
    "safe_handling": "harmful requests handled safely",
    "safety_micro": "harmful requests not answered unsafely",
}
"""What the plane's height may be, the best first."""
COLUMNS = (
    *("language", "harmless_answered", "answered_low", "answered_high"),
    *("handled_safely", "safely_low", "safely_high", "dprime", "dprime_low", "dprime_high"),
)
STEPS = 100
_Pair: TypeAlias = tuple[NamedLanguage, Estimate, Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """One panel: across the share of harmless requests answered, up how the harmful ones are handled.

    `told` says in a sentence which languages refuse more and which tell the two apart less well.
    `refusal_by` names the judge that tells refusals, where it is another one.
    """

    scope: PanelScope
    plane: Plane
    curve: str
    has_room: bool
    """Whether the curve's meaning can stand below it, left, over no point."""
    height: str
    words: str
    told: str
    saved: SavedFigure
    refusal_by: str
    second: str
    """What a judge that joined for its word on refusals has in their place, "" for none."""


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where no harmless request was asked, a caveat then says so."""
    panels = refusal_panels(page, index)
    return {"panels": panels} if panels else None


def refusal_panels(page: Page, index: Index) -> list[Refusals]:
    """Return a panel for each judge and model; none where no benign prompts were run."""
    return [panel for scope in scopes(page.run, index) if (panel := _panel(scope)) is not None]


def same_discrimination(refused: float, handled: float, n_refused: int, n_handled: int) -> float:
    """Return d' of one language from its two rates, with the log-linear correction.

    Source: Hautus 1995, Behavior Research Methods 27(1).
    """
    normal = NormalDist()
    hit = (handled * n_handled + 0.5) / (n_handled + 1)
    alarm = (refused * n_refused + 0.5) / (n_refused + 1)
    return normal.inv_cdf(hit) - normal.inv_cdf(alarm)


def _panel(scope: PanelScope) -> Refusals | None:
    known = ((words, [*_pairs(scope, metric)]) for metric, words in HEIGHTS.items())
    height, pairs = next((one for one in known if one[1]), ("", []))
    if not pairs:
        return None
    if verb_of(scope) is NOT_REFUSED:
        height = "harmful requests refused"
    points = [_point(scope, *pair) for pair in pairs]
    plane = plane_of(points)
    curves = [
        plane.path(_curve(refused, handled, plane.x_axis))
        for language, refused, handled in pairs
        if language.tag == scope.run.reference
    ]
    judges = (word(refused, "refusal_by") for _, refused, _ in pairs)
    cells: list[list[Cell]] = [
        [pair[0].tag, p.x, *p.x_interval, p.y, *p.y_interval, *_dprime(scope, pair[0].tag)]
        for pair, p in zip(pairs, points, strict=True)
    ]
    return Refusals(
        scope=scope,
        plane=plane,
        curve=curves[0] if curves else "",
        has_room=not any(_share(plane.x(p.x)) < 0.6 and _share(plane.y(p.y)) > 0.8 for p in points),
        height=height,
        words="; ".join(
            f"{p.name}: {percent(p.x)}% of harmless requests answered, {percent(p.y)}% of {height}"
            for p in points
        ),
        told=_told(scope, pairs),
        saved=FigureSource.of_panel(scope).figure("plane", COLUMNS, cells),
        refusal_by=next((judge for judge in judges if judge not in {"", scope.judge}), ""),
        second=_second(scope),
    )


def _second(scope: PanelScope) -> str:
    rows = ((o.name, scope.get("over_refusal", o.tag)) for o in scope.run.languages)
    told = [(v, name, row) for name, row in rows if (v := extra(row, "second_value")) is not None]
    if not told:
        return ""
    ends = [
        f"{percent(v)}% ({name}, n {extra(row, 'second_n'):.0f})"
        for v, name, row in (min(told, key=itemgetter(0)), max(told, key=itemgetter(0)))
    ]
    judge = word(told[0][2], "second_by")
    return (
        f"A second judge, {judge}, has {' to '.join(dict.fromkeys(ends))} of the harmless refused."
    )


def _pairs(scope: PanelScope, metric: str) -> Iterator[_Pair]:
    for language in scope.run.languages:
        refused, handled = scope.get("over_refusal", language.tag), scope.get(metric, language.tag)
        if refused is None or handled is None:
            continue
        if refused.value is not None and handled.value is not None:
            yield language, refused, handled


def _share(place: str) -> float:
    return float(place[:-1]) / 100


def _dprime(scope: PanelScope, language: str) -> tuple[Cell, ...]:
    found = scope.get("dprime", language)
    return (found.value, found.low, found.high) if found else (None,) * 3


def _told(scope: PanelScope, pairs: list[_Pair]) -> str:
    """Return which languages' intervals lie beside the reference's: in refusing, and in telling apart."""
    run = scope.run
    refused = {language.tag: rate for language, rate, _ in pairs}
    base, base_d = refused.get(run.reference), scope.get("dprime", run.reference)
    more, worse = [], []
    for language in run.others():
        rate, dprime = refused.get(language.tag), scope.get("dprime", language.tag)
        if rate and base and _is_above(rate, base):
            more.append(language.name)
        if dprime and base_d and _is_above(base_d, dprime):
            worse.append(language.name)
    name = run.language_name(run.reference)
    parts = []
    if more:
        verb = "refuses" if len(more) == 1 else "refuse"
        parts.append(f"{joined(more)} {verb} more harmless requests than {name}.")
    if worse:
        verb = "tells" if len(worse) == 1 else "tell"
        parts.append(f"{joined(worse)} {verb} harmful from harmless less well than {name}.")
    return " ".join(parts) or f"No language's interval lies apart from {name}'s."


def _is_above(one: Estimate, other: Estimate) -> bool:
    return one.low is not None and other.high is not None and one.low > other.high


def _point(
    scope: PanelScope, language: NamedLanguage, refused: Estimate, handled: Estimate
) -> Point:
    gap = scope.get("gap", language.tag)
    look = LOOKS.get(reading(gap), "same") if gap else "same"
    return point(
        language.name,
        rest((refused.value, refused.low, refused.high)),
        (handled.value, handled.low, handled.high),
        look="ref" if language.tag == scope.run.reference else look,
    )


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
