"""Safety and gaps of macro categories, where the categories are too small to be looked at alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from safeglot.score.cube import Cube
from safeglot.score.frame import Sheet, frame_of
from safeglot.score.safety.matches_and_gaps import gaps_by_category
from safeglot.score.safety.pairs import join
from safeglot.score.safety.safety import safety_by_category
from safeglot.types import Estimate

LEAST = 20
"""Prompts that a category must have for its cells to be shown one by one."""


def macro_cells(sheet: Sheet) -> Iterator[Estimate]:
    """Yield `safety_of_macro` and `gap_of_macro`, computed as `safety` and `gap` are, over macro categories.

    They are given where a category has fewer than LEAST prompts and the taxonomy has macro
    categories. A prompt in several categories of one macro category counts once. Holm's and
    Benjamini and Hochberg's corrections go over the macro categories and other languages.
    """
    cube = sheet.frame.cube
    sizes_C = cube.member_PC.sum(axis=0)
    if cube.macro_C is None or not np.any((sizes_C > 0) & (sizes_C < LEAST)):
        return
    pooled = by_macro(sheet)
    for row in safety_by_category(pooled):
        yield replace(row, metric="safety_of_macro")
    if len(cube.languages) > 1:
        for row in gaps_by_category(pooled, join(pooled)):
            yield replace(row, metric="gap_of_macro")


def by_macro(sheet: Sheet) -> Sheet:
    """Return a sheet whose categories are the macro categories; the sheet itself where it has none."""
    cube = sheet.frame.cube
    if cube.macro_C is None:
        return sheet
    return replace(sheet, frame=frame_of(pooled(cube, cube.macro_C), level=sheet.frame.level))


def pooled(cube: Cube, macro_C: tuple[str, ...]) -> Cube:
    """Return the cube with macro categories in place of its categories."""
    macros = tuple(dict.fromkeys(macro_C))
    member_PC = np.stack(
        [cube.member_PC[:, np.array(macro_C) == macro].any(axis=1) for macro in macros], axis=1
    )
    return replace(cube, member_PC=member_PC, categories=macros, macro_C=None, size_C=None)
