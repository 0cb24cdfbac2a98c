"""Worlds in which adapting requests to the place adds to unsafe answers, or does not."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import special

from safeglot.score.causes.cell import Cell
from safeglot.score.causes.gap_terms import of_gap
from safeglot.types import Estimate

ROW = Estimate(metric="", model="m", judge="j", language="sw")
SHARE = 0.6
"""Of the spread of a request that its versions have in common."""
BASE = {"reference": 0.08, "native": 0.15}


def cell(rng, n, added, *, sampled=1.0, people=False):
    """Verdicts on n intents; adapted ones are `added` more unsafe, and there are some of a share of them."""
    rates = {**BASE, "adapted": BASE["native"] + added, "human": BASE["native"] - 0.02}
    if people:
        rates["adapted"] = rates["human"] + added
    of_intent = rng.standard_normal((n, 1))
    unsafe = {
        name: (
            np.sqrt(SHARE) * of_intent + np.sqrt(1 - SHARE) * rng.standard_normal((n, 1))
            < special.ndtri(rate)
        ).astype(np.int8)
        for name, rate in rates.items()
    }
    there_P = rng.random(n) < sampled
    return Cell(
        row=ROW,
        reference_PS=unsafe["reference"],
        native_PS=unsafe["native"],
        arms={"adapted": ((np.where(there_P[:, None], unsafe["adapted"], np.int8(-1)),), there_P)},
        translators={"human=agency": unsafe["human"]} if people else {},
    )


@cache
def seen(n, added, *, sampled=1.0, people=False, runs=200):
    """Share of worlds whose interval holds what was planted, and share in which adaptation is named, by sign."""
    rng = np.random.default_rng([2026, n, round(1000 * added), round(10 * sampled), people])
    terms = [
        next(
            e
            for e in of_gap(cell(rng, n, added, sampled=sampled, people=people))
            if e.metric == "unsafe_gap_adaptation"
        )
        for _ in range(runs)
    ]
    held = np.mean([e.low <= added <= e.high for e in terms])
    named = [e.extra["cause"] for e in terms]
    more = np.mean([bool(c) and e.value > 0 for c, e in zip(named, terms, strict=True)])
    return held, more, np.mean([c is not None for c in named]), np.mean([e.value for e in terms])
