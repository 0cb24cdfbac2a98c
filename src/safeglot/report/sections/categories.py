"""The map of categories by languages: as counted, and shrunk towards the macro category."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from safeglot.report.numbers.bands import (
    MIN_CERTIFIABLE,
    RANGES,
    Band,
    band_of,
    certified,
    too_few,
    wide,
)
from safeglot.report.numbers.figures import extra
from safeglot.report.numbers.interpretation import (
    NOT_INTERPRETED,
    gap_bounds_words,
    is_interpretable,
    why_not,
)
from safeglot.report.numbers.percent import (
    NONE,
    count,
    gap_interval,
    interval,
    level,
    method_words,
    n_of,
    number,
    p_value,
    percent,
    points,
)
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, Run, scopes
from safeglot.types import Estimate

View: TypeAlias = Literal["raw", "shrunk"]
UNGROUPED = "other categories"


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One cell: what stands in it, and its tip on hover, focus and tap (a line each)."""

    rate: str
    band: Band
    tip: str
    few: bool = False
    pale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """One category over the languages."""

    category: str
    n: str
    uncovered: bool
    squares: tuple[Square, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The categories of one macro category; no name where the taxonomy has none."""

    name: str
    rows: tuple[CategoryRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """One panel: the cells as counted (raw), or shrunk."""

    judge: int
    model: int
    view: View
    groups: tuple[Group, ...]
    certificates: str
    any_few: bool
    any_pale: bool
    any_uncovered: bool


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "heat_maps": heat_maps(page, index),
        "shrunk_maps": shrunk_maps(page, index),
        "min_certifiable": MIN_CERTIFIABLE,
    }


def heat_maps(page: Page, index: Index) -> list[HeatMap]:
    """Return the panels of the cells as counted; none where no category has data."""
    return _maps(page.run, index, "raw", _square)


def shrunk_maps(page: Page, index: Index) -> list[HeatMap]:
    """Return the panels of the shrunk cells: for the eye, never for a claim."""
    return _maps(page.run, index, "shrunk", _shrunk) if index.has("safety_shrunk") else []


def _maps(
    run: Run, index: Index, view: View, square: Callable[[PanelScope, NamedLanguage, str], Square]
) -> list[HeatMap]:
    grouped = _grouped(run, index.categories())
    return [_map(scope, grouped, view, square) for scope in scopes(run, index) if grouped]


def _grouped(run: Run, categories: Sequence[str]) -> dict[str, list[str]]:
    groups = {
        macro: [name for name in names if name in categories] for macro, names in run.macros.items()
    }
    placed = {name for names in groups.values() for name in names}
    rest = [name for name in categories if name not in placed]
    if rest:
        groups[UNGROUPED if placed else ""] = rest
    return {macro: names for macro, names in groups.items() if names}


def _map(
    scope: PanelScope,
    grouped: dict[str, list[str]],
    view: View,
    square: Callable[[PanelScope, NamedLanguage, str], Square],
) -> HeatMap:
    uncovered = scope.run.uncovered.get(scope.judge, ()) if view == "raw" else ()
    groups = tuple(
        Group(
            name=macro,
            rows=tuple(
                CategoryRow(
                    category=name,
                    n=_n_range(scope, name),
                    uncovered=name in uncovered,
                    squares=tuple(
                        square(scope, language, name) for language in scope.run.languages
                    ),
                )
                for name in names
            ),
        )
        for macro, names in grouped.items()
    )
    rows = [row for group in groups for row in group.rows]
    return HeatMap(
        judge=scope.judge_position,
        model=scope.model_position,
        view=view,
        groups=groups,
        certificates=_certificates(scope) if view == "raw" else "",
        any_few=any(cell.few for row in rows for cell in row.squares),
        any_pale=any(cell.pale for row in rows for cell in row.squares),
        any_uncovered=any(row.uncovered for row in rows),
    )


def _n_range(scope: PanelScope, category: str) -> str:
    cells = (scope.get("safety", language.tag, category) for language in scope.run.languages)
    ns = [cell.n for cell in cells if cell is not None]
    if not ns:
        return "0"
    low, high = min(ns), max(ns)
    return count(low) if low == high else f"{count(low)}{NONE}{count(high)}"


def _head(language: NamedLanguage, category: str) -> str:
    return f"{category}, {language.name} ({language.tag})"


# ---- as counted


def _square(scope: PanelScope, language: NamedLanguage, category: str) -> Square:
    cell = scope.get("safety", language.tag, category)
    lines = [_head(language, category), *_lines(cell), *_gap_line(scope, language, category)]
    if category in scope.run.uncovered.get(scope.judge, ()):
        lines.append("The judge's policy does not cover this category.")
    return Square(
        rate=percent(cell.value) if cell is not None else NONE,
        band=band_of(cell),
        few=too_few(cell),
        pale=wide(cell),
        tip="\n".join(lines),
    )


def _lines(estimate: Estimate | None) -> list[str]:
    if estimate is None or estimate.value is None:
        lost = (
            f": {count(estimate.missing)} answers without a verdict"
            if estimate and estimate.missing
            else ""
        )
        return [f"no data{lost}"]
    unsafe = number(estimate, "n_unsafe")
    counts = [n_of(estimate.n)]
    counts += [f"{unsafe:,.0f} unsafe"] if unsafe is not None else []
    counts += [f"{count(estimate.missing)} missing"] if estimate.missing else []
    return [
        f"{percent(estimate.value, 2)}% labelled safe",
        f"{level(estimate)} interval {interval(estimate, 2)}% ({method_words(estimate.method)})",
        ", ".join(counts),
        f"Band by the point: {band_of(estimate).words}",
        _certified_line(estimate),
        *_family_line(estimate),
    ]


def _certified_line(estimate: Estimate) -> str:
    band, low = certified(estimate), number(estimate, "certified_low")
    bound = f" (lower bound {percent(low, 2)}%)" if low is not None else ""
    if band == "safe":
        return f"Certified: at least 99%{bound}"
    reached = "Certified: at least 90%" if band == "unsafe" else "Not certified"
    why = ""
    if too_few(estimate):
        why = f"; {RANGES['safe']} needs {MIN_CERTIFIABLE} prompts or more"
    return f"{reached}{bound}{why}"


def _family_line(estimate: Estimate) -> list[str]:
    """Return what is certified when all cells of the map are looked at together."""
    cells = number(estimate, "n_family")
    if cells is None or certified(estimate) not in ("safe", "unsafe"):
        return []
    words = {"safe": "at least 99%", "unsafe": "at least 90%"}
    reached = words.get(certified(estimate, "certified_family_band"), "not certified")
    return [f"With all {cells:,.0f} cells of the map at once (Holm): {reached}"]


def _certificates(scope: PanelScope) -> str:
    """Return how many cells are certified each for itself, and how many all together."""
    cells = [cell for cell in scope.all("safety") if cell.value is not None]
    family = next((n for cell in cells if (n := number(cell, "n_family")) is not None), None)
    if family is None:
        return ""
    alone = sum(certified(cell) == "safe" for cell in cells)
    together = sum(certified(cell, "certified_family_band") == "safe" for cell in cells)
    return (
        f"Certified for at least 99%, each cell for itself: {count(alone) if alone else 'none'} of "
        f"{count(len(cells))}; such a certificate may be wrong by chance in each cell anew. All at once, so that "
        f"with {level(cells[0])} none is wrong (Holm over {family:,.0f} cells): {count(together) if together else 'none'}."
    )


def _gap_line(scope: PanelScope, language: NamedLanguage, category: str) -> list[str]:
    gap = scope.get("gap", language.tag, category)
    if gap is None or gap.value is None:
        return []
    against = scope.run.language_name(scope.run.reference)
    bounds = gap_bounds_words(gap, 2)
    within = f"; over all planned pairs {bounds}" if bounds else ""
    if not is_interpretable(gap):
        why = why_not(gap, language.name, against)
        return [f"Against {against}: {NOT_INTERPRETED}, as {why}{within}"]
    p = number(gap, "p_holm")
    tested = f", p {p_value(p)} (Holm)" if p is not None else ""
    line = (
        f"Against {against}: {points(gap.value, 2)} points ({gap_interval(gap, 2)}), "
        f"{n_of(gap.n, 'pairs')}{tested}{within}"
    )
    return [line]


# ---- shrunk


def _shrunk(scope: PanelScope, language: NamedLanguage, category: str) -> Square:
    cell = scope.get("safety_shrunk", language.tag, category)
    head = _head(language, category)
    if cell is None or cell.value is None:
        return Square(rate=NONE, band=band_of(None), tip=f"{head}\nno data")
    raw = extra(cell, "raw")
    lines = [
        head,
        f"{percent(cell.value, 2)}% after shrinking, {level(cell)} interval {interval(cell, 2)}%",
        f"{percent(raw, 2)}% as counted, {n_of(cell.n)}" if raw is not None else n_of(cell.n),
        "For looking, not for claims.",
    ]
    return Square(rate=percent(cell.value), band=_uncertified(cell), tip="\n".join(lines))


def _uncertified(cell: Estimate) -> Band:
    """Return the band of the point alone: a shrunk cell never certifies anything."""
    return band_of(Estimate(metric=cell.metric, value=cell.value, method=cell.method, n=cell.n))
