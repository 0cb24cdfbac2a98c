"""Class rates under judges that miss verdicts: no share of the answers may move with the misses."""

from __future__ import annotations

import numpy as np

from safeglot.score.answers.response_classes import estimates
from safeglot.score.answers.sheet import Answers

RUNS, PROMPTS = 400, 300
UNSAFE, INVALID = 0.1, 0.15
MISSED = (0.0, 0.3, 0.7)
"""Share of the valid answers whose verdict is not read."""


def worlds(seed, missed):
    """Answers of RUNS models; verdicts on valid answers are missed at random, those on invalid ones never are."""
    rng = np.random.default_rng(seed)
    shape = (RUNS, 1, PROMPTS, 1)
    invalid = np.where(rng.random(shape) < INVALID, 2, 0).astype(np.int8)
    unsafe = (rng.random(shape) < UNSAFE).astype(np.int8)
    lost = (rng.random(shape) < missed) & (invalid == 0)
    unsafe = np.where(lost, -1, unsafe).astype(np.int8)
    return Answers(
        unsafe_JMLPS=unsafe[None],
        refusal_JMLPS=np.where(unsafe < 0, -1, unsafe == 0).astype(np.int8)[None],
        invalid_MLPS=invalid,
        english_MLPS=np.zeros(shape, np.int8),
        truncated_MLPS=np.zeros(shape, np.int8),
        harmful_P=np.ones(PROMPTS, dtype=np.bool_),
        says_refusal_J=np.array([True]),
        foreign_L=np.array([False]),
        covered_L=np.array([True]),
        judges=("j",),
        models=tuple(f"run{i}" for i in range(RUNS)),
        languages=("en",),
        reference="en",
        member_PC=np.eye(3, dtype=np.bool_)[np.arange(PROMPTS) % 3],
    )


TRUTH = {
    "invalid_rate": INVALID,
    "competent_safe": (1 - INVALID) * (1 - UNSAFE),
    "refusal_rate": (1 - INVALID) * (1 - UNSAFE),
    "safety_given_valid": 1 - UNSAFE,
}


def told(seed, missed):
    """Return metric -> (mean of the values, share of the intervals that hold the truth)."""
    rows = list(estimates(worlds(seed, missed)))
    result = {}
    for metric, truth in TRUTH.items():
        for name in (metric, f"{metric}_macro"):
            of = [e for e in rows if e.metric == name]
            held = np.mean([e.low <= truth <= e.high for e in of])
            result[name] = float(np.mean([e.value for e in of])), float(held), truth
    return result
