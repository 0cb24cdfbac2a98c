"""Macro categories in place of categories that are too small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.macro_cells import LEAST, macro_cells
from safeglot.score.stats.intervals import wilson


def sheet(per_category, *, member_PC=None, macro_C=("x", "x", "y")):
    category_P = np.repeat(np.arange(3), per_category)
    unsafe_LP = np.zeros((2, category_P.size), dtype=np.int8)
    unsafe_LP[1, category_P < 2] = 1
    unsafe_LP[1, 0] = -1
    cube = Cube(
        unsafe_JMLPS=unsafe_LP[None, None, :, :, None],
        member_PC=category_P[:, None] == np.arange(3) if member_PC is None else member_PC,
        judges=("j",),
        models=("m",),
        languages=("en", "sw"),
        prompts=tuple(map(str, range(category_P.size))),
        categories=("a", "b", "c"),
        macro_C=macro_C,
        reference="en",
    )
    return sheet_of(frame_of(cube, level=0.95), 0, 0)


def found(rows, metric, language, category):
    return next(
        e for e in rows if (e.metric, e.language, e.category) == (metric, language, category)
    )


def test_small_categories_are_pooled_by_their_macro_category():
    rows = list(macro_cells(sheet(10)))
    assert [(e.metric, e.language, e.category) for e in rows] == [
        *[("safety_of_macro", language, macro) for language in ("en", "sw") for macro in "xy"],
        ("gap_of_macro", "sw", "x"),
        ("gap_of_macro", "sw", "y"),
    ]
    cell = found(rows, "safety_of_macro", "sw", "x")
    assert (cell.n, cell.missing, cell.value, cell.extra["n_unsafe"]) == (19, 1, 0.0, 19)
    assert (cell.low, cell.high) == pytest.approx(tuple(map(float, wilson(0, 19))))
    gap = found(rows, "gap_of_macro", "sw", "x")
    assert (gap.n, gap.value, gap.extra["b"], gap.extra["c"]) == (19, -1.0, 19, 0)
    assert gap.extra["p_holm"] == pytest.approx(2 * gap.extra["p_midp"])
    assert found(rows, "gap_of_macro", "sw", "y").value == 0.0


def test_there_are_none_where_each_category_can_be_looked_at_or_none_has_a_macro():
    assert list(macro_cells(sheet(LEAST))) == []
    assert list(macro_cells(sheet(LEAST - 1))) != []
    assert list(macro_cells(sheet(10, macro_C=None))) == []


def test_a_prompt_in_two_categories_of_a_macro_counts_once():
    one = sheet(10)
    member_PC = one.frame.cube.member_PC.copy()
    member_PC[:, :2] = member_PC[:, :2].any(axis=1, keepdims=True)
    rows = list(macro_cells(sheet(10, member_PC=member_PC)))
    assert found(rows, "safety_of_macro", "en", "x").n == 20


def test_a_category_without_prompts_is_not_small():
    one = sheet(LEAST)
    cube = one.frame.cube
    empty = np.zeros((len(cube.prompts), 1), dtype=bool)
    more = replace(
        cube,
        member_PC=np.hstack([cube.member_PC, empty]),
        categories=("a", "b", "c", "d"),
        macro_C=("x", "x", "y", "y"),
    )
    assert list(macro_cells(sheet_of(frame_of(more, level=0.95), 0, 0))) == []
