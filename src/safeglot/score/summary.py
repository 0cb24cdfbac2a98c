"""Every basic estimate of a label cube, in one fixed order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from safeglot.score.cube import Cube
from safeglot.score.frame import Sheet, frame_of, sheet_of
from safeglot.score.paired import exact_matches, gaps_by_category, gaps_of_averages, join
from safeglot.score.safety import safety_averages, safety_by_category
from safeglot.types import Estimate


def estimates(cube: Cube, *, level: float = 0.95, draws: int = 0) -> list[Estimate]:  # noqa: ARG001 - the bootstrap follows
    """Give the safety, consistency and gaps of every judge and model.

    Order: judges, in each the models, in each `safety` by language and category; the averages by
    language, then their means over languages; `exact_match` and `exact_match_expected` by other
    language, then for all languages; `gap` by other language, in each the macro gap (category
    None), then the categories. The axes keep the cube's order. A cube of one language has
    neither matches nor gaps.

    `n` counts verdicts (prompts x samples, and x languages in a mean over languages); in matches
    and gaps it counts pairs, for all languages complete cases. `missing` is what was planned less
    `n`. Without data value, low and high are None and the method says "no data".

    Holm's correction is applied within a judge and model to two families apart: the macro gaps
    over languages, and the category gaps over languages and categories.
    Raises ValueError for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not between 0 and 1")
    frame = frame_of(cube, level=level)
    told: list[Estimate] = []
    for judge, model in product(range(len(cube.judges)), range(len(cube.models))):
        told.extend(_told(sheet_of(frame, judge, model)))
    return told


def _told(sheet: Sheet) -> Iterator[Estimate]:
    yield from safety_by_category(sheet)
    yield from safety_averages(sheet)
    if len(sheet.frame.cube.languages) > 1:
        joined = join(sheet)
        yield from exact_matches(sheet, joined)
        yield from _by_language(gaps_of_averages(sheet, joined), gaps_by_category(sheet, joined))


def _by_language(macros: list[Estimate], by_category: list[Estimate]) -> Iterator[Estimate]:
    step = len(by_category) // len(macros)
    for index, macro in enumerate(macros):
        yield macro
        yield from by_category[index * step : (index + 1) * step]
