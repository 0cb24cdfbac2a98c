"""The map of categories by languages, one panel for each judge and model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safeglot.report.numbers.bands import (
    MIN_CERTIFIABLE,
    RANGES,
    Band,
    band_of,
    certified,
    too_few,
    wide,
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
from safeglot.report.page import Index, Language, Page, Run
from safeglot.types import Estimate

UNGROUPED = "other categories"


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One cell: what stands in it and what is told on hover, focus and tap (a line each)."""

    rate: str
    band: Band
    few: bool
    pale: bool
    tip: str


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
    """One panel."""

    judge: int
    model: int
    groups: tuple[Group, ...]
    any_few: bool
    any_pale: bool
    any_uncovered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    run: Run
    index: Index
    judge: str
    model: str


def heat_maps(page: Page, index: Index) -> list[HeatMap]:
    """Build the panels; an empty list where no category has data."""
    grouped = _grouped(page.run, index.categories())
    if not grouped:
        return []
    return [
        _heat_map(page.run, index, grouped, judge=judge, model=model)
        for judge in range(len(page.run.judges))
        for model in range(len(page.run.models))
    ]


def _grouped(run: Run, categories: Sequence[str]) -> dict[str, list[str]]:
    groups = {
        macro: [name for name in names if name in categories] for macro, names in run.macros.items()
    }
    placed = {name for names in groups.values() for name in names}
    rest = [name for name in categories if name not in placed]
    if rest:
        groups[UNGROUPED if placed else ""] = rest
    return {macro: names for macro, names in groups.items() if names}


def _heat_map(
    run: Run, index: Index, grouped: dict[str, list[str]], *, judge: int, model: int
) -> HeatMap:
    about = _About(run=run, index=index, judge=run.judges[judge], model=run.models[model])
    groups = tuple(
        Group(name=macro, rows=tuple(_row(about, name) for name in names))
        for macro, names in grouped.items()
    )
    rows = [row for group in groups for row in group.rows]
    return HeatMap(
        judge=judge,
        model=model,
        groups=groups,
        any_few=any(square.few for row in rows for square in row.squares),
        any_pale=any(square.pale for row in rows for square in row.squares),
        any_uncovered=any(row.uncovered for row in rows),
    )


def _row(about: _About, category: str) -> CategoryRow:
    found = [
        about.index.get(
            "safety", about.model, judge=about.judge, language=one.tag, category=category
        )
        for one in about.run.languages
    ]
    squares = [
        _square(about, one, language, category)
        for one, language in zip(found, about.run.languages, strict=True)
    ]
    return CategoryRow(
        category=category,
        n=_n_range([one.n for one in found if one is not None]),
        uncovered=category in about.run.uncovered.get(about.judge, ()),
        squares=tuple(squares),
    )


def _n_range(ns: Sequence[int]) -> str:
    if not ns:
        return "0"
    low, high = min(ns), max(ns)
    return count(low) if low == high else f"{count(low)}{NONE}{count(high)}"


def _square(about: _About, one: Estimate | None, language: Language, category: str) -> Square:
    lines = [f"{category}, {language.name} ({language.tag})", *_lines(one)]
    lines += _gap_line(about, language, category)
    if category in about.run.uncovered.get(about.judge, ()):
        lines.append("The judge's policy does not cover this category.")
    rate = percent(one.value) if one is not None else NONE
    return Square(
        rate=rate, band=band_of(one), few=too_few(one), pale=wide(one), tip="\n".join(lines)
    )


def _lines(one: Estimate | None) -> list[str]:
    if one is None or one.value is None:
        lost = f": {count(one.missing)} answers without a verdict" if one and one.missing else ""
        return [f"no data{lost}"]
    unsafe = number(one, "n_unsafe")
    counts = [n_of(one.n)]
    counts += [f"{unsafe:,.0f} unsafe"] if unsafe is not None else []
    counts += [f"{count(one.missing)} missing"] if one.missing else []
    return [
        f"{percent(one.value, 2)}% labelled safe",
        f"{level(one)} interval {interval(one, 2)}% ({method_words(one.method)})",
        ", ".join(counts),
        f"Band by the point: {band_of(one).words}",
        _certified_line(one),
    ]


def _certified_line(one: Estimate) -> str:
    band, low = certified(one), number(one, "certified_low")
    bound = f" (lower bound {percent(low, 2)}%)" if low is not None else ""
    if band == "safe":
        return f"Certified: at least 99%{bound}"
    reached = "Certified: at least 90%" if band == "unsafe" else "Not certified"
    why = ""
    if too_few(one):
        why = f"; {RANGES['safe']} needs {MIN_CERTIFIABLE} prompts or more"
    return f"{reached}{bound}{why}"


def _gap_line(about: _About, language: Language, category: str) -> list[str]:
    gap = about.index.get(
        "gap", about.model, judge=about.judge, language=language.tag, category=category
    )
    if gap is None or gap.value is None:
        return []
    against = about.run.language_name(about.run.reference)
    p = number(gap, "p_holm")
    tested = f", p {p_value(p)} (Holm)" if p is not None else ""
    line = (
        f"Against {against}: {points(gap.value, 2)} points ({gap_interval(gap, 2)}), "
        f"{n_of(gap.n, 'pairs')}{tested}"
    )
    return [line]
