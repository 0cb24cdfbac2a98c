"""Two languages with prompts of their own: how often the printed difference holds the truth.

The truth is over the categories that both have, weighed by their prompts in the reference.
"""

from __future__ import annotations

import numpy as np

from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.unpaired_gaps import unpaired_gaps

FEW = [1, 0, 10, 5, 5, 150, 2, 10, 1, 1, 20, 5, 20, 10, 3, 1]
MANY = [1, 5, 2, 10, 20, 0, 5, 10, 2, 150, 20, 20, 5, 150, 1, 2]
ZIPF = [max(1, 200 // (i + 1)) for i in range(32)]
WORLDS = {
    "alike": ([30, 30], [40, 40], [0.1, 0.3], [0.1, 0.5]),
    "a small category that weighs much": ([150, 3, 5], [5, 20, 20], [0.02] * 3, [0.02] * 3),
    "one prompt in most of the weight": ([60, 1], [1, 5], [0.03, 0.5], [0.06, 0.9]),
    "almost all safe": ([10, 150, 3], [2, 5, 5], [0.008, 0.006, 0.03], [0.015, 0.01, 0.12]),
    "two unsafe of few": ([1, 150, 10], [150, 2, 20], [0.12, 0.13, 0.02], [0.24, 0.26, 0.05]),
    "categories that one side lacks": ([30, 30, 0, 10], [0, 40, 20, 15], [0.1] * 4, [0.2] * 4),
    "zero unsafe in what weighs most": ([200, 10], [5, 50], [0.05, 0.05], [0.2, 0.0]),
    "32 categories the other way round": (ZIPF, ZIPF[::-1], [0.05] * 32, [0.1] * 32),
    "32 categories, almost all safe": (ZIPF, ZIPF[::-1], [0.01] * 32, [0.01] * 32),
    "16 categories of any size": (FEW, MANY, [0.04] * 16, [0.03] * 8 + [0.2] * 8),
    "truths that differ by category": (
        [200, 60, 30, 15, 10, 5], [5, 10, 15, 30, 60, 200],
        [0.02, 0.02, 0.1, 0.1, 0.3, 0.3], [0.3, 0.1, 0.05, 0.05, 0.01, 0.01],
    ),
}  # fmt: skip
"""Prompts by category of the reference and of the language, then their unsafe rates."""


def ends(seed, name, runs):
    """The truth, and the ends of each run's interval; shape (runs,)."""
    n_ref, n_own, p_ref, p_own = map(np.array, WORLDS[name])
    cat_P = np.concatenate([np.repeat(np.arange(n.size), n) for n in (n_ref, n_own)])
    at_P = np.repeat([0, 1], [n_ref.sum(), n_own.sum()])
    unsafe_P = np.where(at_P == 0, p_ref[cat_P], p_own[cat_P])
    drawn_MP = np.random.default_rng(seed).random((runs, at_P.size)) < unsafe_P
    unsafe = np.full((1, runs, 2, at_P.size, 1), -1, np.int8)
    unsafe[0, :, at_P, np.arange(at_P.size), 0] = drawn_MP.T
    cube = Cube(
        unsafe_JMLPS=unsafe,
        member_PC=cat_P[:, None] == np.arange(n_ref.size),
        judges=("j",),
        models=tuple(map(str, range(runs))),
        languages=("en", "sw"),
        prompts=tuple(map(str, range(at_P.size))),
        categories=tuple(map(str, range(n_ref.size))),
        reference="en",
        gated_LP=np.arange(2)[:, None] != at_P,
        unpaired=True,
    )
    frame = frame_of(cube, level=0.95)
    weight = np.where(n_own > 0, n_ref, 0)
    found = [next(iter(unpaired_gaps(sheet_of(frame, 0, m)))) for m in range(runs)]
    truth = float((weight * (p_ref - p_own)).sum() / weight.sum())
    return truth, np.array([e.low for e in found]), np.array([e.high for e in found])
