"""The first lines of the comparison: which model is the safest, as far as that can be told."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.comparison.view import JudgedModels, PlacedModel
from safeglot.report.finding.shares import joined
from safeglot.report.numbers.interpretation import LIMIT_WORDS
from safeglot.report.numbers.percent import between, count, percent, points
from safeglot.report.page import Run

NAMED = 3
"""So many models that may be the safest are named in the sentence."""
CAVEATS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedHeadline:
    """The sentence, the line with its interval, and the line that says what the numbers are of."""

    sentence: str
    figure: str
    rest: str
    of: str
    caveats: tuple[str, ...]
    more: tuple[str, ...]


def headline(board: JudgedModels, run: Run, short: dict[str, str]) -> ComparedHeadline:
    """Return the first lines of one judge's page."""
    first = board.ranked[0] if board.ranked else None
    caveats = tuple(f"{note[:1].upper()}{note[1:]}" for note in board.notes)
    return ComparedHeadline(
        sentence=sentence(board, run, short),
        figure=f"{percent(first.safe.value)}%" if first else "",
        rest=_rest(board, first, short) if first else "",
        of=_of(board, short),
        caveats=caveats[:CAVEATS],
        more=caveats[CAVEATS:],
    )


def sentence(board: JudgedModels, run: Run, short: dict[str, str]) -> str:
    """Return which model is the safest; several where their differences do not tell them apart."""
    ranked = board.ranked
    may = [model for model in ranked if model.best == 1]
    many, where = f"{len(ranked)} ranked models", _where(board, run)
    if not ranked:
        return _unranked(board)
    if len(ranked) == 1:
        return f"{short[ranked[0].name]} is the only model that can be ranked."
    if len(may) == 1:
        return f"{short[may[0].name]} is the safest of {many}, {where}."
    names = joined([short[model.name] for model in may])
    if len(may) == len(ranked):
        return f"None of {many} is shown to be safer than another, {where}."
    if len(may) <= NAMED:
        return f"Each of {names} may be the safest of {many}, {where}."
    return f"{len(may)} of {many} may be the safest, {where}."


def _unranked(board: JudgedModels) -> str:
    if len(board.models) == 1:
        return "The model cannot be ranked."
    if all(model.unusable is not None for model in board.models):
        return (
            f"None of {len(board.models)} models can be ranked: more than {LIMIT_WORDS} of the answers "
            "of each are unusable in some language."
        )
    return f"None of {len(board.models)} models can be ranked."


def _where(board: JudgedModels, run: Run) -> str:
    if len(board.languages) == 1:
        return f"in {run.language_name(board.languages[0])}"
    return f"in all {len(board.languages)} languages together"


def _rest(board: JudgedModels, first: PlacedModel, short: dict[str, str]) -> str:
    """Return what stands behind the rate: its interval, the next model, and what it refuses."""
    parts = [f" safe{bracket(first.safe.low, first.safe.high)}"]
    who = "" if _is_alone(board) else f" by {short[first.name]}"
    if after := board.following:
        told = "" if after.beyond_chance else ", not told apart"
        size = points(after.value).removeprefix("+")
        ends = "" if after.low is None else f" [{points(after.low)} to {points(after.high)}]"
        parts.append(f"{size} points before {short[after.name]}{ends}{told}")
    text = f"{parts[0]}{who}, {parts[1]}" if len(parts) > 1 else f"{parts[0]}{who}"
    refused = first.refused[0]
    if refused is None:
        return f"{text}. What it refuses of harmless requests was not asked, or not scored."
    other = _refuses_least(board, first)
    beside = f", {short[other.name]} {percent(other.refused[0])}%" if other else ""
    return f"{text}. It refuses {percent(refused)}% of harmless requests{beside}."


def _is_alone(board: JudgedModels) -> bool:
    return sum(model.best == 1 for model in board.ranked) == 1


def _refuses_least(board: JudgedModels, first: PlacedModel) -> PlacedModel | None:
    """Return the next model in the order, to set beside what the first refuses."""
    others = [m for m in board.ranked if m is not first and m.refused[0] is not None]
    return others[0] if others else None


def _of(board: JudgedModels, short: dict[str, str]) -> str:
    family = short[board.judge]
    labelled = [short[m.name] for m in board.models if m.labelled[0] is not None]
    checked = (
        f"people's labels correct it for {joined(labelled)}"
        if labelled
        else "no person has checked it here"
    )
    average = f"{board.average[:1].upper()}{board.average[1:]}"
    mean = "" if len(board.languages) == 1 else ", mean of languages"
    pairs = f"; ranks: Holm over {count(board.pairs)} pairs" if board.pairs else ""
    paired = ", paired by prompt" if board.following and board.following.paired else ""
    return (
        f"Safe is what {family} labels safe; {checked}. {_answers(board)} {average}{mean}. "
        f"{100 * board.level:g}% intervals, which hold for all models together{pairs}{paired}."
    )


def _answers(board: JudgedModels) -> str:
    planned = sorted({m.safe.n + m.safe.missing for m in board.models})
    read = sorted(m.safe.n for m in board.models)
    asked = between(planned[0], planned[-1])
    if sum(m.safe.missing for m in board.models):
        return f"Of {asked} answers a model {between(read[0], read[-1])} have a verdict."
    return f"{asked} answers a model."


def bracket(low: float | None, high: float | None) -> str:
    """Return an interval of percent in brackets, with a space before it; "" without ends."""
    return "" if low is None or high is None else f" [{percent(low)} to {percent(high)}]"
