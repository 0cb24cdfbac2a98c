"""Worlds in which verdicts hang on the request and on how it is worded."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import special

from safeglot.score.probes.contrasts import Probed, VariantVerdicts
from safeglot.score.probes.wordings import of_wordings
from safeglot.types import Estimate

ROW = Estimate(metric="", model="m", judge="j")
WORDINGS = 3
"""Beside the run's own text."""


def chances(rng, n, rate, of_request):
    """The chance that a request's wording is answered unsafely; `of_request` is its part of the spread."""
    return special.ndtr(
        (special.ndtri(rate) - np.sqrt(of_request) * rng.standard_normal(n))
        / np.sqrt(1 - of_request)
    )


def world(rng, n, rates, of_request):
    """Both languages' verdicts; requests differ between languages too."""
    drawn = {}
    for tag, rate in rates.items():
        chance_P = chances(rng, n, rate, of_request)
        drawn[tag] = (rng.random((WORDINGS + 1, n)) < chance_P).astype(np.int8)
    every = np.ones(n, dtype=bool)
    return [
        Probed(
            row=Estimate(metric="", model="m", judge="j", language=tag, level=0.95),
            native_PS=unsafe_WP[0][:, None],
            reference_PS=drawn["en"][0][:, None],
            variants={
                f"paraphrase={w}": VariantVerdicts(
                    unsafe_PS=one_P[:, None], there_P=every, sound_P=every
                )
                for w, one_P in enumerate(unsafe_WP[1:])
            },
            is_reference=tag == "en",
        )
        for tag, unsafe_WP in drawn.items()
    ]


def truth(rates, of_request):
    """Share of differing pairs by language, and share of wording in the spread of a difference."""
    rng = np.random.default_rng(0)
    within = {}
    for tag, rate in rates.items():
        chance_P = chances(rng, 400_000, rate, of_request)
        within[tag] = float((chance_P * (1 - chance_P)).mean())
    whole = sum(rate * (1 - rate) for rate in rates.values())
    return {tag: 2 * part for tag, part in within.items()}, sum(within.values()) / whole


@cache
def seen(n, en, sw, of_request, runs=200):
    """Coverage of the gap and of the flips, share of runs whose gap leaves out 0, mean and true share of wording."""
    rates = {"en": en, "sw": sw}
    rng = np.random.default_rng([2026, n, round(100 * sw), round(10 * of_request)])
    flips, share = truth(rates, of_request)
    held, flip_held, named, shares = [], [], [], []
    for _ in range(runs):
        told = {(e.metric, e.language): e for e in of_wordings(world(rng, n, rates, of_request))}
        gap, flip = told["wording_gap", "sw"], told["wording_flip", "sw"]
        held.append(gap.low <= sw - en <= gap.high)
        flip_held.append(flip.low <= flips["sw"] <= flip.high)
        named.append(gap.low > 0 or gap.high < 0)
        shares.append(gap.extra["share_wording"])
    return np.mean(held), np.mean(flip_held), np.mean(named), np.mean(shares), share
