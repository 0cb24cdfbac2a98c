"""The heat map: in which kinds of requests, and in which languages, answers are unsafe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from safeglot.report.finding.shares import Verb, verb_of
from safeglot.report.numbers.bands import MIN_CERTIFIABLE, is_certified
from safeglot.report.numbers.interpretation import NOT_INTERPRETED, is_interpretable, reading
from safeglot.report.numbers.percent import NONE, between, count, level, number
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, macro_metric, scopes
from safeglot.report.saved_figure import Cell, FigureSource, SavedFigure
from safeglot.text.rounding import below
from safeglot.types import Estimate

UNGROUPED = "other categories"
EDGES = (0.01, 0.1, 0.25, 0.45)
"""Where a cell takes the next colour: ALERT's band edges, then two steps among what it calls highly unsafe."""
CLAIM = 0.05
FEW = 20
"""A cell of fewer requests says too little to be looked at alone."""
COLUMNS = (
    *("category", "language", "unsafe", "n", "missing", "unsafe_rate", "low", "high"),
    *("unsafe_gap", "gap_low", "gap_high", "p_holm", "reading"),
)
MARKS = {"lower": "\N{BLACK UP-POINTING TRIANGLE}", "higher": "\N{BLACK DOWN-POINTING TRIANGLE}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """A number with its colour; `mark` and `words` where it differs from the reference beyond chance."""

    text: str
    step: str
    mark: str = ""
    words: str = ""
    place: int = 0
    """Of its row in the figure's data."""


HeatRow: TypeAlias = tuple[str, bool, tuple[HeatCell, ...]]
"""A category, or a macro category: its name, whether the judge's policy leaves it out, and its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """One panel: the reference first, then the languages, the safest before the others."""

    scope: PanelScope
    languages: tuple[NamedLanguage, ...]
    groups: Mapping[str, tuple[HeatRow, ...]]
    """Name of a macro category -> its rows; "" where the taxonomy has none, or a row is one itself."""
    asked: str
    """Requests of a cell, "20" or "19 to 101"."""
    n_tests: int
    few: bool
    macros: bool
    remarks: tuple[str, ...]
    """Which cells are certified, and in how many categories the languages differ at all."""
    verb: Verb
    saved: SavedFigure

    @property
    def any_uncovered(self) -> bool:
        """Whether the judge's policy leaves out a category of the map."""
        return any(uncovered for rows in self.groups.values() for _, uncovered, _ in rows)


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {"heat_maps": heat_maps(page, index), "edges": [f"{100 * edge:g}" for edge in EDGES]}


def heat_maps(page: Page, index: Index) -> list[HeatMap]:
    """Return a map for each judge and model; none where no category has data."""
    groups = _macros(page, index) or _grouped(page, index.categories())
    return [_map(scope, groups) for scope in scopes(page.run, index) if groups]


def step_of(rate: float | None) -> str:
    """Return the colour of an unsafe rate: h0 to h4, "" where there is none."""
    return "" if rate is None else f"h{sum(below(edge, rate) for edge in EDGES)}"


def of_hundred(rate: float) -> str:
    """Return an unsafe rate as so many of 100, with decimals where the whole number would mislead."""
    whole = round(100 * rate)
    near = abs(100 * rate - whole) < 0.05 or whole >= 10
    shown = [*([str(whole)] if near else []), f"{100 * rate:.1f}"]
    return next(
        (text for text in shown if step_of(float(text) / 100) == step_of(rate)), f"{100 * rate:.2f}"
    )


Named = dict[str, list[tuple[str, str]]]
"""Name of a group -> (key, printed name) of its rows."""


def _macros(page: Page, index: Index) -> Named:
    """Return the macro categories as rows, where the categories are too small; else nothing."""
    if not index.has("safety_of_macro"):
        return {}
    found = (e.category for e in page.estimates if e.metric == "safety_of_macro")
    keys = dict.fromkeys(key for key in found if key is not None)
    return {"": [(key, page.run.macro_names.get(key, key)) for key in keys]}


def _grouped(page: Page, categories: Sequence[str]) -> Named:
    groups: Named = {
        macro: [(name, name) for name in names if name in categories]
        for macro, names in page.run.macros.items()
    }
    placed = {key for rows in groups.values() for key, _ in rows}
    rest = [(name, name) for name in categories if name not in placed]
    if rest:
        groups[UNGROUPED if placed else ""] = rest
    return {macro: rows for macro, rows in groups.items() if rows}


def _map(scope: PanelScope, groups: Named) -> HeatMap:
    languages = _in_order(scope)
    macros = scope.index.has("safety_of_macro")
    rows: list[Sequence[Cell]] = []
    filled = {
        group: tuple(
            (
                name,
                key in scope.run.uncovered.get(scope.judge, ()),
                tuple(_cells(scope, languages, (key, name), rows, macros=macros)),
            )
            for key, name in named
        )
        for group, named in groups.items()
    }
    sizes = [n for row in rows if isinstance(n := row[3], int) and n]
    asked = "" if not sizes else between(min(sizes), max(sizes))
    source = FigureSource.of_panel(scope, of=f"{asked or 'no'} requests a cell")
    return HeatMap(
        scope=scope,
        languages=languages,
        groups=filled,
        asked=asked,
        n_tests=sum(row[11] is not None for row in rows),
        few=bool(sizes) and min(sizes) < FEW,
        macros=macros,
        remarks=tuple(filter(None, (_certificates(scope), _omnibus(scope)))),
        verb=verb_of(scope),
        saved=source.figure("categories", COLUMNS, rows),
    )


def _in_order(scope: PanelScope) -> tuple[NamedLanguage, ...]:
    metric = macro_metric(scope.index)

    def turn(language: NamedLanguage) -> tuple[bool, float]:
        mean = scope.get(metric, language.tag) or scope.get("safety_micro", language.tag)
        known = mean is not None and mean.value is not None
        return language.tag != scope.run.reference, -(mean.value or 0.0) if known and mean else 0.0

    return tuple(sorted(scope.run.languages, key=turn))


def _cells(
    scope: PanelScope,
    languages: Sequence[NamedLanguage],
    named: tuple[str, str],
    rows: list[Sequence[Cell]],
    *,
    macros: bool,
) -> Iterator[HeatCell]:
    """Yield the cells of a row, and add what they are drawn from to the figure's data."""
    key, name = named
    suffix = "_of_macro" if macros else ""
    said, against = _readings(scope), scope.run.language_name(scope.run.reference)
    for language in languages:
        cell = scope.get(f"safety{suffix}", language.tag, key)
        gap = scope.get(f"gap{suffix}", language.tag, key)
        rows.append((name, language.tag, *_numbers(cell), *_difference(gap, said)))
        if cell is None or cell.value is None:
            yield HeatCell(text=NONE, step="")
            continue
        word = reading(gap) if gap is not None else ""
        yield HeatCell(
            text=of_hundred(1 - cell.value),
            step=step_of(1 - cell.value),
            mark=MARKS.get(word, ""),
            words=f"{said[word]} than {against}, beyond chance" if word in said else "",
            place=len(rows) - 1,
        )


def _numbers(cell: Estimate | None) -> tuple[Cell, ...]:
    if cell is None or cell.value is None:
        return (None, 0, cell.missing if cell else 0, None, None, None)
    unsafe = number(cell, "n_unsafe")
    return (
        None if unsafe is None else int(unsafe),
        cell.n,
        cell.missing,
        1 - cell.value,
        None if cell.high is None else 1 - cell.high,
        None if cell.low is None else 1 - cell.low,
    )


def _readings(scope: PanelScope) -> dict[str, str]:
    """Return by how the gap of safety reads, what that says of the language."""
    verb = verb_of(scope)
    return {"lower": verb.less, "higher": verb.more}


def _difference(gap: Estimate | None, told: Mapping[str, str]) -> tuple[Cell, ...]:
    if gap is None or gap.value is None:
        return (None,) * 5
    if not is_interpretable(gap):
        return (None, None, None, None, NOT_INTERPRETED)
    ends = (None if gap.high is None else -gap.high, None if gap.low is None else -gap.low)
    said = told.get(reading(gap), "not told apart")
    return (-gap.value, *ends, number(gap, "p_holm"), said)


def _omnibus(scope: PanelScope) -> str:
    """Return in how many categories the languages differ at all, before any pair is looked at."""
    tests = [e for e in scope.all("cochran_q") if e.category is not None]
    p_holm = [number(e, "p_holm") for e in tests if is_interpretable(e)]
    tested = [p for p in p_holm if p is not None]
    if not tested:
        return ""
    differ = [p for p in tested if below(p, CLAIM)]
    left = len(tests) - len(tested)
    rest = f", {count(left)} not tested or not interpreted" if left else ""
    return (
        f"All languages at once (Cochran's Q, Holm): they differ in {count(len(differ))} of "
        f"{count(len(tested))} categories{rest}."
    )


def _certificates(scope: PanelScope) -> str:
    """Return how many cells are certified each for itself, and how many all together."""
    cells = [cell for cell in scope.all("safety") if cell.value is not None]
    if scope.judge in scope.run.refusals_only:
        return ""
    family = next((n for cell in cells if (n := number(cell, "n_family")) is not None), None)
    if family is None:
        return ""
    alone = sum(map(is_certified, cells))
    together = sum(is_certified(cell, "certified_family_band") for cell in cells)
    if not alone:
        return (
            f"No cell is certified 99% safe: that takes {MIN_CERTIFIABLE} requests without an unsafe answer."
            if max(cell.n for cell in cells) < MIN_CERTIFIABLE
            else "No cell is certified 99% safe."
        )
    return (
        f"Certified 99% safe, each cell for itself: {count(alone)} of {count(len(cells))}; all at once, so that "
        f"with {level(cells[0])} none is wrong (Holm): {count(together) if together else 'none'}."
    )
