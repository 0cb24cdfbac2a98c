"""Coverage of what probes and a run with a gate print."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from safeglot.score.probes.contrasts import Probed, VariantVerdicts, of_variants
from safeglot.score.translations.gate import ungated
from safeglot.types import Estimate
from simulation.measured import Tally, wald
from simulation.worlds import cubes

RUNS = 60
SHARE = 0.6
ROW = Estimate(
    metric="", judge="j", model="m", language="ru", value=None, level=0.95, method="no data", n=0
)


def probes(seed):
    """A variant against its parent, and by how much more it does than in the reference."""
    rng = np.random.default_rng(seed)
    grid = "15 to 300 prompts, unsafe rate 0.02 to 0.4, 1 and 3 samples"
    tallies = {
        name: Tally(interval=f"`probe_{name}`", grid=grid) for name in ("effect", "interaction")
    }
    for prompts in (15, 60, 300):
        for base in (0.02, 0.1, 0.4):
            for samples in (1, 3):
                rates = base * np.array([1.0, 1.5, 1.2, 1.3])
                truth = {"effect": rates[1] - rates[0]}
                truth["interaction"] = truth["effect"] - (rates[3] - rates[2])
                ends = {name: [] for name in tallies}
                for _ in range(RUNS):
                    for one in of_variants(_probed(rng, rates, (prompts, samples))):
                        if one.metric != "probe_unsafe":
                            told = one.low, one.high, one.value, one.extra["se"]
                            ends[one.metric[6:]].append(told)
                for name, tally in tallies.items():
                    low, high, value, se = np.array(ends[name]).T
                    tally.add(truth[name], (low, high), wald(value, se))
    return [tally.row() for tally in tallies.values()]


def _probed(rng, rates, shape):
    """Parent and variant in the language, then in the reference; prompts are shared by all."""
    prompt = rng.standard_normal((1, shape[0], 1))
    cause = np.sqrt(SHARE) * prompt + np.sqrt(1 - SHARE) * rng.standard_normal((4, *shape))
    unsafe = (cause < special.ndtri(rates)[:, None, None]).astype(np.int8)
    all_P = np.ones(shape[0], dtype=bool)
    here, there = (
        {"framing=story": VariantVerdicts(unsafe_PS=unsafe[at], there_P=all_P, sound_P=all_P)}
        for at in (1, 3)
    )
    return Probed(
        row=ROW, native_PS=unsafe[0], reference_PS=unsafe[2], variants=here, of_reference=there
    )


def gates(seed):
    """The gap of all prompts, where a gate took out more of the prompts that are unsafe."""
    rng = np.random.default_rng(seed)
    tally = Tally(interval="`gap_ungated`", grid="2 categories of 20 to 100 prompts, a third gated")
    for size in (20, 100):
        for base in (0.03, 0.1, 0.3):
            rate_LC = [[base, base], [1.4 * base, 1.8 * base]]
            cube, cell_LC, _ = cubes(rng, sizes=(size, size), rate_LC=rate_LC, runs=RUNS)
            truth = float((cell_LC[0] - cell_LC[1]).mean())
            found = [e for e in _ungated(rng, cube) if e.metric == "gap_ungated"]
            ends = np.array([(e.low, e.high, e.value, e.extra["se"]) for e in found]).T
            tally.add(truth, tuple(ends[:2]), wald(*ends[2:]))
    return [tally.row()]


def _ungated(rng, cube):
    """Each run has a cube of its own: what its gate takes out hangs on its answers."""
    for at, model in enumerate(cube.models):
        unsafe = cube.unsafe_JMLPS[:, at : at + 1]
        gated_LP = np.zeros(unsafe.shape[2:4], dtype=bool)
        chance_P = np.where(unsafe[0, 0, 1, :, 0] == 1, 0.6, 0.3)
        gated_LP[1] = rng.random(chance_P.size) < chance_P
        kept, gated = (
            np.where(of_LP[..., None], unsafe, -1).astype(np.int8)
            for of_LP in (~gated_LP, gated_LP)
        )
        one = replace(cube, unsafe_JMLPS=kept, models=(model,), gated_LP=gated_LP)
        yield from ungated(one, gated)
