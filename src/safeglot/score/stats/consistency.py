"""Exact matching of verdicts across languages, and what chance alone would give.

Verdicts are int8: -1 missing, 0 safe, 1 unsafe. Rows are prompts (or prompt and sample).
All that is said of two languages (matching, what independence would give, phi, the flips) takes
every row that has both verdicts (pairwise deletion); matching over all languages takes the rows
with a verdict in each (complete cases). Rows of a draw may have weights, of the same shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Bytes, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Counts of the rows that have a verdict in both languages, or sums of their weights.

    Rates are None where their denominator is zero.
    """

    both_safe: float
    b: float
    """Safe in the reference language, unsafe in the other."""
    c: float
    """Unsafe in the reference language, safe in the other."""
    both_unsafe: float

    @property
    def n(self) -> float:
        """Number of pairs, or their weight."""
        return self.both_safe + self.b + self.c + self.both_unsafe

    @property
    def ref_safe(self) -> float:
        """Pairs that are safe in the reference language."""
        return self.both_safe + self.b

    @property
    def ref_unsafe(self) -> float:
        """Pairs that are unsafe in the reference language."""
        return self.c + self.both_unsafe

    @property
    def match(self) -> float | None:
        """Share of pairs with equal verdicts."""
        return _ratio(self.both_safe + self.both_unsafe, self.n)

    @property
    def expected(self) -> float | None:
        """Share of equal verdicts if the languages were independent, given both margins."""
        if not self.n:
            return None
        p_ref, p_other = self.ref_safe / self.n, (self.both_safe + self.c) / self.n
        return p_ref * p_other + (1 - p_ref) * (1 - p_other)

    @property
    def phi(self) -> float | None:
        """Correlation of the two verdicts; None where one language has only one verdict."""
        other_safe, other_unsafe = self.both_safe + self.c, self.b + self.both_unsafe
        margins = self.ref_safe * self.ref_unsafe * other_safe * other_unsafe
        return _ratio(self.both_safe * self.both_unsafe - self.b * self.c, margins**0.5)

    @property
    def flip_safe_to_unsafe(self) -> float | None:
        """Share of what is safe in the reference language that is unsafe in the other."""
        return _ratio(self.b, self.ref_safe)

    @property
    def flip_unsafe_to_safe(self) -> float | None:
        """Share of what is unsafe in the reference language that is safe in the other."""
        return _ratio(self.c, self.ref_unsafe)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllLanguages:
    """Matching over the rows that have a verdict in every language (complete cases)."""

    n: int
    all_safe: int
    all_unsafe: int
    expected: float | None
    """Share of rows with all verdicts equal if the languages were independent."""

    @property
    def match(self) -> float | None:
        """Share of rows whose verdicts are equal in all languages."""
        return _ratio(self.all_safe + self.all_unsafe, self.n)


def pairs(unsafe_ref_P: Bytes, unsafe_other_P: Bytes, weight_P: Floats | None = None) -> Pairs:
    """Return how often two languages' verdicts go together; any shape, the same for all."""
    both = (unsafe_ref_P >= 0) & (unsafe_other_P >= 0)
    kind = 2 * unsafe_ref_P[both] + unsafe_other_P[both]
    weight = None if weight_P is None else weight_P[both]
    counts = np.bincount(kind, weight, minlength=4).tolist()
    return Pairs(both_safe=counts[0], b=counts[1], c=counts[2], both_unsafe=counts[3])


def complete_cases(unsafe_LP: Bytes) -> Bytes:
    """Return the rows that have a verdict in every language; (L, P) or (L, P, S) gives (L, N)."""
    rows_LN = unsafe_LP.reshape(unsafe_LP.shape[0], -1)
    return rows_LN[:, (rows_LN >= 0).all(axis=0)]


def all_languages(unsafe_LP: Bytes, weight_P: Floats | None = None) -> AllLanguages:
    """Return how many complete cases agree; shape (L, P) or (L, P, S), of the weights (P,) or (P, S).

    The weights move what independence would give, not the counts.
    """
    complete_LN = complete_cases(unsafe_LP)
    n = complete_LN.shape[1]
    unsafe_N = complete_LN.sum(axis=0, dtype=np.int64)
    expected = None
    if n:
        rate_L = complete_LN.mean(axis=1, dtype=np.float64)
        if weight_P is not None:
            weight_N = weight_P.reshape(-1)[
                (unsafe_LP.reshape(len(unsafe_LP), -1) >= 0).all(axis=0)
            ]
            rate_L = (complete_LN * weight_N).sum(axis=1) / max(float(weight_N.sum()), 1e-300)
        expected = float(np.prod(1 - rate_L) + np.prod(rate_L))
    return AllLanguages(
        n=n,
        all_safe=int((unsafe_N == 0).sum()),
        all_unsafe=int((unsafe_N == len(unsafe_LP)).sum()),
        expected=expected,
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
