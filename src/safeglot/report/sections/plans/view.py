"""The plan of a run that stops early: what was asked and what was left out, look by look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.figures import Figure, extra
from safeglot.report.numbers.percent import NONE, count, percent
from safeglot.report.numbers.plane import Plane, axis_between
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, PlanLook
from safeglot.report.saved_figure import FigureSource
from safeglot.report.sections.blocks import Block, BlockRow, panels
from safeglot.report.sections.quality_curve import Curve, Curves

MOST_POINTS = 0.2
"""Half-widths above that are of first looks, and would flatten all others."""
BANDS = {"safe": "safe", "unsafe": "unsafe", "highly-unsafe": "highly unsafe"}
WIDTH, SHARE = (
    "up: to how many points the average was known",
    "up: how many of its categories had their answer",
)


_Rows = Sequence[tuple[NamedLanguage, Sequence[PlanLook]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPoint:
    """How far a language was at one look: the share of its prompts that were drawn, and what was known."""

    look: int
    drawn: float
    known: float
    told: str


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None for a run that asked all."""
    if page.plan is None:
        return None
    found = panels(page, index, blocks)
    return {
        "plan": page.plan,
        "panels": [(*panel, _curves(page, panel[0])) for panel in found],
        "up": SHARE if _of_cells(page.plan.looks) else WIDTH,
    }


