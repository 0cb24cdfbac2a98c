"""What all estimates of one cube share: which prompt counts where, and how a row is labelled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from safeglot.score.arrays import Bools, Bytes, Ints
from safeglot.score.cube import Cube
from safeglot.score.linear import Layout, Rows
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A cube with the two ways its prompts are laid out: by category, and all together."""

    cube: Cube
    level: float
    by_category: Layout
    whole: Layout
    in_category_P: Bools
    """Prompts that have a category; the others count in the micro average only."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """The verdicts of one judge on one model, shape (L, P, S), and the row they are told in."""

    frame: Frame
    unsafe_LPS: Bytes
    row: Estimate

    def row_of(self, metric: str, language: str | None, category: str | None) -> Estimate:
        """Give the row of one metric, as yet without data."""
        return replace(self.row, metric=metric, language=language, category=category)


Extra: TypeAlias = dict[str, float | str | None]
Point: TypeAlias = tuple[float, float, float]
"""(value, low, high)."""
Counts: TypeAlias = tuple[int, int]
"""(judged, missing)."""


def tell(row: Estimate, point: Point, counts: Counts, *, method: str, extra: Extra) -> Estimate:
    """Write the numbers of an estimate whose value is known into its row."""
    value, low, high = (float(number) for number in point)
    n, missing = (int(number) for number in counts)
    return replace(
        row, value=value, low=low, high=high, n=n, missing=missing, method=method, extra=extra
    )


def tell_nothing(row: Estimate, missing: int, extra: Extra | None = None) -> Estimate:
    """Write into a row that none of what was planned has a verdict."""
    return replace(row, missing=int(missing), extra=extra or {})


def frame_of(cube: Cube, *, level: float) -> Frame:
    """Lay out a cube's prompts."""
    n_P, n_C = cube.member_PC.shape
    prompt_E, stratum_E = np.nonzero(cube.member_PC)
    return Frame(
        cube=cube,
        level=level,
        by_category=Layout(
            prompt_E=prompt_E.astype(np.int64),
            stratum_E=stratum_E.astype(np.int64),
            n_prompts=n_P,
            n_strata=n_C,
        ),
        whole=Layout(
            prompt_E=np.arange(n_P, dtype=np.int64),
            stratum_E=np.zeros(n_P, dtype=np.int64),
            n_prompts=n_P,
            n_strata=1,
        ),
        in_category_P=np.asarray(cube.member_PC.any(axis=1), dtype=np.bool_),
    )


def sheet_of(frame: Frame, judge: int, model: int) -> Sheet:
    """Take one judge's verdicts on one model."""
    cube = frame.cube
    return Sheet(
        frame=frame,
        unsafe_LPS=cube.unsafe_JMLPS[judge, model],
        row=Estimate(
            metric="",
            model=cube.models[model],
            judge=cube.judges[judge],
            value=None,
            level=frame.level,
            method="no data",
            n=0,
        ),
    )


def rows_of(layout: Layout, n_LP: Ints, total_LP: Ints, square_LP: Ints) -> Rows:
    """Read per-prompt sums, shape (L, P), as entries of a layout repeated L times."""
    at = layout.prompt_E
    return Rows(
        n_E=n_LP[:, at].ravel(), total_E=total_LP[:, at].ravel(), square_E=square_LP[:, at].ravel()
    )


def planned(layout: Layout, planned_LP: Bools, samples: int) -> Ints:
    """Give the planned rows of each stratum, of a layout repeated L times; shape (H,)."""
    row_E = planned_LP[:, layout.prompt_E].ravel().astype(np.int64) * samples
    return layout.repeat(len(planned_LP)).sums(row_E)
