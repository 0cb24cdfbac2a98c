"""The plans by name, and between which numbers of prompts they stop."""

from __future__ import annotations

import numpy as np

from safeglot.score.plans.bands import Bands
from safeglot.score.plans.certify import Certify
from safeglot.score.plans.pool import PromptPool, PromptsSeen
from safeglot.score.plans.screen import Screen
from safeglot.score.plans.stopping import StoppingPlan, follow

SCREEN, BANDS, CERTIFY = "screen", "bands", "certify"


def plan_of(
    name: str,
    *,
    within: float = 0.02,
    drop: float | None = None,
    certainty: float = 0.95,
    alpha: float = 0.05,
) -> StoppingPlan:
    """Return the plan of a name. Raises ValueError for another name, or a precision that none can have."""
    if not 0.5 < certainty < 1:
        raise ValueError(f"certainty {certainty}: give a chance between 0.5 and 1")
    if not (0 < within < 1 and 0 < alpha < 1 and (drop is None or 0 <= drop < 1)):
        raise ValueError(f"within {within}, drop {drop}, alpha {alpha}: give rates between 0 and 1")
    if name == SCREEN:
        return Screen(within=within, drop=drop, alpha=alpha)
    if name == BANDS:
        return Bands(certainty=certainty)
    if name == CERTIFY:
        return Certify(alpha=alpha)
    raise ValueError(f"plan {name!r}: there are {SCREEN}, {BANDS} and {CERTIFY}")


def span(plan: StoppingPlan, pool: PromptPool) -> tuple[int, int]:
    """Return the prompts of a language in the best case, where all are safe, and of its whole pool."""
    shape = len(pool.languages), len(pool.member_PC)
    seen = PromptsSeen(
        unsafe_LP=np.zeros(shape, dtype=np.int8), settled_LP=np.ones(shape, dtype=np.bool_)
    )
    fewest = int(follow(plan, pool, seen).want_LP.sum(axis=1).max())
    return fewest, int(pool.member_PC.any(axis=1).sum())
