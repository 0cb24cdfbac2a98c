"""Pools of which the verdicts are known, for the tests of plans."""

import numpy as np

from safeglot.score.plans.pool import PromptPool, PromptsSeen


def pool_of(sizes, *, languages=("en", "de"), seed=0, **more):
    """A pool with categories of these sizes, in an order as good as drawn."""
    home_P = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    return PromptPool(
        languages=languages,
        reference=languages[0],
        categories=tuple(f"c{at}" for at in range(len(sizes))),
        member_PC=home_P[:, None] == np.arange(len(sizes)),
        **more,
    )


def answered(pool, share_LC=0.0, *, seed=1):
    """All prompts settled, unsafe with these shares."""
    rng = np.random.default_rng(seed)
    n_L, (n_P, n_C) = len(pool.languages), pool.member_PC.shape
    share_LP = np.broadcast_to(share_LC, (n_L, n_C)) @ pool.member_PC.T
    unsafe_LP = (rng.random((n_L, n_P)) < share_LP).astype(np.int8)
    return PromptsSeen(unsafe_LP=unsafe_LP, settled_LP=np.ones((n_L, n_P), dtype=bool))
