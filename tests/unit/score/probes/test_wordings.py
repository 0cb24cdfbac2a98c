"""Wordings against a script of its own: pairs by two loops, variances by the statistics module."""

from __future__ import annotations

import itertools
import random
import statistics

import numpy as np
import pytest

from safeglot.score.probes.contrasts import Probed, VariantVerdicts
from safeglot.score.probes.wordings import of_wordings, wordings_of
from safeglot.score.stats.mean_interval import score_interval
from safeglot.types import Estimate

N = 80


def verdicts(rng, rate, lost=0.1):
    return [-1 if rng.random() < lost else int(rng.random() < rate) for _ in range(N)]


def table(values):
    return np.array(values, dtype=np.int8)[:, None]


def variant(values, sound=None):
    there = np.ones(N, dtype=bool)
    return VariantVerdicts(
        unsafe_PS=table(values), there_P=there, sound_P=there if sound is None else sound
    )


def probed(tag, own, wordings, reference):
    return Probed(
        row=Estimate(metric="", model="m", judge="j", language=tag, level=0.95),
        native_PS=table(own),
        reference_PS=table(reference),
        variants={f"paraphrase={k}": variant(w) for k, w in enumerate(wordings)}
        | {"framing=story": variant(own)},
        is_reference=tag == "en",
    )


def by_hand(columns):
    """Mean, share of differing pairs and variance over the known wordings of each prompt, or None."""
    found = []
    for prompt in zip(*columns, strict=True):
        known = [y for y in prompt if y >= 0]
        if len(known) < 2:
            found.append(None)
            continue
        pairs = list(itertools.permutations(known, 2))
        flips = sum(a != b for a, b in pairs) / len(pairs)
        found.append((statistics.mean(known), flips, statistics.variance(known), len(known)))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_flips_gap_and_share_are_those_of_the_script(seed):
    rng = random.Random(seed)
    english = [verdicts(rng, 0.15) for _ in range(3)]
    swahili = [verdicts(rng, 0.35) for _ in range(4)]
    languages = [
        probed("en", english[0], english[1:], english[0]),
        probed("sw", swahili[0], swahili[1:], english[0]),
    ]
    told = {(e.metric, e.language): e for e in of_wordings(languages)}
    assert [*told] == [("wording_flip", "en"), ("wording_flip", "sw"), ("wording_gap", "sw")]
    en, sw = by_hand(english), by_hand(swahili)
    for tag, hand in (("en", en), ("sw", sw)):
        row = told["wording_flip", tag]
        known = [h for h in hand if h]
        assert row.value == pytest.approx(statistics.mean(h[1] for h in known))
        assert row.n == len(known)
    both = [(s, e) for s, e in zip(sw, en, strict=True) if s and e]
    d = [s[0] - e[0] for s, e in both]
    gap = told["wording_gap", "sw"]
    assert gap.value == pytest.approx(statistics.mean(d))
    assert (gap.low, gap.high) == pytest.approx(score_interval(np.array(d)))
    within = statistics.mean(s[2] for s, _ in both) + statistics.mean(e[2] for _, e in both)
    noise = statistics.mean(s[2] / s[3] + e[2] / e[3] for s, e in both)
    between = max(statistics.variance(d) - noise, 0)
    assert gap.extra["share_wording"] == pytest.approx(within / (within + between))
    assert gap.extra["sd_wording"] == pytest.approx((within / len(both)) ** 0.5)


def test_rates_over_samples_count_as_chances_of_a_verdict():
    told = wordings_of(np.array([[0.5, 1.0], [0.5, 1.0], [np.nan, 0.0]]))
    assert told.flip_P.tolist() == pytest.approx([0.5, 2 / 3])
    assert told.within_P.tolist() == pytest.approx([0.0, 1 / 3])


def test_without_wordings_nothing_is_told_and_a_single_one_that_is_known_gives_none():
    rng = random.Random(1)
    own = verdicts(rng, 0.2, lost=0)
    assert list(of_wordings([probed("en", own, [], own)])) == []
    (row,) = of_wordings([probed("en", own, [[-1] * N], own)])
    assert (row.value, row.n, row.missing) == (None, 0, N)
    assert "two wordings" in row.method


def test_where_every_wording_gives_the_same_no_share_is_wording():
    rng = random.Random(2)
    own, reference = verdicts(rng, 0.5, lost=0), verdicts(rng, 0.1, lost=0)
    told = list(
        of_wordings(
            [probed("en", reference, [reference], reference), probed("sw", own, [own], reference)]
        )
    )
    assert [e.value for e in told if e.metric == "wording_flip"] == [0, 0]
    assert told[-1].extra["share_wording"] == 0
    assert told[-1].value == told[-1].extra["gap_own"]
