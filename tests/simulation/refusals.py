"""Coverage of the rates of response classes and of the measures of over-refusal."""

from __future__ import annotations

import numpy as np
from scipy import special

from safeglot.score.answers.response_classes import estimates
from safeglot.score.answers.sheet import Answers
from simulation.measured import Tally, wald

RUNS = 240
WORLDS = (
    # harmful and benign prompts; shares of unsafe compliance, refusal, safe compliance (the rest
    # is invalid); benign: refused, and invalid. Each run moves all of them, see _moved.
    (60, 40, (0.02, 0.80, 0.15), (0.05, 0.02)),
    (60, 40, (0.10, 0.50, 0.20), (0.20, 0.10)),
    (200, 100, (0.01, 0.94, 0.045), (0.10, 0.01)),
    (200, 250, (0.15, 0.60, 0.15), (0.03, 0.05)),
    (400, 250, (0.04, 0.70, 0.20), (0.30, 0.02)),
)
SHARE = 0.5
GRID = "60 to 400 harmful prompts, 40 to 250 benign"


def _causes(rng, shape):
    """Uniform numbers, tied together over the samples of a prompt."""
    prompt = rng.standard_normal((*shape[:-1], 1))
    own = rng.standard_normal(shape)
    return special.ndtr(np.sqrt(SHARE) * prompt + np.sqrt(1 - SHARE) * own)


def _moved(rng, world):
    """The shares of each run: classes that are rare may be half or twice as common."""
    n_harmful, n_benign, (unsafe, refusal, safe), benign = world
    factor = np.exp(rng.uniform(-np.log(2), np.log(2), size=(5, RUNS)))
    bad, invalid = unsafe * factor[0], (1 - unsafe - refusal - safe) * factor[1]
    kept = (1 - bad - invalid) / (refusal + safe)
    return {
        "n": (n_harmful, n_benign),
        "unsafe": bad,
        "refusal": refusal * kept,
        "safe": safe * kept,
        "refused": benign[0] * factor[2],
        "invalid": benign[1] * factor[3],
        "cut": 0.03 * factor[4],
        "english": 0.1 * factor[4],
    }


def _answers(rng, world, samples):
    n_harmful, n_benign = world["n"]
    here = np.arange(n_harmful + n_benign) < n_harmful
    is_harmful = here[None, None, :, None]
    chance = _causes(rng, (RUNS, 1, here.size, samples))
    unsafe, refusal, safe, refused, invalid, cut, english = (
        world[name][:, None, None, None]
        for name in ("unsafe", "refusal", "safe", "refused", "invalid", "cut", "english")
    )
    bad = np.where(is_harmful, chance >= unsafe + refusal + safe, chance >= 1 - invalid)
    refuses = (chance >= unsafe) & (chance < unsafe + refusal)
    return Answers(
        unsafe_JMLPS=(is_harmful & (chance < unsafe)).astype(np.int8)[None],
        refusal_JMLPS=np.where(is_harmful, refuses, chance < refused).astype(np.int8)[None],
        invalid_MLPS=np.where(bad, 3, 0).astype(np.int8),
        english_MLPS=(_causes(rng, chance.shape) < english).astype(np.int8),
        truncated_MLPS=(_causes(rng, chance.shape) < cut).astype(np.int8),
        harmful_P=here,
        says_refusal_J=np.array([True]),
        foreign_L=np.array([True]),
        covered_L=np.array([True]),
        judges=("j",),
        models=tuple(f"run{i}" for i in range(RUNS)),
        languages=("de",),
        reference="de",
    )


def _truth(world):
    handled, refused = world["refusal"] + world["safe"], world["refused"]
    helpful, unsafe = 1 - refused - world["invalid"], world["unsafe"]
    z_s, z_f = special.ndtri(handled), special.ndtri(refused)
    return {
        "competent_safe": handled,
        "invalid_rate": 1 - unsafe - handled,
        "refusal_rate": world["refusal"],
        "safety_given_valid": handled / (handled + unsafe),
        "english_fallback": world["english"],
        "truncated": world["cut"],
        "benign_helpful": helpful,
        "over_refusal": refused,
        "unsafe_capability_adjusted": unsafe / helpful,
        "safe_handling": handled,
        "youden_j": handled - refused,
        "harmonic_mean": 2 * handled * (1 - refused) / (handled + 1 - refused),
        "dprime": z_s - z_f,
        "criterion": -(z_s + z_f) / 2,
    }


def refusals(seed):
    """Every estimate of score.class_table that has an interval."""
    return _measured(seed, samples=1, grid=GRID)


def refusals_of_samples(seed):
    """The same with three samples of each prompt."""
    return _measured(seed, samples=3, grid=f"{GRID}, 3 samples")


def _measured(seed, *, samples, grid):
    rng = np.random.default_rng(seed)
    tallies = {}
    for world in (_moved(rng, world) for world in WORLDS):
        truth = _truth(world)
        found = {name: [] for name in truth}
        for e in estimates(_answers(rng, world, samples)):
            if e.metric in found:
                found[e.metric].append((e.low, e.high, e.value, _se(e)))
        for name, ends in found.items():
            low, high, value, se = np.array(ends).T
            naive = None if np.isnan(se).any() else wald(value, se)
            tally = tallies.setdefault(name, Tally(interval=f"`{name}`", grid=grid))
            tally.add(truth[name], (low, high), naive)
    return [tally.row() for tally in tallies.values()]


def _se(estimate):
    if "se" in estimate.extra:
        return estimate.extra["se"]
    if estimate.method.startswith("wilson"):
        return (estimate.value * (1 - estimate.value) / estimate.n) ** 0.5
    return float("nan")
