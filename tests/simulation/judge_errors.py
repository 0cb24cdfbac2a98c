"""Worlds of a judge that errs where translations are bad, or does not, as the labels' draw shows it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from safeglot.score.causes.judge_errors import slopes, together
from safeglot.score.judges.label_counts import Sample
from safeglot.types import Estimate

ROW = Estimate(metric="", judge="judge", level=0.95)
UNSAFE, FALSE_ALARMS, MISSED = 0.3, 0.2, 0.25


def drawn(rng, unsafe_P, verdict_P, labels):
    """So many labels of each verdict, as `annotate sample` draws them."""
    at = np.concatenate(
        [rng.permutation(np.flatnonzero(verdict_P == v))[: labels // 2] for v in (0, 1)]
    )
    none = np.zeros_like(at)
    return Sample(
        unsafe_MPS=verdict_P.astype(np.int8)[np.newaxis, :, np.newaxis], model_I=none, prompt_I=at,
        sample_I=none, human_I=unsafe_P[at].astype(float), unsure_I=none,
    )  # fmt: skip


def slope_worlds(seed, runs, *, alarms, prompts=300, languages=4, labels=200):
    """Metric -> (truth, ends of all runs), all languages together; one standard deviation adds so many alarms.

    Hard prompts translate badly, and the judge errs on them more and in some languages more,
    whatever the translation.
    """
    rng = np.random.default_rng(seed)
    ends = defaultdict(list)
    for _ in range(runs):
        hard, samples, quality = rng.normal(size=prompts), {}, {}
        for tag in map(str, range(languages)):
            quality[tag] = 0.8 * rng.normal(size=prompts) - 0.6 * hard - 0.3 * int(tag)
            often = FALSE_ALARMS + 0.03 * hard + 0.01 * int(tag) + alarms * quality[tag]
            unsafe = rng.random(prompts) < UNSAFE
            said = rng.random(prompts) < np.where(unsafe, 1 - MISSED, often)
            samples[tag] = drawn(rng, unsafe, said, labels)
        for e in slopes(ROW, samples, quality):
            if e.language is None:
                ends[e.metric].append((e.low, e.high))
    wrong = alarms * (1 - UNSAFE)
    truths = dict(zip(ends, (wrong, wrong, 0.0), strict=True))
    return {name: (truths[name], np.array(found, dtype=float)) for name, found in ends.items()}


def worlds_together(seed, runs, *, dependent, prompts=200, labels=150):
    """(truth, ends) of `errors_together`: a fifth of the translations fail, a tenth of the verdicts.

    Where a translation failed the judge errs more often by as much as `dependent`.
    """
    rng = np.random.default_rng(seed)
    ends = []
    for _ in range(runs):
        quality = np.where(rng.random(prompts) < 0.2, 0.4, 0.7)
        wrong = rng.random(prompts) < 0.1 + dependent * np.where(quality < 0.5, 0.8, -0.2)
        unsafe = rng.random(prompts) < 0.25
        drawn_here = drawn(rng, unsafe, unsafe ^ wrong, labels)
        (row,) = together(ROW, drawn_here, quality, np.full((1, prompts, 1), np.nan), bar=0.5)
        ends.append((row.low, row.high))
    return dependent * 0.2 * 0.8, np.array(ends, dtype=float)
