"""Into which parts of the prompts a rule is laid out, and what they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from safeglot.score.answers.sheet import AnswerPart
from safeglot.score.arrays import Bools, Floats, Ints
from safeglot.score.cube import Cube
from safeglot.score.frame import layout_of, rows_of, whole_of
from safeglot.score.policy.rules import Rule
from safeglot.score.safety.macro_cells import pooled
from safeglot.score.stats.linear import Layout, cells, combine

NO_CATEGORY = "without a category"
"""The part of the prompts that have none: no rule over categories passes them over."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partition:
    """Into which parts prompts are laid out; with `weights` there is one, the mean of its strata."""

    names: tuple[str | None, ...]
    layout: Layout
    weights: Callable[[Bools], Floats] | None = None


_AVERAGED = {"micro": 0, "macro": 1}
"""Average of a rule -> its place among those of an answer part."""


def parts_of(rule: Rule, cube: Cube, part: AnswerPart) -> Partition:
    """Return the parts that a rule looks at."""
    if rule.per == "language" and rule.categories is None:
        by = part.averagings[min(_AVERAGED[rule.average], len(part.averagings) - 1)]
        layout = whole_of(part.unsafe.shape[1]) if by.layout is None else by.layout
        return Partition(names=(None,), layout=layout, weights=by.weights if by.layout else None)
    columns = columns_of(cube, rule.per)
    if not columns:
        return Partition(names=(None,), layout=whole_of(part.unsafe.shape[1]))
    if rule.categories is not None:
        columns = {name: columns_of(cube)[name] for name in rule.categories}
    elif not (inside_P := np.asarray(cube.member_PC.any(axis=1))).all():
        columns[NO_CATEGORY] = np.asarray(~inside_P)
    return Partition(names=tuple(columns), layout=layout_of(np.stack([*columns.values()], axis=1)))


def columns_of(cube: Cube, per: str | None = None) -> dict[str, Bools]:
    """Return the prompts of each macro category or category, of both by default.

    Where the taxonomy has no macro categories, its categories stand for them.
    """
    own = dict(zip(cube.categories, cube.member_PC.T, strict=True))
    if cube.macro_C is None or per == "category":
        return own
    macro = pooled(cube, cube.macro_C)
    macros = dict(zip(macro.categories, macro.member_PC.T, strict=True))
    return {**own, **macros} if per is None else macros


def table_of(
    parts: Partition, n_LP: Ints, total_LP: Ints, square_LP: Ints
) -> tuple[Floats, Floats, Floats, Ints]:
    """Return each language's and part's mean, mean square, effective rows and rows; shapes (H,)."""
    layout = parts.layout
    if parts.weights is None:
        table = cells(layout.repeat(len(n_LP)), rows_of(layout, n_LP, total_LP, square_LP))
        of_H = np.maximum(table.n_H, 1)
        return table.total_H / of_H, table.square_H / of_H, table.n_eff_H, table.n_H
    mean_L3, n_L = np.zeros((3, len(n_LP))), np.zeros(len(n_LP), dtype=np.int64)
    inside_P = np.bincount(layout.prompt_E, minlength=layout.n_prompts) > 0
    for index in range(len(n_LP)):
        here = slice(index, index + 1)
        rows = rows_of(layout, n_LP[here], total_LP[here], square_LP[here])
        weight_C = parts.weights(layout.sums(rows.n_E) > 0)
        if weight_C.any():
            mean = combine(layout, rows, weight_C)
            mean_L3[:, index] = mean.value, mean.square, mean.n_eff
            n_L[index] = int(n_LP[index, inside_P].sum())
    return mean_L3[0], mean_L3[1], mean_L3[2], n_L
