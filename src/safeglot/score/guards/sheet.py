"""Labelled texts with the verdicts of guards on them, in columns; N texts, G guards, L languages, P prompts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from safeglot.score.arrays import Bools, Bytes, Floats, Ints
from safeglot.score.frame import rows_of
from safeglot.score.stats.effective import Mean, mean_rate
from safeglot.score.stats.linear import Layout

UNSAFE, SAFE, NONE = 1, 0, -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GuardSheet:
    """One row a text. `label_N` and `unsafe_GN` are 1, 0, or -1 where there is no label or verdict.

    `prompt_N` numbers the ids: texts of one id are translations, or answers to one prompt. `half_N`
    says in which half an id is by its hash. `variant_N` goes into `variants`, whose first, "", is the
    text as it came; `text_N` is one number for a text and its variants. `unmade` says by language and
    variant why texts have none, and how many.
    """

    guards: tuple[str, ...]
    languages: tuple[str, ...]
    reference: str
    categories: tuple[str, ...]
    variants: tuple[str, ...] = ("",)
    label_N: Bytes
    language_N: Ints
    prompt_N: Ints
    category_N: Ints
    half_N: Ints
    variant_N: Ints
    text_N: Ints
    unmade: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unsafe_GN: Bytes
    p_GN: Floats
    """NaN where a verdict has none."""

    @property
    def main_N(self) -> Bools:
        """Whether each row is a text as it came."""
        return np.asarray(self.variant_N == 0, dtype=np.bool_)

    @property
    def others(self) -> tuple[tuple[int, str], ...]:
        """The languages other than the reference, with their places."""
        return tuple((i, tag) for i, tag in enumerate(self.languages) if tag != self.reference)

    def of(self, language: int, label: int, *, variant: int = 0) -> Bools:
        """Return which rows are texts of a language with a label, of one variant."""
        own_N = (self.language_N == language) & (self.label_N == label)
        return np.asarray(own_N & (self.variant_N == variant), dtype=np.bool_)


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


def share_of(hit_N: Bools, read_N: Bools, prompt_N: Ints, *, level: float) -> Share:
    """Return how many texts are hits, with Wilson's interval on what prompts are worth; shapes (N,).

    The bounds take what was not read for no hit, and for a hit.
    Source: Wilson 1927; Miller 2024, arXiv 2411.00640.
    """
    n, whole, hits = int(read_N.sum()), int(read_N.size), int(hit_N[read_N].sum())
    if not n:
        low, high = (0.0, 1.0) if whole else (None, None)
        return Share(value=None, low=None, high=None, n=0, unread=whole, n_eff=0.0, low_bound=low, high_bound=high)  # fmt: skip
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
