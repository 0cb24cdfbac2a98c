"""The share of some texts that are hits, with what was not read; shapes (N,), texts of one prompt go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Bools, Ints
from safeglot.score.frame import rows_of
from safeglot.score.stats.effective import Mean, mean_rate
from safeglot.score.stats.linear import Layout

WILSON = "Wilson; on n_eff where texts share prompts"
NO_TEXTS = "no text with that label was read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of the texts that were read; `unread` are the others, of which nothing is known."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    unread: int
    n_eff: float
    low_bound: float | None
    high_bound: float | None
    method: str = WILSON


def share_of(hit_N: Bools, read_N: Bools, prompt_N: Ints, *, level: float) -> Share:
    """Return how many texts are hits, with Wilson's interval on what prompts are worth; shapes (N,).

    The bounds take what was not read for no hit, and for a hit.
    Source: Wilson 1927; Miller 2024, arXiv 2411.00640.
    """
    n, whole, hits = int(read_N.sum()), int(read_N.size), int(hit_N[read_N].sum())
    if not n:
        low, high = (0.0, 1.0) if whole else (None, None)
        return Share(value=None, low=None, high=None, n=0, unread=whole, n_eff=0.0, low_bound=low, high_bound=high, method=NO_TEXTS)  # fmt: skip
    mean = clustered_share(hit_N[read_N], prompt_N[read_N], level=level)
    return Share(
        value=hits / n,
        low=mean.low,
        high=mean.high,
        n=n,
        unread=whole - n,
        n_eff=mean.n_eff,
        low_bound=hits / whole,
        high_bound=(hits + whole - n) / whole,
    )


def clustered_share(hit_N: Bools, prompt_N: Ints, *, level: float) -> Mean:
    """Return the share of hits over rows that share prompts; shapes (N,), not empty."""
    _, at_N = np.unique(prompt_N, return_inverse=True)
    n_P = np.bincount(at_N)
    hits_P = np.bincount(at_N, hit_N).astype(np.int64)
    places_P = np.arange(n_P.size)
    layout = Layout(
        prompt_E=places_P, stratum_E=np.zeros_like(places_P), n_prompts=n_P.size, n_strata=1
    )
    rows = rows_of(layout, n_P[None], hits_P[None], hits_P[None])
    return mean_rate(layout, rows, np.ones(1), level=level)
