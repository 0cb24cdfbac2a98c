"""Invented runs under two norms: the model is the same in every language, what its answers hold is not."""

from __future__ import annotations

import numpy as np
from scipy import special

from safeglot.score.cube import Cube
from safeglot.score.judges.norms import gaps

RUNS, LEVEL = 400, 0.95
LANGUAGES = ("en", "de", "sw", "th")
SHARE = 0.6
"""How much of what makes an answer unsafe belongs to the prompt."""
PAIRS = (("own", "A"), ("own", "B"), ("A", "B"))


def rows(seed, *, prompts, unsafe, of_B, samples=1, pairs=PAIRS):
    """The `norms_gap` rows of RUNS runs, a list a run: `of_B` are the shares that only B counts, by language."""
    rng = np.random.default_rng(seed)
    shape = (RUNS, len(LANGUAGES), prompts, samples)
    shared = rng.standard_normal((RUNS, 1, prompts, 1))
    cause = np.sqrt(SHARE) * shared + np.sqrt(1 - SHARE) * rng.standard_normal(shape)
    unsafe_MLPS = cause < special.ndtri(unsafe)
    alone = rng.random(shape) < np.asarray(of_B)[None, :, None, None]
    by_judge = [unsafe_MLPS, unsafe_MLPS & ~alone, unsafe_MLPS]
    cube = Cube(
        unsafe_JMLPS=np.stack(by_judge).astype(np.int8),
        member_PC=np.ones((prompts, 1), dtype=bool),
        judges=("own", "A", "B"),
        models=tuple(f"run{i}" for i in range(RUNS)),
        languages=LANGUAGES,
        prompts=tuple(f"p{i}" for i in range(prompts)),
        categories=("c",),
        reference="en",
    )
    found = {model: [] for model in cube.models}
    for row in gaps(cube, pairs, level=LEVEL):
        found[row.model].append(row)
    return list(found.values())
