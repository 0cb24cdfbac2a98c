"""The label cube: every planned verdict on a harmful prompt, in one int8 array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from safeglot.errors import UsageError
from safeglot.score.arrays import Bools, Bytes

MISSING, SAFE, UNSAFE = -1, 0, 1
ALERT_CATEGORIES = 32

Row: TypeAlias = tuple[str, str, str, str, int, bool | None]
"""(judge, model, language, prompt id, sample, unsafe); None is a verdict that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """What was planned: it alone sets the shape of the cube.

    `prompts` maps the id of a harmful prompt to its categories, `macros` a category to its macro
    category (None where the taxonomy has none). `alert` says that the taxonomy is ALERT's; a run may
    have some of its 32 categories only.
    """

    judges: tuple[str, ...]
    models: tuple[str, ...]
    languages: tuple[str, ...]
    prompts: Mapping[str, Sequence[str]]
    categories: tuple[str, ...]
    macros: Mapping[str, str] | None = None
    reference: str
    samples: int = 1
    alert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cube:
    """Verdicts by judge, model, language, prompt and sample: -1 missing, 0 safe, 1 unsafe.

    What was planned and not obtained is -1. A prompt counts in each category that `member_PC`
    gives it. `macro_C` names each category's macro category. `gated_LP` marks texts that a quality
    gate took out: they are -1 too, and not missing; None where there are none. `outcome_MLPS` says
    how each planned request ended (positions in types.OUTCOME_KINDS), `invalid_MLPS` what the checks
    of answers say (-1 no answer, 0 valid, above it invalid); None where that is not known.
    `size_C` is how many prompts of each category the source has, where only a part was drawn;
    `unneeded_MLP` is what a plan that stopped early left out: -1, and not missing.
    Raises ValueError where the parts do not fit together.
    """

    unsafe_JMLPS: Bytes
    member_PC: Bools
    judges: tuple[str, ...]
    models: tuple[str, ...]
    languages: tuple[str, ...]
    prompts: Sequence[str]
    categories: tuple[str, ...]
    macro_C: tuple[str, ...] | None = None
    reference: str
    alert: bool = False
    gated_LP: Bools | None = None
    outcome_MLPS: Bytes | None = None
    invalid_MLPS: Bytes | None = None
    size_C: tuple[int, ...] | None = None
    unneeded_MLP: Bools | None = None
    unpaired: bool = False
    """Whether the languages have prompts of their own, so that nothing can be paired."""

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_labels(self)

    @property
    def samples(self) -> int:
        """How many answers were planned for each prompt."""
        return int(self.unsafe_JMLPS.shape[-1])

    @property
    def planned_LP(self) -> Bools:
        """Which prompts a language was to be asked of some model: all but what was gated or left out."""
        planned_LP = np.ones((len(self.languages), len(self.prompts)), dtype=np.bool_)
        if self.gated_LP is not None:
            planned_LP &= ~self.gated_LP
        if self.unneeded_MLP is not None:
            planned_LP &= ~self.unneeded_MLP.all(axis=0)
        return planned_LP

    def of_model(self, model: int) -> Cube:
        """Return the cube with what was planned of one model: where each had a plan's end of its own."""
        if self.unneeded_MLP is None:
            return self
        return replace(self, unneeded_MLP=self.unneeded_MLP[[model]])


def build_cube(rows: Iterable[Row], axes: Axes) -> Cube:
    """Return the cube of rows in any order; cells that no row fills are missing.

    Rows are read one at a time and not kept. A missing verdict never replaces one that was read.
    Raises UsageError for a row outside the plan, and for two rows that contradict each other.
    """
    shape = (len(axes.judges), len(axes.models), len(axes.languages), len(axes.prompts))
    unsafe_JMLPS = np.full((*shape, axes.samples), MISSING, dtype=np.int8)
    _fill(unsafe_JMLPS.reshape(-1).data, rows, axes)
    macros = axes.macros
    return Cube(
        unsafe_JMLPS=unsafe_JMLPS,
        member_PC=_membership(axes),
        judges=axes.judges,
        models=axes.models,
        languages=axes.languages,
        prompts=tuple(axes.prompts),
        categories=axes.categories,
        macro_C=None if macros is None else tuple(macros[name] for name in axes.categories),
        reference=axes.reference,
        alert=axes.alert,
    )


