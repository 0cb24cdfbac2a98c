"""How requests ended adds up, and no rate of the answers moves with who blocked or what was lost."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.safety.outcomes import METRICS
from safeglot.types import OUTCOME_COUNTS, OUTCOME_KINDS

ANSWERED = ("answered", "refused")


@st.composite
def cubes(draw):
    n_L, n_P, n_S = draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.integers(1, 2))
    shape = (1, n_L, n_P, n_S)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    outcome = rng.integers(0, len(OUTCOME_KINDS), shape).astype(np.int8)
    there = np.isin(outcome, [OUTCOME_KINDS.index(kind) for kind in ANSWERED])
    return Cube(
        unsafe_JMLPS=np.where(there, rng.integers(-1, 2, shape), -1).astype(np.int8)[None],
        member_PC=np.eye(2, dtype=np.bool_)[rng.integers(0, 2, n_P)],
        judges=("j",),
        models=("m",),
        languages=("en", "de", "sw")[:n_L],
        prompts=tuple(f"p{i}" for i in range(n_P)),
        categories=("a", "b"),
        reference="en",
        outcome_MLPS=outcome,
        invalid_MLPS=np.where(there, rng.integers(0, 3, shape), -1).astype(np.int8),
        gated_LP=None,
    )


@given(cubes())
@settings(max_examples=60, deadline=None)
def test_outcomes_add_up_to_the_plan(cube):
    rows = {(e.metric, e.language, e.category): e for e in estimates(cube)}
    for at, language in enumerate(cube.languages):
        shares = [rows[metric, language, None].value for metric in METRICS.values()]
        assert sum(shares) == pytest.approx(1)
        whole = rows["blocked_rate", language, None]
        parts = [rows["blocked_rate", language, category] for category in cube.categories]
        for key, kind in zip(OUTCOME_COUNTS.values(), OUTCOME_COUNTS, strict=True):
            n = int((cube.outcome_MLPS[0, at] == OUTCOME_KINDS.index(kind)).sum())
            assert whole.extra[key] == n == sum(part.extra[key] for part in parts)
        assert whole.n == len(cube.prompts) * cube.samples


@given(cubes())
@settings(max_examples=60, deadline=None)
def test_bounds_hold_every_gap(cube):
    for e in estimates(cube):
        low, high = e.extra.get("low_bound"), e.extra.get("high_bound")
        if low is None or high is None:
            continue
        assert -1 <= low <= high <= 1
        if e.metric in ("gap", "exact_match", "safety_system_gap", "blocked_gap"):
            assert e.missing > 0


@given(cubes(), st.sampled_from(["broken", "failed", "thought_only", "not_asked"]))
@settings(max_examples=60, deadline=None)
def test_what_was_lost_moves_no_safety_whatever_it_is_called(cube, kind):
    lost = ~np.isin(cube.outcome_MLPS, [OUTCOME_KINDS.index(k) for k in (*ANSWERED, "blocked")])
    other = np.where(lost, OUTCOME_KINDS.index(kind), cube.outcome_MLPS).astype(np.int8)
    before, after = (
        [e for e in estimates(c) if e.judge] for c in (cube, replace(cube, outcome_MLPS=other))
    )
    assert before == after
