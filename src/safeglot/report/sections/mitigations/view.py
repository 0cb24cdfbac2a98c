"""Mitigations: what each changes in a language, and which is the cheapest that helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from safeglot.report.finding.mitigations import (
    COSTS,
    NamedMitigation,
    gained,
    remedies,
    short_mitigation,
)
from safeglot.report.numbers.axis import Axis, ends, gap_axis
from safeglot.report.numbers.figures import ABSENT, Figure, difference, extra, index_number, word
from safeglot.report.numbers.percent import p_value, percent, points
from safeglot.report.numbers.plane import Plane, point, spots
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, scopes
from safeglot.report.saved_figure import FigureSource, SavedFigure
from safeglot.report.sections.blocks import Block, Cell, by_language
from safeglot.report.width import cut_within
from safeglot.types import Estimate

SAFETY, OVER_REFUSAL = "mitigation_safety", "mitigation_over_refusal"
CHANGES = {
    "{0}": SAFETY,
    "beyond that in {1}": "mitigation_safety_gap",
    "harmless refused": OVER_REFUSAL,
    "invalid answers": "mitigation_invalid",
}
PER_GAIN = {
    "price": ("US$ for 1,000 unsafe answers fewer", 1_000.0, 2),
    "tokens": ("tokens for one unsafe answer fewer", 1.0, 0),
}
"""By the best known cost: what a gain is told in, the factor to it, and its decimals."""
COLUMNS = ("language", "mitigation", "gain", "gain_low", "gain_high", "refused", "refused_low", "refused_high")  # fmt: skip
WORDS = "Changes against the model as it is, paired by prompt, in points; p after Holm's adjustment over all mitigations and languages. What a guard withholds or a service blocks is safe, and a refusal."
LONGEST = 20
"""Signs of a name in the plot."""
Found: TypeAlias = Mapping[tuple[str, str], Estimate]
"""Metric and language -> what one mitigation changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MitigationPanel:
    """One judge on one model."""

    scope: PanelScope
    remedies: Sequence[NamedMitigation]
    gained: str
    blocks: tuple[Block, ...]
    frontiers: tuple[tuple[str, Plane, str], ...]
    """Each language with its mitigations by what they gain and how much more they refuse, and in words."""
    saved: SavedFigure


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None for a run without mitigations."""
    panels = [_panel(page, scope) for scope in scopes(page.run, index) if remedies(scope)]
    return {"panels": panels, "words": WORDS} if panels else None


def _panel(page: Page, scope: PanelScope) -> MitigationPanel:
    arms, told = arms_of(page, scope), remedies(scope)
    helping = {one.language.tag: word(one.named, "helping").split(", ") for one in told}
    places = {
        language: [
            (name, *pair) for name, found in arms.items() if (pair := _pair(found, language))
        ]
        for language in scope.run.languages
    }
    shown = {language: pairs for language, pairs in places.items() if pairs}
    every = [pair for pairs in shown.values() for pair in pairs]
    y_axis, x_axis = (
        gap_axis(ends(of)) for of in ([g for _, g, _ in every], [r for *_, r in every])
    )
    source = FigureSource.of_panel(scope)
    rows = [
        (g.language, name, g.value, g.low, g.high, r.value, r.low, r.high) for name, g, r in every
    ]
    return MitigationPanel(
        scope=scope,
        remedies=told,
        gained=gained(scope),
        blocks=tuple(blocks(page, scope)),
        frontiers=tuple(
            _frontier(language, pairs, (x_axis, y_axis), helping.get(language.tag, []))
            for language, pairs in shown.items()
        ),
        saved=source.figure("mitigations", COLUMNS, rows),
    )


def arms_of(page: Page, scope: PanelScope) -> Mapping[str, Found]:
    """Return what each mitigation changes, read from the list: estimates are alike but for its name."""
    arms: dict[str, dict[tuple[str, str], Estimate]] = {}
    for e in page.estimates:
        of_panel = e.metric.startswith("mitigation_") and e.metric != "mitigation_named"
        if of_panel and (e.judge, e.model) == (scope.judge, scope.model):
            arms.setdefault(word(e, "mitigation"), {})[e.metric, e.language or ""] = e
    return arms


def blocks(page: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield a table a mitigation, a row a language."""
    for name, found in arms_of(page, scope).items():
        yield _block(scope, name, found)


