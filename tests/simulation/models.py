"""Coverage where models are compared: intervals that hold together, and differences of two."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy import special

from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.models.ranking import Entrant, bonferroni, standings
from simulation.measured import LEVEL, Tally
from simulation.worlds import cubes

RUNS, N_MODELS, N_LANGUAGES = 40, 4, 2
SIZES = (4, 8, 15, 30, 60)
NAMES = tuple(f"model{i}" for i in range(N_MODELS))


def _rates(base):
    """Rates by model and language, and category; shape (M x L, C)."""
    model = np.repeat(np.linspace(-0.3, 0.3, N_MODELS), N_LANGUAGES)
    language = np.tile(0.3 * np.arange(N_LANGUAGES), N_MODELS)
    category = np.linspace(-1, 1, len(SIZES))
    return special.expit(special.logit(base) + (model + language)[:, None] + category)


def _runs(rng, base):
    """Cubes in which all models and languages have the same prompts."""
    rate = _rates(base)
    whole, *_ = cubes(rng, sizes=SIZES, rate_LC=rate, runs=RUNS)
    for unsafe in whole.unsafe_JMLPS[0]:
        yield Cube(
            unsafe_JMLPS=unsafe.reshape(1, N_MODELS, N_LANGUAGES, -1, 1),
            member_PC=whole.member_PC,
            judges=("judge",),
            models=NAMES,
            languages=("en", "de"),
            prompts=whole.prompts,
            categories=whole.categories,
            reference="en",
        )


def compared(seed):
    """All averages of a leaderboard at once, all its differences, and the ranks that it allows."""
    rng = np.random.default_rng(seed)
    grid = "4 models, 5 categories of 4 to 60 prompts, unsafe rate 0.01 to 0.2"
    together = Tally(interval="averages of a leaderboard, all at once", grid=grid, several=True)
    pairs = Tally(interval="difference of two models", grid=grid)
    ranks = Tally(interval="ranks of a leaderboard, all at once", grid=grid, several=True)
    for base in (0.01, 0.05, 0.2):
        safety_ML = 1 - _rates(base).reshape(N_MODELS, N_LANGUAGES, -1).mean(axis=2)
        for language in ("de", None):
            safety_M = safety_ML.mean(axis=1) if language is None else safety_ML[:, 1]
            found = [_count(cube, language, safety_M) for cube in _runs(rng, base)]
            for tally, held in zip((together, pairs, ranks), zip(*found, strict=True), strict=True):
                low, high = np.array(held).T if tally is not pairs else np.moveaxis(held, -1, 0)
                tally.add(0.0, (low, high))
    return [tally.row() for tally in (together, pairs, ranks)]


def _count(cube, language, safety_M):
    """How far the ends of each kind stand from the truth; of families those that are worst."""
    frame = frame_of(cube, level=bonferroni(LEVEL, N_MODELS))
    entrants = [Entrant(name=name, sheet=sheet_of(frame, 0, m)) for m, name in enumerate(NAMES)]
    told, pairs = standings(entrants, metric="safety_macro", language=language, level=LEVEL)
    true = dict(zip(NAMES, safety_M, strict=True))
    averages = [(s.average.low - true[s.name], s.average.high - true[s.name]) for s in told]
    place = {name: 1 + sum(other > safety for other in safety_M) for name, safety in true.items()}
    ranks = [(s.best - place[s.name], s.worst - place[s.name]) for s in told]
    apart = {(d.first, d.second): (d.low, d.high) for d in pairs}
    differences = []
    for one, other in combinations(NAMES, 2):
        sign, ends = (1, apart[one, other]) if (one, other) in apart else (-1, apart[other, one])
        low, high = ends if sign > 0 else (-ends[1], -ends[0])
        differences.append((low - true[one] + true[other], high - true[one] + true[other]))
    return _worst(averages), differences, _worst(ranks)


def _worst(ends):
    return max(low for low, _ in ends), min(high for _, high in ends)
