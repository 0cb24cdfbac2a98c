"""A cube of random verdicts, for tests of comparisons."""

import numpy as np

from safeglot.score.cube import Cube


def cube_of(unsafe_rate, shape=(1, 2, 3, 60, 1), *, categories=4, seed=0, missing=0.0):
    """Verdicts of J judges on M models: `unsafe_rate` broadcasts to (J, M, L, P, S)."""
    rng = np.random.default_rng(seed)
    n_J, n_M, n_L, n_P, _ = shape
    unsafe = (rng.random(shape) < unsafe_rate).astype(np.int8)
    unsafe[rng.random(shape) < missing] = -1
    return Cube(
        unsafe_JMLPS=unsafe,
        member_PC=np.arange(n_P)[:, None] % categories == np.arange(categories),
        judges=tuple(f"j{i}" for i in range(n_J)),
        models=tuple(f"m{i}" for i in range(n_M)),
        languages=("en", "de", "sw", "th")[:n_L],
        prompts=tuple(f"p{i}" for i in range(n_P)),
        categories=tuple("abcdefgh"[:categories]),
        reference="en",
    )