def _fill(cells: memoryview, rows: Iterable[Row], axes: Axes) -> None:
    n_S = axes.samples
    n_P = len(axes.prompts) * n_S
    n_L, n_M = len(axes.languages) * n_P, len(axes.models) * len(axes.languages) * n_P
    at_J = _offsets(axes.judges, n_M)
    at_M = _offsets(axes.models, n_L)
    at_L = _offsets(axes.languages, n_P)
    at_P = _offsets(axes.prompts, n_S)
    for judge, model, language, prompt, sample, unsafe in rows:
        try:
            cell = at_J[judge] + at_M[model] + at_L[language] + at_P[prompt] + sample
        except KeyError as error:
            raise _unplanned((judge, model, language, prompt, sample, unsafe), error) from None
        if not 0 <= sample < n_S:
            raise UsageError(
                f"verdict of {judge} on {model}, {language}, prompt {prompt}: sample {sample} is "
                f"outside the plan (0 to {n_S - 1}); score the run with the configuration it ran with"
            )
        if unsafe is None:
            continue
        if cells[cell] not in (MISSING, int(unsafe)):
            raise UsageError(
                f"two verdicts of {judge} on {model}, {language}, prompt {prompt}, sample {sample} "
                "contradict each other; keep one verdict per judge and answer"
            )
        cells[cell] = int(unsafe)


def _offsets(labels: Iterable[str], step: int) -> dict[str, int]:
    return {label: position * step for position, label in enumerate(labels)}


def _unplanned(row: Row, error: KeyError) -> UsageError:
    judge, model, language, prompt, sample, _ = row
    return UsageError(
        f"verdict of {judge} on {model}, {language}, prompt {prompt}, sample {sample}: "
        f"{error.args[0]!r} is not in the plan; "
        "score the run with the prompts, models, languages and judges it ran with"
    )


def _membership(axes: Axes) -> Bools:
    column = {name: position for position, name in enumerate(axes.categories)}
    member_PC = np.zeros((len(axes.prompts), len(axes.categories)), dtype=np.bool_)
    for row, (prompt, names) in enumerate(axes.prompts.items()):
        for name in names:
            if name not in column:
                raise UsageError(
                    f"prompt {prompt}: category {name!r} is not in the taxonomy "
                    f"({len(column)} categories); correct the prompt or the taxonomy"
                )
            member_PC[row, column[name]] = True
    return member_PC


def _check_shapes(cube: Cube) -> None:
    axes = (cube.judges, cube.models, cube.languages, cube.prompts)
    shape = tuple(len(labels) for labels in axes)
    if cube.unsafe_JMLPS.dtype != np.int8 or cube.unsafe_JMLPS.shape[:-1] != shape:
        got = f"{cube.unsafe_JMLPS.dtype} {cube.unsafe_JMLPS.shape}"
        raise ValueError(f"unsafe_JMLPS is {got}, the labels ask for int8 {(*shape, 'S')}")
    if cube.unsafe_JMLPS.size and not -1 <= cube.unsafe_JMLPS.min() <= cube.unsafe_JMLPS.max() <= 1:
        raise ValueError("unsafe_JMLPS holds values other than -1 (missing), 0 (safe), 1 (unsafe)")
    if cube.member_PC.shape != (len(cube.prompts), len(cube.categories)):
        raise ValueError(f"member_PC has shape {cube.member_PC.shape}, the labels ask for (P, C)")
    if cube.gated_LP is not None and cube.gated_LP.shape != shape[2:]:
        raise ValueError(f"gated_LP has shape {cube.gated_LP.shape}, the labels ask for (L, P)")
    if cube.unneeded_MLP is not None and cube.unneeded_MLP.shape[1:] != shape[2:]:
        raise ValueError(
            f"unneeded_MLP has shape {cube.unneeded_MLP.shape}, the labels ask for (M, L, P)"
        )
    for name in ("outcome_MLPS", "invalid_MLPS"):
        given = getattr(cube, name)
        if given is not None and given.shape != cube.unsafe_JMLPS.shape[1:]:
            raise ValueError(
                f"{name} has shape {given.shape}, the verdicts {cube.unsafe_JMLPS.shape[1:]}"
            )
    for what, of_C in (("sizes", cube.size_C), ("macros", cube.macro_C)):
        if of_C is not None and len(of_C) != len(cube.categories):
            raise ValueError(f"{len(of_C)} {what} for {len(cube.categories)} categories")


def _check_labels(cube: Cube) -> None:
    axes = (cube.judges, cube.models, cube.languages, cube.prompts, cube.categories)
    if any(len(set(labels)) != len(labels) for labels in axes):
        raise ValueError("an axis of the cube has a label twice")
    if cube.reference not in cube.languages:
        raise ValueError(f"reference {cube.reference!r} is not among {', '.join(cube.languages)}")
    if cube.alert and len(cube.categories) > ALERT_CATEGORIES:
        raise ValueError(f"ALERT has 32 categories, the cube {len(cube.categories)}")