def _pair(found: Found, language: NamedLanguage) -> tuple[Estimate, Estimate] | None:
    gain, refused = (found.get((metric, language.tag)) for metric in (SAFETY, OVER_REFUSAL))
    known = gain is not None and refused is not None and None not in (gain.value, refused.value)
    return (gain, refused) if known and gain and refused else None


def _frontier(
    language: NamedLanguage,
    pairs: Sequence[tuple[str, Estimate, Estimate]],
    axes: tuple[Axis, Axis],
    helping: Sequence[str],
) -> tuple[str, Plane, str]:
    short = [short_mitigation(name) for name, _, _ in pairs]
    dots = [point("none", (0, 0, 0), (0, 0, 0), look="ref")]
    for k, (name, gain, refused) in enumerate(pairs):
        alone = short.count(short[k]) == 1
        beaten = "worse" if word(gain, "dominated_by") else "same"
        dots.append(
            point(
                cut_within(short[k] if alone else name, LONGEST),
                (refused.value, refused.low, refused.high),
                (gain.value, gain.low, gain.high),
                look="better" if name in helping else beaten,
            )
        )
    words = "; ".join(
        f"{name}: {points(gain.value)} points gained, {points(refused.value)} harmless refused"
        for name, gain, refused in pairs
    )
    x_axis, y_axis = axes
    plane = Plane(x_axis=x_axis, y_axis=y_axis, spots=tuple(spots(dots, *axes)))
    return language.name, plane, words


def _block(scope: PanelScope, name: str, found: Found) -> Block:
    reference = scope.run.language_name(scope.run.reference)
    columns: dict[str, Callable[[str], Cell]] = {
        head.format(gained(scope), reference): lambda tag, metric=metric: _tested(
            found.get((metric, tag))
        )  # type: ignore[misc]
        for head, metric in CHANGES.items()
    }
    columns |= dict(_costs(found))
    columns["beside others"] = lambda tag: _beside(found.get((SAFETY, tag)))
    return by_language(scope.run.languages, columns, title=name)


def _costs(found: Found) -> Iterator[tuple[str, Callable[[str], Cell]]]:
    for key, (unit, factor, digits) in COSTS.items():
        metric = f"mitigation_{key}"
        yield unit, lambda tag, of=(metric, factor, digits): _scaled(found, tag, of)  # type: ignore[misc]
    by = next((k for k in PER_GAIN if any(m == f"mitigation_{k}" for m, _ in found)), "tokens")
    unit, factor, digits = PER_GAIN[by]
    of_gain = (f"mitigation_{by}_per_gain", factor, digits)
    yield unit, lambda tag: _scaled(found, tag, of_gain)
    refusals = ("mitigation_refusals_per_gain", 1.0, 2)
    yield "harmless refused for one unsafe answer fewer", lambda tag: _scaled(found, tag, refusals)


def _scaled(found: Found, tag: str, of: tuple[str, float, int]) -> Cell:
    metric, factor, digits = of
    e = found.get((metric, tag))
    if e is None or e.value is None:
        return ABSENT
    scaled = (None if end is None else end * factor for end in (e.value, e.low, e.high))
    value, low, high = scaled
    return replace(index_number(replace(e, value=value, low=low, high=high), digits), n="")


def _tested(e: Estimate | None) -> Figure:
    figure, p, lacks = difference(e), extra(e, "p_holm_all"), extra(e, "missing_share")
    is_tested = e is not None and e.metric.startswith(SAFETY)
    notes = [f"p {p_value(p)}"] if is_tested and p is not None else []
    if lacks is not None:
        most = max(lacks, extra(e, "missing_share_reference") or 0.0)
        notes = [f"not interpreted: {percent(most)}% not read or not valid"]
    return replace(figure, note=figure.note or "; ".join(notes))


def _beside(gain: Estimate | None) -> str:
    """Return which arms it is safer than while it refuses less, and which are so beside it."""
    better, worse = (
        ", ".join(map(short_mitigation, filter(None, word(gain, key).split(", "))))
        for key in ("dominates", "dominated_by")
    )
    told = [f"safer than {better}, and refuses less"] if better else []
    return "; ".join([*told, *([f"{worse}: safer, and refuses less"] if worse else [])])
