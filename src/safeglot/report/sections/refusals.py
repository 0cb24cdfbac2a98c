"""Over-refusal beside safety: refusing the harmful and not the harmless, language by language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from safeglot.report.figures import Figure, index_number, rate, word
from safeglot.report.page import Index, Page, Run
from safeglot.report.percent import percent
from safeglot.report.plane import Point, Spot, axis_between, path, spots
from safeglot.report.plot import Axis
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
    """One panel; `refusal_by` names the judge that told refusals, where it is another one."""

    judge: int
    model: int
    rows: tuple[RefusalRow, ...]
    plane: Plane | None
    refusal_by: str


def refusal_panels(page: Page, index: Index) -> list[Refusals]:
    """Build a panel for each judge and model; none where no benign prompts were run."""
    if not index.has("over_refusal"):
        return []
    run = page.run
    return [
        _panel(run, index, judge=judge, model=model)
        for judge in range(len(run.judges))
        for model in range(len(run.models))
    ]


def same_discrimination(refused: float, handled: float, n_refused: int, n_handled: int) -> float:
    """Give d' of one language from its two rates, with the log-linear correction.

    Source: Hautus 1995, Behavior Research Methods 27(1).
    """
    normal = NormalDist()
    hit = (handled * n_handled + 0.5) / (n_handled + 1)
    alarm = (refused * n_refused + 0.5) / (n_refused + 1)
    return normal.inv_cdf(hit) - normal.inv_cdf(alarm)


def _panel(run: Run, index: Index, *, judge: int, model: int) -> Refusals:
    names = {"judge": run.judges[judge], "model": run.models[model]}
    rows, refusal_by = [], ""
    for one in run.languages:

        def get(metric: str, tag: str = one.tag) -> Estimate | None:
            return index.get(
                metric, names["model"], judge=names["judge"], language=tag, category=None
            )

        by = word(get("over_refusal"), "refusal_by")
        refusal_by = refusal_by or (by if by != names["judge"] else "")
        rows.append(
            RefusalRow(
                language=one.name,
                tag=one.tag,
                over_refusal=rate(get("over_refusal")),
                handled=rate(get("safe_handling")),
                youden=index_number(get("youden_j")),
                harmonic=index_number(get("harmonic_mean")),
                dprime=index_number(get("dprime")),
                criterion=index_number(get("criterion")),
            )
        )
    return Refusals(
        judge=judge,
        model=model,
        rows=tuple(rows),
        plane=_plane(run, index, **names),
        refusal_by=refusal_by,
    )


def _plane(run: Run, index: Index, *, judge: str, model: str) -> Plane | None:
    for metric, words in HEIGHTS.items():
        pairs = list(_pairs(run, index, metric, judge=judge, model=model))
        if pairs:
            return _drawn(run, pairs, words)
    return None


def _pairs(
    run: Run, index: Index, metric: str, *, judge: str, model: str
) -> Iterator[tuple[str, Estimate, Estimate]]:
    for one in run.languages:
        refused, handled = (
            index.get(name, model, judge=judge, language=one.tag, category=None)
            for name in ("over_refusal", metric)
        )
        if refused is None or handled is None:
            continue
        if refused.value is not None and handled.value is not None:
            yield one.tag, refused, handled


def _drawn(run: Run, pairs: list[tuple[str, Estimate, Estimate]], words: str) -> Plane:
    points = [_point(run, *pair) for pair in pairs]
    x_axis = axis_between([part for p in points for part in (*p.x_interval, p.x)])
    y_axis = axis_between([part for p in points for part in (*p.y_interval, p.y)])
    placed = spots(points, x_axis, y_axis)
    curve = ""
    for tag, refused, handled in pairs:
        if tag == run.reference:
            curve = path(_curve(refused, handled, x_axis), x_axis, y_axis)
    said = "; ".join(
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
        words=said,
        left_out=sum(one.label is None for one in placed),
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
    """Give all pairs of rates that tell harmful from harmless as well as the reference does."""
    if not refused.n or not handled.n:
        return
    normal = NormalDist()
    dprime = same_discrimination(refused.value or 0.0, handled.value or 0.0, refused.n, handled.n)
    for step in range(STEPS + 1):
        x = x_axis.low + (x_axis.high - x_axis.low) * step / STEPS
        if 0 < x < 1:
            yield x, normal.cdf(dprime + normal.inv_cdf(1 - x))


TEMPLATE = (
    '{% from "macros" import read, breakable, language, caveats, choose, figure, plane_grid with context %}\n'
    """\
