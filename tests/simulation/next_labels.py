"""The next ten labels: whether what is expected comes about, and what following the advice gains."""

from __future__ import annotations

import numpy as np

from safeglot.score.judges import next_labels
from safeglot.score.judges.corrected_rates import two_phase_of
from safeglot.score.judges.label_counts import Sample, counts_of
from safeglot.score.judges.next_labels import TEN, next_ten

RATES = {"en": 0.05, "de": 0.06, "sw": 0.15}
SENSITIVITY, SPECIFICITY, PROMPTS, FIRST = 0.75, 0.95, 1000, 60


class Labelled:
    """Verdicts of one language, and a simple sample of its answers that grows."""

    def __init__(self, rng, rate):
        self.unsafe = rng.random(PROMPTS) < rate
        chance = np.where(self.unsafe, SENSITIVITY, 1 - SPECIFICITY)
        self.verdict = (rng.random(PROMPTS) < chance).astype(np.int8)
        self.order = rng.permutation(PROMPTS)
        self.n = FIRST

    def counts(self):
        at = self.order[: self.n]
        zero = np.zeros(at.size, np.int64)
        return counts_of(
            Sample(
                unsafe_MPS=self.verdict[None, :, None], model_I=zero, prompt_I=at, sample_I=zero,
                human_I=self.unsafe[at].astype(float), unsure_I=zero, design="simple",
            )
        )  # fmt: skip


def _counted(world):
    return {tag: own.counts() for tag, own in world.items()}


def _world(seed):
    rng = np.random.default_rng(seed)
    return {tag: Labelled(rng, rate) for tag, rate in RATES.items()}


def expected_and_found(runs):
    """The width of sw's interval that ten more labels were expected to leave, and that they left."""
    rows = []
    for seed in range(runs):
        world = _world(seed)
        expected = next(x for x in next_ten(_counted(world), "en") if x.language == "sw")
        world["sw"].n += TEN
        found = next(x for x in next_ten(_counted(world), "en") if x.language == "sw")
        rows.append((expected.width, expected.after, found.width))
    return np.array(rows).mean(axis=0)


def advised_and_in_turn(runs, rounds=12):
    """The widest interval after so many rounds of ten labels, and how often rates are held, in both ways."""
    wide, held = [], []
    for seed in range(runs):
        row, inside = [], []
        for advised in (True, False):
            world = _world(seed)
            for turn in range(rounds):
                found = next_ten(_counted(world), "en") if advised else ()
                tag = (
                    min(found, key=lambda x: x.widest).language
                    if advised
                    else list(RATES)[turn % 3]
                )
                world[tag].n += TEN
            counts = _counted(world)
            row.append(max(x.width for x in next_ten(counts, "en")))
            rates = [(two_phase_of(c, level=0.95), RATES[tag]) for tag, c in counts.items()]
            inside.append(np.mean([r.low <= true <= r.high for r, true in rates]))
        wide.append(row)
        held.append(inside)
    return np.mean(wide, axis=0), np.mean(held, axis=0)


if __name__ == "__main__":
    print("sw now, expected, found:", expected_and_found(300).round(4))
    next_labels.DRAWS = 40
    for name, found in zip(("widest", "held"), advised_and_in_turn(200), strict=True):
        print(f"{name}, advised and in turn:", found.round(4))
