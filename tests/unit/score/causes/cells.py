"""Cells of one judge on one model in one language, with verdicts at random."""

import numpy as np

from safeglot.score.causes.cell import Cell
from safeglot.types import Estimate

RNG = np.random.default_rng(4)
ALL = np.ones(30, dtype=bool)
ROW = Estimate(metric="", model="m", judge="j", language="de", value=None, method="", n=0)


def verdicts(rate, samples=1, n=30):
    return (RNG.random((n, samples)) < rate).astype(np.int8)


def cell(samples=1, **more):
    return Cell(
        row=ROW, reference_PS=verdicts(0.1, samples), native_PS=verdicts(0.5, samples), **more
    )


def by_metric(found):
    return {e.metric: e for e in found}
