"""Every basic estimate of a label cube, in one fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from safeglot.score.cube import Cube
from safeglot.score.frame import Extra, Frame, Sheet, frame_of, sheet_of
from safeglot.score.safety.bootstrap import Draws, bootstrap
from safeglot.score.safety.macro_cells import macro_cells
from safeglot.score.safety.matches_and_gaps import (
    exact_matches,
    gaps_by_category,
    gaps_of_averages,
)
from safeglot.score.safety.noise import sample_noise
from safeglot.score.safety.omnibus_tests import omnibus_tests
from safeglot.score.safety.outcomes import outcome_estimates, system_estimates
from safeglot.score.safety.pairs import join, others_of
from safeglot.score.safety.safety import safety_averages, safety_by_category
from safeglot.score.safety.small_cells import safety_shrunk
from safeglot.score.safety.unpaired_gaps import unpaired_gaps
from safeglot.types import Estimate

_DRAWN = {
    "safety_micro": "micro",
    "safety_macro": "macro",
    "safety_macro32": "macro",
    "safety_macro6": "macro_of_macros",
    "safety_macro_of_macros": "macro_of_macros",
    "gap": "gap",
}


def estimates(cube: Cube, *, level: float = 0.95, draws: int = 0, seed: int = 0) -> list[Estimate]:
    """Return the safety, consistency and gaps of every judge and model.

    Order: the outcomes of each model; then judges, in each the models, in each `safety` by language and category; the averages by
    language, then their means over languages; `exact_match` and `exact_match_expected` by other
    language, then for all languages; `gap` by other language, in each the macro gap (category
    None), then the categories; `cochran_q` by category; `safety_shrunk` by language and category;
    `safety_of_macro` and `gap_of_macro` where categories are too small to be looked at alone;
    `safety_system` and its gap, where the outcomes are known;
    with several samples `unsafe_any_of_k`, `unstable_prompts` and `flip_rate` by language. The
    axes keep the cube's order. A cube of one language has neither matches nor gaps nor tests.

    `n` counts verdicts (prompts x samples, and x languages in a mean over languages); in matches
    and gaps it counts pairs, for all languages complete cases; in tests and noise prompts.
    `missing` is what was planned less `n`. Without data value, low and high are None and the
    method says "no data".

    Holm's correction and Benjamini and Hochberg's are applied within a judge and model to three
    families apart: the macro gaps over languages, the category gaps over languages and
    categories, and Cochran's Q over categories.

    With `draws` the averages and macro gaps get `bootstrap_low`, `_high`, `_se` and `_draws`; a
    single draw has no spread, and the first three are None.
    A cube without prompts gives nothing.
    Raises ValueError for a level outside (0, 1), and for a negative number of draws.
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not between 0 and 1")
    if not cube.prompts:  # a run of benign prompts alone
        return []
    frame = frame_of(cube, level=level)
    drawn = bootstrap(frame, draws=draws, seed=seed) if draws else None
    every: list[Estimate] = list(outcome_estimates(frame))
    for judge, model in product(range(len(cube.judges)), range(len(cube.models))):
        rows = _estimates_of(sheet_of(frame, judge, model))
        every.extend(rows if drawn is None else _spread(rows, drawn, frame, (judge, model)))
    return every


def _estimates_of(sheet: Sheet) -> Iterator[Estimate]:
    yield from safety_by_category(sheet)
    yield from safety_averages(sheet)
    if sheet.frame.cube.unpaired:
        yield from unpaired_gaps(sheet)
    elif len(sheet.frame.cube.languages) > 1:
        joined = join(sheet)
        yield from exact_matches(sheet, joined)
        yield from _by_language(gaps_of_averages(sheet, joined), gaps_by_category(sheet, joined))
        yield from omnibus_tests(sheet)
    yield from safety_shrunk(sheet)
    yield from macro_cells(sheet)
    yield from system_estimates(sheet)
    if sheet.frame.cube.samples > 1:
        yield from sample_noise(sheet)


def _spread(
    rows: Iterable[Estimate], drawn: Draws, frame: Frame, sheet: tuple[int, int]
) -> Iterator[Estimate]:
    """Yield the rows, with the bootstrap's interval in the averages and macro gaps that have data."""
    languages, others = (*frame.cube.languages, None), others_of(frame.cube)
    for row in rows:
        if row.metric not in _DRAWN or row.category is not None or row.value is None:
            yield row
            continue
        place = (others if row.metric == "gap" else languages).index(row.language)
        spread = drawn.of(_DRAWN[row.metric], judge=sheet[0], model=sheet[1], place=place)
        extra: Extra = {
            "bootstrap_low": spread.low,
            "bootstrap_high": spread.high,
            "bootstrap_se": spread.se,
            "bootstrap_draws": spread.draws,
        }
        yield replace(row, extra={**row.extra, **extra})


def _by_language(macros: list[Estimate], by_category: list[Estimate]) -> Iterator[Estimate]:
    step = len(by_category) // len(macros)
    for index, macro in enumerate(macros):
        yield macro
        yield from by_category[index * step : (index + 1) * step]
