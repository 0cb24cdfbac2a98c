"""The interval of the token premium, over worlds where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from safeglot.score.answers.premium import token_premiums
from safeglot.types import Estimate

pytestmark = pytest.mark.simulation
ROW = Estimate(metric="", model="m", level=0.95)


def held(n, premium, spread, runs=2000):
    """Share of worlds whose interval holds the premium: lengths are log-normal, premiums too, by request."""
    rng = np.random.default_rng([2026, n, round(10 * premium), round(10 * spread)])
    seen = []
    for _ in range(runs):
        en = rng.lognormal(3, 0.5, n)
        of = premium * rng.lognormal(-(spread**2) / 2, spread, n)
        tokens = np.round([en + 10, en * of + 10])
        (row,) = token_premiums(tokens, ("en", "sw"), reference="en", row=ROW)
        mean = np.exp(3 + 0.5**2 / 2)
        seen.append(row.low <= (premium * mean + 10) / (mean + 10) <= row.high)
    return float(np.mean(seen))


@pytest.mark.parametrize("n", [20, 60, 400])
@pytest.mark.parametrize(("premium", "spread"), [(1.2, 0.2), (2.5, 0.3), (8.0, 0.3)])
def test_the_interval_holds_the_premium(n, premium, spread):
    assert held(n, premium, spread) >= 0.92
