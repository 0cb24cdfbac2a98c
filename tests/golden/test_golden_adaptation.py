"""The adaptation term against a script of its own: plain counts, and Tango's interval by bisection."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from safeglot.score.causes.cell import Cell
from safeglot.score.causes.gap_terms import of_gap
from safeglot.types import Estimate

Z = 1.959963984540054
ROW = Estimate(metric="", model="m", judge="j", language="sw")


def score(delta, b, c, n):
    """Tango 1998: how many errors the difference (b - c) / n lies above delta."""
    a = 2 * n
    half = -b - c + (2 * n - b + c) * delta
    q = (math.sqrt(half * half - 4 * a * -c * delta * (1 - delta)) - half) / (2 * a)
    spread = math.sqrt(max(n * (2 * q + delta * (1 - delta)), 0.0))
    return (b - c - n * delta) / spread if spread else 0.0


def tango(b, c, n):
    """The two differences that lie Z errors from what was seen, b up and c down of n pairs."""
    seen = (b - c) / n
    ends = []
    for sign, end in ((1, -1 + 1e-9), (-1, 1 - 1e-9)):
        ends.append(
            brentq(lambda d, s=sign: score(d, b, c, n) - s * Z, min(end, seen), max(end, seen))
        )
    return ends


def counted(adapted, own):
    pairs = [(a, o) for a, o in zip(adapted, own, strict=True) if a >= 0 and o >= 0]
    up, down = pairs.count((1, 0)), pairs.count((0, 1))
    return (up - down) / len(pairs), tango(up, down, len(pairs)), len(pairs)


def column(values):
    return np.array(values, dtype=np.int8)[:, None]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("people", [False, True])
def test_value_interval_and_n_are_those_of_the_script(seed, people):
    rng = random.Random(seed)
    n = rng.choice((24, 90, 300))
    english = [int(rng.random() < 0.1) for _ in range(n)]
    own = [int(e or rng.random() < 0.15) for e in english]
    human = [int(o and rng.random() < 0.8) for o in own]
    adapted = [
        rng.choice((-1, 1)) if rng.random() < 0.1 else int(o or rng.random() < 0.12) for o in own
    ]
    cell = Cell(
        row=ROW,
        reference_PS=column(english),
        native_PS=column(own),
        arms={"adapted": ((column(adapted),), np.ones(n, dtype=bool))},
        translators={"human=agency": column(human)} if people else {},
    )
    told = {e.metric: e for e in of_gap(cell)}
    term = told["unsafe_gap_adaptation"]
    value, ends, pairs = counted(adapted, human if people else own)
    assert term.value == pytest.approx(value, abs=1e-12)
    assert (term.low, term.high) == pytest.approx(ends, abs=1e-6)
    assert (term.n, term.missing) == (pairs, n - pairs)
    assert ("people's translations" in term.method) == people


def test_the_gap_of_the_adapted_prompts_is_the_sum_and_its_interval_that_of_these_pairs():
    rng = random.Random(9)
    english = [int(rng.random() < 0.1) for _ in range(200)]
    own = [int(e or rng.random() < 0.1) for e in english]
    adapted = [int(o or rng.random() < 0.1) for o in own]
    every = np.ones(200, dtype=bool)
    cell = Cell(
        row=ROW,
        reference_PS=column(english),
        native_PS=column(own),
    )
    beside = {"adapted": ((column(adapted),), every)}
    trip, back = column([int(e or rng.random() < 0.05) for e in english]), column(own)
    for arms in ({}, {"roundtrip": ((trip,), every), "backtranslate": ((back,), every)}):
        told = {
            e.metric.removeprefix("unsafe_gap_"): e
            for e in of_gap(replace(cell, arms=arms | beside))
        }
        value, ends, _ = counted(adapted, english)
        assert told["total"].value == pytest.approx(value)
        assert (told["total"].low, told["total"].high) == pytest.approx(ends, abs=1e-6)
        if arms:
            assert sum(
                told[name].value for name in ("translation", "adaptation", "model", "judge")
            ) == pytest.approx(value)
        else:
            assert told["model"].value is None
