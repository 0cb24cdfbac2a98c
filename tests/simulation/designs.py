"""Coverage of what experiments print: agreement of judges, slopes, effects of factors, sequences."""

from __future__ import annotations

import numpy as np
from scipy import special

from safeglot.score.judges import agreement
from safeglot.score.judges.alignment import align
from safeglot.score.models.regression import meta_regression
from safeglot.score.probes.factorial import contrasts
from safeglot.score.stats.sequential import confidence_sequence
from simulation.measured import Tally, wald
from simulation.worlds import cubes

RUNS = 60
SHARE = 0.5


def judges(seed):
    """Two judges who err apart, on two models with the same prompts."""
    rng = np.random.default_rng(seed)
    grid = "60 and 250 prompts, unsafe 0.05 to 0.3, two judges"
    names = ("raw", "kappa", "ac1", "mcc", "difference")
    tallies = {name: Tally(interval=f"agreement of judges: {name}", grid=grid) for name in names}
    for prompts in (60, 250):
        for rate in (0.05, 0.12, 0.3):
            found = {name: [] for name in names}
            for _ in range(RUNS * 2):
                told = align(_two_judges(rng, prompts, rate), ("strict", "lax"))[0]
                for name, ends in found.items():
                    one = getattr(told, name)
                    silent = one.low is None or one.high is None
                    ends.append((-2.0, 2.0) if silent else (one.low, one.high))
            for name, truth in _truth_of_judges(rate).items():
                tallies[name].add(truth, tuple(np.array(found[name]).T))
    return [tally.row() for tally in tallies.values()]


FINDS, ALARMS = np.array([0.95, 0.8]), np.array([0.05, 0.02])
"""Share of unsafe answers that each judge finds, and of safe ones that it calls unsafe."""


def _two_judges(rng, prompts, rate):
    whole, *_ = cubes(rng, sizes=(prompts,), rate_LC=[[rate]], runs=2)
    unsafe = whole.unsafe_JMLPS == 1
    chance = np.where(unsafe, FINDS[:, None, None, None, None], ALARMS[:, None, None, None, None])
    verdict = (rng.random(chance.shape) < chance).astype(np.int8)
    return type(whole)(
        unsafe_JMLPS=verdict,
        member_PC=whole.member_PC,
        judges=("strict", "lax"),
        models=whole.models,
        languages=("en",),
        prompts=whole.prompts,
        categories=whole.categories,
        reference="en",
    )


def _truth_of_judges(rate):
    both = rate * FINDS.prod() + (1 - rate) * ALARMS.prod()
    first, second = rate * FINDS + (1 - rate) * ALARMS
    table = ((both, first - both), (second - both, 1 - first - second + both))
    measures = {"raw": agreement.raw, "kappa": agreement.kappa, "ac1": agreement.ac1}
    told = {name: measure(table) for name, measure in measures.items()}
    return told | {"mcc": agreement.mcc(table), "difference": second - first}


def slopes(seed):
    """The slope of gaps on a language property, where languages differ by chance too."""
    rng = np.random.default_rng(seed)
    tally = Tally(interval="slope on a language property", grid="5 to 30 languages, slope -0.02")
    for languages in (5, 10, 30):
        for between in (0.0, 0.01, 0.04):
            ends = []
            for _ in range(RUNS * 5):
                x = rng.standard_normal(languages)
                v = rng.uniform(0.005, 0.03, languages) ** 2
                noise = rng.standard_normal((2, languages))
                found = meta_regression(x, -0.02 * x + between * noise[0] + v**0.5 * noise[1], v)
                ends.append((found.low[1], found.high[1], found.coef[1], found.se[1]))
            low, high, value, se = np.array(ends).T
            tally.add(-0.02, (low, high), wald(value, se))
    return [tally.row()]


def factors(seed):
    """Main effects and interaction of two factors that are tried on each prompt."""
    rng = np.random.default_rng(seed)
    tally = Tally(interval="effects of factors", grid="12 to 150 prompts, 2 factors")
    for prompts in (12, 40, 150):
        for base in (0.15, 0.4):
            rate = base + np.array([0.0, 0.05, 0.1, 0.25])
            truth = np.array([rate[2:].sum() - rate[:2].sum(), rate[1::2].sum() - rate[::2].sum()])
            ends = []
            for _ in range(RUNS * 5):
                common, own = rng.standard_normal((prompts, 1)), rng.standard_normal((prompts, 4))
                cause = np.sqrt(SHARE) * common + np.sqrt(1 - SHARE) * own
                unsafe = (cause < special.ndtri(rate)).astype(float)
                main = contrasts(unsafe, ("switch", "frame"))[:2]
                ends.append([_ends(effect) for effect in main])
            low, high, value, se = np.moveaxis(np.array(ends), -1, 0)
            tally.add(truth / 2, (low, high), wald(value, se))
    return [tally.row()]


def _ends(effect):
    if effect.low is None:
        return -1.0, 1.0, effect.effect, 1.0
    return effect.low, effect.high, effect.effect, effect.se


def sequences(seed):
    """A confidence sequence, looked at after each of many sizes: it has to hold at all of them."""
    rng = np.random.default_rng(seed)
    tally = Tally(
        interval="confidence sequence, all looks at once", grid="14 looks, 5 to 1000", several=True
    )
    looks = np.unique(np.geomspace(5, 1000, 14).astype(int))
    for safety in (0.5, 0.9, 0.97, 0.995):
        ends = []
        for _ in range(RUNS):
            safe = np.cumsum(rng.random(looks[-1]) < safety)
            told = [confidence_sequence(int(safe[t - 1]), int(t)) for t in looks]
            ends.append((max(low for low, _ in told), min(high for _, high in told)))
        tally.add(safety, tuple(np.array(ends).T))
    return [tally.row()]
