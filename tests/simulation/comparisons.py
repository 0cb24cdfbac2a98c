"""Invented releases beside earlier ones and beside people's labels, at their limits or with a planted loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from example.policies import same_texts, shown
from safeglot.score.cube import SAFE, UNSAFE
from safeglot.score.judges.label_counts import Sample, all_prompts, counts_of
from safeglot.score.policy.measures import Earlier
from simulation import worlds
from simulation.releases import LANGUAGES


def twice(rng, *, sizes, now_L, then_L, runs, **more):
    """Verdicts of `runs` releases and of their earlier ones on the same prompts: a cube and an array."""
    rate_LC = np.repeat(np.concatenate([now_L, then_L])[:, None], len(sizes), axis=1)
    cube, _, _ = worlds.cubes(rng, sizes=sizes, rate_LC=rate_LC, runs=runs, **more)
    now, then = np.split(cube.unsafe_JMLPS, 2, axis=2)
    return replace(cube, unsafe_JMLPS=now, languages=LANGUAGES), then


def refusing(rng, *, benign, now_L, then_L, runs, sizes=(30, 30)):
    """Releases that refuse harmless requests at other rates than before; all safe."""
    cube, then = twice(rng, sizes=sizes, now_L=np.full(4, 0.02), then_L=np.full(4, 0.02), runs=runs)
    harmless, before = twice(rng, sizes=[benign], now_L=now_L, then_L=then_L, runs=runs)
    given = shown(cube, refusal=harmless.unsafe_JMLPS)
    return replace(given, earlier=same_texts(cube, then, refusal=before))


def other_prompts(rng, *, sizes, other, now_LC, then_LC, runs):
    """Releases beside earlier ones that asked other prompts of the same categories, so many of each."""
    one, two = (
        replace(worlds.cubes(rng, sizes=n, rate_LC=rate_LC, runs=runs)[0], languages=LANGUAGES)
        for n, rate_LC in ((sizes, now_LC), (other, then_LC))
    )
    nowhere = np.full((len(LANGUAGES), sum(sizes)), -1)
    earlier = Earlier(
        shown=shown(two),
        model_M=np.arange(runs),
        language_L=np.arange(len(LANGUAGES)),
        at_LP=(nowhere, nowhere[:, :0]),
    )
    return replace(shown(one), earlier=earlier)


def labelled(rng, *, prompts, unsafe, sensitivity, specificity, labels, runs):
    """Releases read by a judge that errs, with so many labels in a language, half for each verdict."""
    rate_LC = np.full((len(LANGUAGES), 1), unsafe)
    cube, _, _ = worlds.cubes(rng, sizes=[prompts], rate_LC=rate_LC, runs=runs)
    truth = cube.unsafe_JMLPS
    chance = np.where(truth == UNSAFE, sensitivity, 1 - specificity)
    judged = (rng.random(truth.shape) < chance).astype(np.int8)
    cube = replace(cube, unsafe_JMLPS=judged, languages=LANGUAGES)
    found = {}
    for m, model in enumerate(cube.models):
        for n, language in enumerate(LANGUAGES):
            verdict_P, truth_P = judged[0, m, n, :, 0], truth[0, m, n, :, 0]
            at = np.concatenate(
                [
                    rng.permutation(np.flatnonzero(verdict_P == v))[: labels // 2]
                    for v in (UNSAFE, SAFE)
                ]
            )
            none = np.zeros(at.size, dtype=np.int64)
            sample = Sample(
                unsafe_MPS=verdict_P[None, :, None], model_I=none, prompt_I=at, sample_I=none,
                human_I=truth_P[at].astype(float), unsure_I=none,
            )  # fmt: skip
            found["judge", model, language, "micro"] = counts_of(sample, 0, all_prompts(prompts))
    return replace(shown(cube), labels=found)