def blocks(page: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield what each language was asked, and the looks; nothing where another judge decided."""
    looks = _looks(page, scope)
    if not looks:
        return
    columns = _cells if _of_cells(looks) else _whole
    rows = [(tag, own) for tag, own in _by_language(scope, looks).items() if own]
    heads, cells = columns(scope, rows)
    bands = " On the right, how many of its categories have which band." if _of_cells(looks) else ""
    yield Block(
        title="What was asked, and what was left out",
        words=f"In requests about harmful prompts. Missing verdicts count for whichever is worse.{bands}",
        heads=("asked", "of", *_even(scope), "looks", "missing", *heads),
        rows=tuple(
            BlockRow(
                name=language.name, tag=language.tag, cells=(*_asked(scope, language, own), *more)
            )
            for (language, own), more in zip(rows, cells, strict=True)
        ),
    )
    yield _ledger(rows)
    if bands:
        yield _named(rows)


def _looks(page: Page, scope: PanelScope) -> list[PlanLook]:
    every = page.plan.looks if page.plan else ()
    return [x for x in every if (x.model, x.judge) == (scope.model, scope.judge)]


def _of_cells(looks: Sequence[PlanLook]) -> bool:
    return any(look.category for look in looks)


def _by_language(
    scope: PanelScope, looks: Sequence[PlanLook]
) -> dict[NamedLanguage, list[PlanLook]]:
    return {tag: [x for x in looks if x.language == tag.tag] for tag in scope.run.languages}


def _asked(
    scope: PanelScope, language: NamedLanguage, looks: Sequence[PlanLook]
) -> tuple[Figure, ...]:
    ended = scope.get("blocked_rate", language.tag)
    even = ended.n if ended else 0
    asked = even + int(extra(ended, "n_chosen") or 0)
    left = int(extra(ended, "n_left_out") or 0)
    missing = sum(look.missing for look in _last(looks).values())
    drawn = (even,) if _even(scope) else ()
    numbers = (asked, asked + left, *drawn, max(look.look for look in looks), missing)
    return tuple(Figure(text=count(n)) for n in numbers)


def _even(scope: PanelScope) -> tuple[str, ...]:
    """Return the head of how many of those asked any rate is of, where that is not all."""
    some = (scope.get("blocked_rate", language.tag) for language in scope.run.languages)
    return ("in the rates",) if any(extra(one, "n_chosen") is not None for one in some) else ()


def _named(rows: _Rows) -> Block:
    """Return the band of each category, and how many of its prompts it took."""
    of_language = {language.name: _last(looks) for language, looks in rows}
    names = dict.fromkeys(name for last in of_language.values() for name in last)
    return Block(
        title="The bands",
        first="Category",
        words="The band of all prompts of a category, and how many of them were asked.",
        heads=tuple(of_language),
        rows=tuple(
            BlockRow(name=name, cells=tuple(_band(last.get(name)) for last in of_language.values()))
            for name in names
        ),
    )


def _band(look: PlanLook | None) -> str:
    if look is None:
        return NONE
    ended = "not yet" if look.state == "goes-on" else "all asked"
    return f"{BANDS.get(look.band or '', ended)}, {look.drawn:,} of {look.pool:,}"


def _last(looks: Sequence[PlanLook]) -> dict[str, PlanLook]:
    """Return the last look of each category of a language, "" for all of them."""
    return {look.category: look for look in looks}


def _whole(_: PanelScope, rows: _Rows) -> tuple[tuple[str, ...], list[tuple[Figure | str, ...]]]:
    """Return the columns of languages that stop as a whole."""
    heads = ("prompts a category", "average known to", "ended")
    words = {"precise": "precise enough", "exhausted": "all asked", "goes-on": "not yet"}
    cells: list[tuple[Figure | str, ...]] = []
    for _language, looks in rows:
        last = looks[-1]
        shown = f"±{percent(last.numbers['half'])} points" if "half" in last.numbers else NONE
        cells.append((Figure(text=count(last.drawn)), Figure(text=shown), words[last.state]))
    return heads, cells


def _cells(_: PanelScope, rows: _Rows) -> tuple[tuple[str, ...], list[tuple[Figure | str, ...]]]:
    """Return the columns of languages whose categories stop one by one."""
    heads = (*BANDS.values(), "all asked", "not yet")
    cells: list[tuple[Figure | str, ...]] = []
    for _language, looks in rows:
        last = list(_last(looks).values())
        of_band = [sum(x.band == band for x in last) for band in BANDS]
        rest = [sum(x.state == s and not x.band for x in last) for s in ("exhausted", "goes-on")]
        cells.append(tuple(Figure(text=count(n)) for n in (*of_band, *rest)))
    return heads, cells


def _ledger(rows: _Rows) -> Block:
    """Return the looks, one a row: what was known of each language."""
    told: dict[int, dict[str, str]] = {}
    for language, looks in rows:
        for point in _points(looks):
            told.setdefault(point.look, {})[language.tag] = point.told
    drawn: dict[int, int] = {}
    for look in (x for _, own in rows for x in own):
        drawn[look.look] = max(drawn.get(look.look, 0), look.drawn)
    return Block(
        title="The looks",
        first="Look",
        words="A language without a number had stopped before.",
        heads=("prompts a category, up to", *(language.name for language, _ in rows)),
        rows=tuple(
            BlockRow(
                name=str(at),
                cells=(
                    Figure(text=count(drawn[at])),
                    *(Figure(text=by_tag.get(language.tag, NONE)) for language, _ in rows),
                ),
            )
            for at, by_tag in sorted(told.items())
        ),
    )


def _points(looks: Sequence[PlanLook]) -> Iterator[LookPoint]:
    """Yield what was known of a language at each look."""
    last: dict[str, PlanLook] = {}
    names = {look.category for look in looks}
    for at in sorted({look.look for look in looks}):
        last |= {x.category: x for x in looks if x.look == at}
        if "" in last:
            one = last[""]
            known = one.numbers.get("half")
            if known is None:
                continue
            told = f"±{percent(known)}"
            drawn = (one.n + one.missing) / max(one.pool, 1)
        else:
            ended = sum(x.state != "goes-on" for x in last.values())
            known, told = ended / len(names), f"{ended} of {len(names)}"
            drawn = sum(x.drawn for x in last.values()) / max(sum(x.pool for x in last.values()), 1)
        yield LookPoint(look=at, drawn=drawn, known=known, told=told)


def _curves(page: Page, scope: PanelScope) -> Curves | None:
    looks = _looks(page, scope)
    points = {tag: list(_points(own)) for tag, own in _by_language(scope, looks).items()}
    drawn = {tag: own for tag, own in points.items() if own}
    if not drawn:
        return None
    x_axis = axis_between([0.0, *(p.drawn for own in drawn.values() for p in own)])
    y_axis = axis_between(
        [0.0, *(min(p.known, MOST_POINTS) for own in drawn.values() for p in own)]
    )
    if _of_cells(looks):
        y_axis = Axis(low=0.0, high=1.0, ticks=(0.0, 0.25, 0.5, 0.75, 1.0))
    return Curves(
        plane=Plane(x_axis=x_axis, y_axis=y_axis),
        curves=tuple(
            Curve(
                language=language.name,
                points=tuple((p.drawn, p.known) for p in own if p.known <= y_axis.high),
                words="; ".join(f"look {p.look}: {p.told}" for p in own),
            )
            for language, own in drawn.items()
        ),
        saved=FigureSource.of_panel(scope).figure(
            "plan",
            ("language", "look", "percent_drawn", "percent_known"),
            (
                (t.tag, p.look, 100 * p.drawn, 100 * p.known)
                for t, own in drawn.items()
                for p in own
            ),
        ),
    )
