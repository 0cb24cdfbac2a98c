"""What instruction tuning brings: safe answers of base and instruct models in each language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from safeglot.report.comparison.leaderboard import source
from safeglot.report.comparison.view import ComparisonView, JudgedModels, PlacedModel
from safeglot.report.numbers.axis import Axis
from safeglot.report.numbers.interpretation import LIMIT_WORDS, is_interpretable
from safeglot.report.numbers.percent import points
from safeglot.report.numbers.plane import axis_between
from safeglot.report.page import Run
from safeglot.report.saved_figure import SavedFigure
from safeglot.report.sections.tuning import Rate, difference_of_gains, pairs_of

COLUMNS = ("base", "instruct", "language", "base_safe", "instruct_safe", "gain_points")


@dataclass(frozen=True, slots=True, kw_only=True)
class GainPanel:
    """An instruct model beside its base model; `told` compares the gains in words."""

    tuned: str
    rates: tuple[Rate, ...]
    weakest: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """All pairs of one judge on one axis; `left_out` says of what there is no row."""

    axis: Axis
    panels: tuple[GainPanel, ...]
    left_out: str
    saved: SavedFigure


def gains(view: ComparisonView, board: JudgedModels, short: Mapping[str, str]) -> Gains | None:
    """Return the pairs, told by their names; None without any that has a language to show."""
    by_name = {model.name: model for model in board.models}
    pairs = [(by_name[base], by_name[tuned]) for base, tuned in pairs_of(list(by_name))]
    shared = [(base, tuned, list(_rates(board, base, tuned))) for base, tuned in pairs]
    shared = [pair for pair in shared if pair[2]]
    if not shared:
        return None
    axis = axis_between([rate for *_, rows in shared for _, *both in rows for rate in both])
    cells = [
        (base.name, tuned.name, tag, one, other, 100 * (other - one))
        for base, tuned, rows in shared
        for tag, one, other in rows
    ]
    return Gains(
        axis=axis,
        panels=tuple(
            _panel(view.run, (base, tuned), rates, short[tuned.name])
            for base, tuned, rates in shared
        ),
        left_out=_left_out(board, [len(rows) for *_, rows in shared]),
        saved=source(view, board).figure("gains", COLUMNS, cells),
    )


def _left_out(board: JudgedModels, shown: list[int]) -> str:
    if min(shown) == len(board.languages):
        return ""
    return (
        f" Left out: languages where more than {LIMIT_WORDS} of the answers are unusable or of the "
        "verdicts missing."
    )


def _rates(board: JudgedModels, base: PlacedModel, tuned: PlacedModel) -> Iterator[Rate]:
    for tag in board.languages:
        gaps = (base.gaps.get(tag), tuned.gaps.get(tag))
        if any(gap is not None and not is_interpretable(gap) for gap in gaps):
            continue
        one, other = base.by_language.get(tag), tuned.by_language.get(tag)
        if one and other and one.value is not None and other.value is not None:
            yield tag, one.value, other.value


def _panel(
    run: Run, pair: tuple[PlacedModel, PlacedModel], rates: list[Rate], name: str
) -> GainPanel:
    others = [row for row in rates if row[0] != run.reference]
    weak = min(others, key=lambda row: row[2])[0] if others else ""
    return GainPanel(
        tuned=name,
        rates=tuple(rates),
        weakest=weak,
        told=_told(run, pair, {tag: other - one for tag, one, other in rates}, weak),
    )


def _told(
    run: Run, pair: tuple[PlacedModel, PlacedModel], gained: dict[str, float], weak: str
) -> str:
    if run.reference not in gained or not weak:
        return ""
    name, other = run.language_name(run.reference), run.language_name(weak)
    first = f"{name} {points(gained[run.reference])} points, {other} {points(gained[weak])}"
    base, tuned = pair
    found = difference_of_gains(tuned.gaps.get(weak), base.gaps.get(weak))
    if found is None:
        return f"{first}."
    value, low, high = found
    told = "not told apart"
    if low > 0 or high < 0:
        told = f"{other} gains {'more' if value > 0 else 'less'}"
    return f"{first}: {told} ({points(value)} [{points(low)} to {points(high)}])."