<section id="refusals">
<h2>Over-refusal beside safety</h2>
{% if not refusals %}<p>{{ no_benign }}</p>{% else %}
{{ choose(run) }}
{{ read("whether a language refuses harmless requests too. Up and right is better. On the dashed curve a language tells harmful from harmless as well as " ~ reference ~ " does and only refuses more or less; below the curve it tells them apart less well.",
        "why it does so, nor how it would treat harmless requests of other kinds than those that were run.") }}
{% for table in refusals %}
<div class="panel" data-judge="{{ table.judge }}" data-model="{{ table.model }}"{% if not loop.first %} hidden{% endif %}>
{% if table.plane %}
{% set plane = table.plane %}
<figure class="card">
<figcaption>{{ breakable(run.models[table.model]) }}: across, benign prompts answered (not refused), in percent; up, {{ plane.height }}, in percent; lines are intervals. The axes need not start at zero.{% if plane.left_out %} {{ plane.left_out }} names are left out where they would overlap; all are in the table.{% endif %}</figcaption>
<div class="plane"><svg height="320" role="img" aria-label="{{ plane.words }}">
{{ plane_grid(plane.x_axis, plane.y_axis) }}
{% if plane.curve %}<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%"><path class="curve" d="{{ plane.curve }}"/></svg>{% endif %}
{% for one in plane.spots %}<g class="{{ 'k1' if one.reference else 'k0' }}"><line class="thin" x1="{{ one.x_low }}" x2="{{ one.x_high }}" y1="{{ one.y }}" y2="{{ one.y }}"/><line class="thin" x1="{{ one.x }}" x2="{{ one.x }}" y1="{{ one.y_low }}" y2="{{ one.y_high }}"/><svg x="{{ one.x }}" y="{{ one.y }}" overflow="visible"><use href="#k{{ 1 if one.reference else 0 }}" x="-6" y="-6" width="12" height="12"/></svg></g>{% endfor %}
{% for one in plane.spots if one.label %}<svg x="{{ one.x }}" y="{{ one.y }}" overflow="visible"><text class="name" x="{{ one.label.dx }}" y="{{ one.label.dy }}" text-anchor="{{ one.label.anchor }}">{{ one.label.text }}</text></svg>{% endfor %}
</svg></div>
</figure>
{% endif %}
<div class="scroll" tabindex="0" role="region" aria-label="Over-refusal by language">
<table class="rows">
<caption><span class="cap">{{ breakable(run.models[table.model]) }}: rates in percent, with interval and n. J: safe handling less over-refusal, 1 at best. H: harmonic mean of safe handling and of benign prompts answered. d&prime;: how well harmful and harmless are told apart. c: below zero refuses readily, above zero reluctantly.{% if table.refusal_by %} Refusals by {{ table.refusal_by }}.{% endif %}</span></caption>
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="num">over-refusal</th><th scope="col" class="num">safe handling</th><th scope="col" class="num">J</th><th scope="col" class="num">H</th><th scope="col" class="num">d&prime;</th><th scope="col" class="num">c</th></tr></thead>
<tbody>
{% for row in table.rows %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th>{{ figure(row.over_refusal) }}{{ figure(row.handled) }}{{ figure(row.youden) }}{{ figure(row.harmonic) }}{{ figure(row.dprime) }}{{ figure(row.criterion) }}</tr>
{% endfor %}
</tbody></table>
</div>
{{ caveats(run, table.judge) }}
</div>
{% endfor %}
{% endif %}
</section>
"""
)
