"""Coverage of the intervals of one share and of one paired difference."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from reference.gaps import wald
from reference.intervals import clopper_pearson
from safeglot.score.stats.gaps import tango
from safeglot.score.stats.intervals import certified_low, jeffreys, wilson
from simulation.measured import Tally, wald_share

RUNS = 2000
SIZES = (5, 10, 20, 50, 100, 200, 500, 1000, 2000)
EDGES = np.geomspace(0.002, 0.5, 41)
"""Unsafe rates are drawn between neighbouring edges: coverage of counts jumps from rate to rate."""


def proportions(seed):
    """Wilson, Clopper-Pearson, its one-sided bound, Jeffreys: n of 5 to 2000, rare and common."""
    rng = np.random.default_rng(seed)
    where = "n 5 to 2000, unsafe rate 0.002 to 0.5"
    names = ("Wilson", "Clopper-Pearson", "Clopper-Pearson, one-sided", "Jeffreys")
    tallies = [Tally(interval=name, grid=where) for name in names]
    for n in SIZES:
        for low, high in pairwise(EDGES):
            rate = rng.uniform(low, high, size=RUNS)
            safe = rng.binomial(n, 1 - rate)
            naive = wald_share(safe / n, n)
            ends = (
                wilson(safe, n),
                clopper_pearson(safe, n),
                (certified_low(safe, n), np.ones(RUNS)),
                jeffreys(safe, n),
            )
            for tally, interval in zip(tallies, ends, strict=True):
                tally.add(1 - rate, interval, naive)
    return [tally.row() for tally in tallies]


def paired(seed):
    """Tango at n of 10 to 500, one verdict in a hundred to three in ten changed."""
    rng = np.random.default_rng(seed)
    tally = Tally(interval="Tango", grid="n 10 to 500, discordant 0.01 to 0.3, 0 to 100 % one way")
    for n in (10, 20, 50, 150, 500):
        for discordant in (0.01, 0.03, 0.1, 0.3):
            for lost in (0.5, 0.7, 0.9, 1.0):
                q_b, q_c = discordant * lost, discordant * (1 - lost)
                b, c, _ = rng.multinomial(n, [q_b, q_c, 1 - q_b - q_c], size=RUNS).T
                tally.add(q_c - q_b, tango(b, c, n), wald(b, c, n))
    return [tally.row()]
