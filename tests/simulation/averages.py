"""Coverage of what score.summary prints, over whole cubes with prompts shared by all languages."""

from __future__ import annotations

import numpy as np
from scipy import special

from safeglot.score.basic import estimates
from simulation.measured import Tally, wald
from simulation.worlds import OWN, SHARE, cubes, spread

N_SAMPLES = 3
LAYOUTS = {
    "6 categories of 4 to 123 prompts": {"sizes": (4, 8, 15, 30, 60, 123)},
    "32 categories of 3 to 34": {"sizes": tuple(range(3, 35))},
    "the same six, 3 samples": {"sizes": (4, 8, 15, 30, 60, 123), "samples": N_SAMPLES},
    "the same six, prompts in two categories, verdicts missing": {
        "sizes": (4, 8, 15, 30, 60, 123),
        "doubled": 0.2,
        "lost": 0.05,
    },
    "4 categories of 3 to 12": {"sizes": (3, 5, 8, 12)},
}
BASES = (0.005, 0.03, 0.2)
RUNS, N_LANGUAGES = 40, 3
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


class Truth:
    """What the world's rates make each metric be."""

    def __init__(self, cube, rate_LC, cell_LC, home_C):
        self.cube, self.rate_LC, self.cell_LC, self.home_C = cube, rate_LC, cell_LC, home_C

    def of(self, estimate):
        name, at = estimate.metric, None
        if estimate.language is not None:
            at = self.cube.languages.index(estimate.language)
        if name == "gap":
            lost_C = self.cell_LC[at] - self.cell_LC[0]
            return -float(
                lost_C.mean() if estimate.category is None else lost_C[self._place(estimate)]
            )
        if name == "exact_match":
            among = slice(None) if at is None else [0, at]
            return float(self.home_C @ _equal(self.rate_LC[among]))
        if name == "safety":
            return 1 - float(self.cell_LC[at, self._place(estimate)])
        if name in NOISE:
            between = NOISE[name](_chance(self.rate_LC[at], SHARE + OWN))
            return float(self.home_C @ between @ _WEIGHTS)
        if name in AVERAGES:
            unsafe_L = np.array([AVERAGES[name](self, index) for index in range(N_LANGUAGES)])
            return 1 - float(unsafe_L.mean() if at is None else unsafe_L[at])
        return None

    def _place(self, estimate):
        return self.cube.categories.index(estimate.category)


def _six(world, index):
    names = np.asarray(world.cube.macro_C)
    return np.mean([world.cell_LC[index][names == name].mean() for name in set(names)])


NOISE = {
    "unsafe_any_of_k": lambda p: 1 - (1 - p) ** N_SAMPLES,
    "unstable_prompts": lambda p: 1 - p**N_SAMPLES - (1 - p) ** N_SAMPLES,
    "flip_rate": lambda p: 2 * p * (1 - p),
}
AVERAGES = {
    "safety_micro": lambda world, index: world.home_C @ world.rate_LC[index],
    "safety_macro": lambda world, index: world.cell_LC[index].mean(),
    "safety_macro_of_macros": _six,
}


def _equal(rate_LC):
    """Chance of the same verdict in all languages: given the prompt they are independent."""
    unsafe = _chance(rate_LC, SHARE)
    return (unsafe.prod(axis=0) + (1 - unsafe).prod(axis=0)) @ _WEIGHTS


def _chance(rate, share):
    """Chance of an unsafe answer given what is shared, at the nodes of the last axis."""
    cut = special.ndtri(rate)[..., None]
    return special.ndtr((cut - np.sqrt(share) * _NODES) / np.sqrt(1 - share))


NAMES = {
    ("safety", False): "`safety` of a cell",
    ("safety_micro", False): "`safety_micro`",
    ("safety_macro", False): "`safety_macro`",
    ("safety_macro_of_macros", False): "`safety_macro_of_macros`",
    ("safety_micro", True): "`safety_micro`, mean over languages",
    ("safety_macro", True): "`safety_macro`, mean over languages",
    ("safety_macro_of_macros", True): "`safety_macro_of_macros`, mean over languages",
    ("exact_match", False): "`exact_match`",
    ("exact_match", True): "`exact_match` of all languages",
    ("gap", False): "`gap` of a cell",
    ("gap", True): "`gap`, macro",
    ("unsafe_any_of_k", False): "`unsafe_any_of_k`",
    ("unstable_prompts", False): "`unstable_prompts`",
    ("flip_rate", False): "`flip_rate`",
}


def _key(estimate):
    whole = estimate.category if estimate.metric == "gap" else estimate.language
    return estimate.metric, whole is None and estimate.metric != "safety"


def averages(seed):
    """Every rate and gap of a run: unequal categories, rare and common, shared prompts."""
    rng = np.random.default_rng(seed)
    tallies = {
        key: Tally(interval=name, grid="cubes, unsafe rate 0.005 to 0.2")
        for key, name in NAMES.items()
    }
    for layout in LAYOUTS.values():
        for base in BASES:
            _count(tallies, rng, layout, base)
    return [tally.row() for tally in tallies.values()]


def _count(tallies, rng, layout, base):
    n_C = len(layout["sizes"])
    rate_LC = spread(base, languages=N_LANGUAGES, categories=n_C)
    cube, cell_LC, home_C = cubes(rng, rate_LC=rate_LC, runs=RUNS, **layout)
    truth = Truth(cube, rate_LC, cell_LC, home_C)
    told = estimates(cube)
    step = len(told) // RUNS
    for key, tally in tallies.items():
        places = [at for at, e in enumerate(told[:step]) if _key(e) == key]
        if not places:
            continue
        columns = [_column(told[at::step]) for at in places]
        true = np.array([truth.of(told[at]) for at in places])
        value, low, high, se = np.moveaxis(np.array(columns), 0, -1)
        tally.add(true, (low, high), wald(value, se))


def _column(same):
    """Value, low, high and the error that a textbook would take; no data is an empty claim."""
    rows = [(0.0, -1.0, 1.0, 1.0) if e.value is None else _numbers(e) for e in same]
    return np.array(rows).T


def _numbers(estimate):
    if "se" in estimate.extra:
        se = estimate.extra["se"]
    elif estimate.metric == "gap":
        b, c, n = estimate.extra["b"], estimate.extra["c"], estimate.n
        se = max(b + c - (c - b) ** 2 / n, 0.0) ** 0.5 / n
    else:
        se = (estimate.value * (1 - estimate.value) / estimate.n) ** 0.5
    return estimate.value, estimate.low, estimate.high, se


def shrunken(seed):
    """Cells drawn towards their neighbours, where the cells' rates do come from one Beta.

    What is promised is coverage over cells, not of each: cells far out are drawn in.
    """
    rng = np.random.default_rng(seed)
    tally = Tally(interval="`safety_shrunk`, over cells", grid="rates of cells from a Beta")
    sizes, shape = (6, 10, 15, 20, 30, 60) * 2, (RUNS, N_LANGUAGES, 12)
    for mean in (0.015, 0.05, 0.2):
        for worth in (5, 40):
            rate = np.clip(rng.beta(mean * worth, (1 - mean) * worth, size=shape), 1e-12, 1 - 1e-9)
            cube, cell, _ = cubes(rng, sizes=sizes, rate_LC=rate, runs=RUNS)
            found = [(e.low, e.high) for e in estimates(cube) if e.metric == "safety_shrunk"]
            low, high = np.array(found).reshape(RUNS, -1, 2).transpose(2, 0, 1)
            tally.add(1 - cell.reshape(RUNS, -1), (low, high))
    return [tally.row()]
