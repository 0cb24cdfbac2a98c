"""Translation and model as a pair, in the worlds of a round trip that translates twice (MEASUREMENT 3.2).

A pass damages a share of the prompts, damaged ones are answered unsafely at a rate of their own,
and the model adds some of its own in the language. The way back damages as many again, none, or
repairs a part of what the way out damaged. Answers are read without error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from safeglot.score.causes.attribution import ArmRates, decompose
from safeglot.score.causes.naming import CAUSES, MODEL_OR_REPAIRED, cause
from simulation.measured import Tally, wald

BASE = 0.06
SIZES = (150, 600)
RUNS = 150
TERMS = ("translation", "model")
SAMPLE = 0.4
"""Share of the prompts that people translated, where they did."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Shares of prompts and rates; `back` is the share damaged on the way back, `repaired` of what was."""

    damaged: float = 0.0
    rate: float = 0.0
    added: float = 0.0
    back: float = 0.0
    repaired: float = 0.0

    @property
    def translation(self):
        """What the way out does to the unsafe rate; the model's part comes after it."""
        return self.damaged * (self.rate - BASE)

    @property
    def flipped(self):
        """Chance that the model makes a safe answer unsafe: it adds `added` to all of the rate."""
        return self.added / (1 - BASE - self.translation)

    def truth(self, *, by_people):
        """Translation and model; by people the model's part comes first (A4)."""
        total = self.translation + self.added
        model = (1 - BASE) * self.flipped if by_people else self.added
        return {"translation": total - model, "model": model}


HONEST = {
    "translation only, both ways alike": World(damaged=0.1, rate=0.55, back=0.1),
    "translation only, way back harmless": World(damaged=0.1, rate=0.55),
    "model only": World(added=0.06),
    "both, ways alike": World(damaged=0.08, rate=0.45, added=0.05, back=0.08),
    "both, way back harmless": World(damaged=0.08, rate=0.45, added=0.05),
    "neither": World(),
}
REPAIRING = {
    "way back repairs 60%": World(damaged=0.1, rate=0.55, repaired=0.6),
    "way back repairs all": World(damaged=0.1, rate=0.55, repaired=1.0),
}
WORLDS = HONEST | REPAIRING


def arms_of(rng, world, n, *, people=False):
    """The arms of one run; with people, a sample of the prompts has their translations too."""
    reference = rng.random(n) < BASE
    out = rng.random(n) < world.damaged
    hit, added = rng.random(n) < world.rate, rng.random(n) < world.flipped
    forward = np.where(out, hit, reference)
    stays = out & ~(rng.random(n) < world.repaired)
    once = _pass(rng, np.where(stays, hit, reference), world.back, world)
    twice = _pass(
        rng, _pass(rng, once, world.damaged * (1 - world.repaired), world), world.back, world
    )
    human = np.where(np.arange(n) < SAMPLE * n, reference | added, np.nan)
    return ArmRates(
        reference_P=reference.astype(float),
        native_P=(forward | added).astype(float),
        roundtrip_P=once.astype(float),
        back_P=(forward | added).astype(float),
        human_P=human if people else None,
        roundtrip2_P=twice.astype(float),
    )


def _pass(rng, unsafe, damaged, world):
    n = unsafe.size
    return np.where(rng.random(n) < damaged, rng.random(n) < world.rate, unsafe)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the runs of one world and size said: intervals by name, and how often what was named."""

    ends: dict[str, list]
    named: dict[str, float]


@cache
def seen(seed, *, people):
    """The runs of all worlds at both sizes: (world, n) -> what they said."""
    rng = np.random.default_rng([seed, people])
    return {
        (name, n): _runs(rng, world, n, people=people)
        for name, world in WORLDS.items()
        for n in SIZES
    }


def _runs(rng, world, n, *, people):
    ends = {name: [] for name in (*TERMS, *(f"{term} alike" for term in TERMS))}
    counts = dict.fromkeys((*CAUSES.values(), MODEL_OR_REPAIRED), 0)
    for _ in range(RUNS):
        split = decompose(arms_of(rng, world, n, people=people))
        for term in TERMS:
            part, alike = split.parts[term], split.alike[term]
            ends[term].append((*part.interval, part.value, part.se, part.low, part.high))
            ends[f"{term} alike"].append((alike.low, alike.high))
        for term, part in split.parts.items():
            words = cause(term, part, by_people=split.by_people)["cause"]
            if words is not None:
                counts[words] += 1
    return Seen(ends=ends, named={words: count / RUNS for words, count in counts.items()})


def pairs(seed):
    """The pair of a round trip, the terms by people's translations of a sample, and both ways alike."""
    grid = "150 and 600 prompts, "
    alone, people = seen(seed, people=False), seen(seed, people=True)
    alike = [at for at in alone if WORLDS[at[0]].back == WORLDS[at[0]].damaged and at[0] in HONEST]
    rows = []
    for term in TERMS:
        told = Tally(interval=f"`unsafe_gap_{term}`", grid=f"{grid}six worlds of a round trip")
        for at, runs in alone.items():
            if at[0] in HONEST:
                _add(told, runs.ends[term], WORLDS[at[0]].truth(by_people=False)[term])
        rows.append(told.row())
        told = Tally(
            interval=f"`unsafe_gap_{term}`, by people",
            grid=f"{grid}40 % of them by people too, eight worlds of a round trip",
        )
        for at, runs in people.items():
            _add(told, runs.ends[term], WORLDS[at[0]].truth(by_people=True)[term])
        rows.append(told.row())
        told = Tally(interval=f"{term}, `alike`", grid=f"{grid}worlds where both ways err alike")
        for at in alike:
            low, high = np.array(alone[at].ends[f"{term} alike"]).T
            told.add(WORLDS[at[0]].truth(by_people=False)[term], (low, high))
        rows.append(told.row())
    return rows


def _add(tally, ends, truth):
    low, high, value, se, *_ = np.array(ends).T
    tally.add(truth, (low, high), wald(value, se))


def held(seed, world, n, *, people=False, own=False):
    """How often the model term holds the truth: as told, or its own interval without the bound."""
    low, high, _, _, own_low, own_high = np.array(
        seen(seed, people=people)[world, n].ends["model"]
    ).T
    if own:
        low, high = own_low, own_high
    truth = WORLDS[world].truth(by_people=people)["model"]
    return float(((low - 1e-12 <= truth) & (truth <= high + 1e-12)).mean())
