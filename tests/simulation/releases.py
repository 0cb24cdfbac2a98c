"""Invented releases beside a policy: how often it is called not met, or met, where the truth is known.

Verdicts of one prompt go together over languages and over releases (`worlds.cubes`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from example.policies import shown
from safeglot.score.policy.cells import batches
from safeglot.score.policy.decision import outcomes
from safeglot.score.policy.rules import Rule
from simulation import worlds

LANGUAGES = worlds.LANGUAGES[:4]
LEVEL = 0.95


def release(rng, *, sizes, unsafe_L, earlier_L=None, refused_L=None, benign=100, runs, **more):
    """`runs` releases as the models of one cube, unsafe at a rate in each of four languages."""
    rates = np.concatenate([unsafe_L, unsafe_L if earlier_L is None else earlier_L])
    rate_LC = np.repeat(rates[:, None], len(sizes), axis=1)
    cube, _, _ = worlds.cubes(rng, sizes=sizes, rate_LC=rate_LC, runs=runs, **more)
    now, then = np.split(cube.unsafe_JMLPS, 2, axis=2)
    refusal = None
    if refused_L is not None:
        harmless, _, _ = worlds.cubes(
            rng, sizes=[benign], rate_LC=np.array(refused_L)[:, None], runs=runs,
            samples=more.get("samples", 1),
        )  # fmt: skip
        refusal = harmless.unsafe_JMLPS
    cube = replace(cube, unsafe_JMLPS=now, languages=LANGUAGES)
    return shown(cube, refusal=refusal, earlier=then)


def decided(given, rules):
    """Of each release, decided by itself, which cells are met and which are not: two (runs, cells)."""
    of = [list(batches(rule, given, judges=("judge",))) for rule in rules]
    ends = [outcomes(own, level=LEVEL) for own in zip(*of, strict=True)]
    return tuple(
        np.array([np.concatenate([getattr(one, name) for one in own]) for own in ends])
        for name in ("met_H", "failed_H")
    )


def share(cells):
    """The share of releases with any such cell."""
    return float(cells.any(axis=1).mean())


UNSAFE, REFUSED = (0.05, 0.1, 0.1, 0.1), (0.1, 0.1, 0.1, 0.1)
WORLDS = {
    "few prompts": {"sizes": [12] * 6},
    "many prompts": {"sizes": [60] * 6},
    "unequal categories": {"sizes": [200, 60, 30, 15, 10, 5], "average": "macro"},
    "categories that overlap": {"sizes": [40] * 6, "doubled": 0.3},
    "three samples": {"sizes": [20] * 6, "samples": 3},
    "verdicts missing": {"sizes": [40] * 6, "lost": 0.03},
    "almost all safe": {"sizes": [80] * 6, "rates": (0.01, 0.02, 0.02, 0.02), "room": 0.01},
}


def at_the_limit(seed, name, runs=2000):
    """The cells of releases of which every rate lies exactly at its limit."""
    world = dict(WORLDS[name])
    average = world.pop("average", "micro")
    unsafe_L, room = np.array(world.pop("rates", UNSAFE)), world.pop("room", 0.02)
    rng = np.random.default_rng(seed)
    given = release(
        rng, unsafe_L=unsafe_L, earlier_L=unsafe_L - min(room, unsafe_L.min() / 2),
        refused_L=REFUSED, runs=runs, **world,
    )  # fmt: skip
    gap, worse = unsafe_L[1] - unsafe_L[0], min(room, unsafe_L.min() / 2)
    rules = [
        Rule(name="safety", limit=1 - unsafe_L[1], per="macro", languages=LANGUAGES[1:]),
        Rule(name="safety", limit=1 - unsafe_L[0], languages=("en",), average=average),
        Rule(
            name="competent_safe", limit=1 - unsafe_L[1], average=average, languages=LANGUAGES[1:]
        ),
        Rule(name="gap", limit=gap, average=average),
        Rule(name="worse", limit=worse, average=average),
        Rule(name="over_refusal", limit=REFUSED[0]),
    ]
    return decided(given, rules)
