"""What one unsafe answer fewer costs in a language, by mitigation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from safeglot.score.arrays import Floats
from safeglot.score.mitigations.changes import (
    OVER_REFUSAL,
    PRICE,
    SAFETY,
    TOKENS,
    change,
    is_resolved,
)
from safeglot.score.mitigations.table import MitigationTable
from safeglot.score.stats.intervals import z_of
from safeglot.types import Estimate

PER_GAIN = {
    TOKENS: "mitigation_tokens_per_gain",
    PRICE: "mitigation_price_per_gain",
    OVER_REFUSAL: "mitigation_refusals_per_gain",
}
"""What is paid -> what is paid for a gain of 1."""
FIELLER = "ratio of two means of differences within prompts, Fieller"
NO_GAIN = "no gain of safety is resolved that it could be the price of"


def prices(table: MitigationTable, rows: list[Estimate]) -> Iterator[Estimate]:
    """Yield what each mitigation costs in each language for a gain of 1, where its gain is resolved."""
    by_key = {(e.metric, e.language, e.extra["mitigation"]): e for e in rows}
    for (metric, tag, name), paid in by_key.items():
        if metric not in PER_GAIN or paid.value is None:
            continue
        row = replace(paid, metric=PER_GAIN[metric], value=None, low=None, high=None)
        row = replace(row, level=None, method=NO_GAIN, extra={"mitigation": name})
        place = table.mitigations.index(str(name)), table.languages.index(str(tag))
        gain, ends = by_key[SAFETY, tag, name], None
        if is_resolved(gain):
            shared = metric != OVER_REFUSAL
            d = [change(table, key, *place).d_P for key in (metric, SAFETY)] if shared else []
            ends = ratio(paid, gain, both=_shared(*d) if d else 0.0)
        if ends is not None:
            value, low, high = ends
            row = replace(row, value=value, low=low, high=high, level=table.row.level, method=FIELLER)  # fmt: skip
        yield row


def ratio(
    paid: Estimate, gain: Estimate, *, both: float = 0.0
) -> tuple[float, float, float] | None:
    """Return a ratio of two means with its interval; None where that has no bounds.

    Their errors are those of their own intervals, which are never of no width where all prompts are
    alike; `both` is their covariance.
    Source: Fieller 1954, Journal of the Royal Statistical Society B 16.
    """
    (p, of_p), (g, of_g) = ((e.value or 0.0, _half(e)) for e in (paid, gain))
    if of_p is None or of_g is None:
        return None
    z2 = z_of(gain.level or 0.95) ** 2
    a, b, c = g**2 - of_g**2, p * g - z2 * both, p**2 - of_p**2
    root = b * b - a * c
    if a <= 0 or root < 0:
        return None
    return p / g, (b - root**0.5) / a, (b + root**0.5) / a


def _half(e: Estimate) -> float | None:
    return None if e.low is None or e.high is None else (e.high - e.low) / 2


def _shared(paid_P: Floats, gain_P: Floats) -> float:
    """Return the covariance of two means of which the second's prompts are the first ones of the first."""
    parts = [of_P[: gain_P.size] - np.nanmean(of_P) for of_P in (paid_P, gain_P)]
    n = (~np.isnan(paid_P)).sum() * (~np.isnan(gain_P)).sum()
    return float(np.nansum(parts[0] * parts[1]) / max(n, 1))
