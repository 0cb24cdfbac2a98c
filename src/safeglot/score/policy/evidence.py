"""What a run shows of shares and paired differences, side by side: tests, bounds and planning.

Everything is on a scale on which more is better. Shapes (H,), one number a cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from safeglot.score.arrays import Floats, Ints, Numbers, floats
from safeglot.score.stats.gaps import difference_low, p_of_difference
from safeglot.score.stats.intervals import exact_low, p_of_rate
from safeglot.score.stats.power import pairs_beside, prompts_beside, times_beside
from safeglot.score.stats.two_samples import p_of_rates, rates_low


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateEvidence:
    """RateEvidence of what is good, each worth `n_eff_H` independent prompts of `n_H`; exact tests."""

    value_H: Floats
    n_eff_H: Floats
    n_H: Ints

    @property
    def _good_H(self) -> Floats:
        return self.value_H * self.n_eff_H

    def p_above(self, limit: Numbers) -> Floats:
        """Return the one-sided p values of truths that are not above a limit."""
        p_H = p_of_rate(self._good_H, self.n_eff_H, limit)
        return np.where(floats(limit) <= 0, 0.0, p_H)

    def p_below(self, limit: Numbers) -> Floats:
        """Return the one-sided p values of truths that are not below a limit."""
        return p_of_rate(self.n_eff_H - self._good_H, self.n_eff_H, 1 - floats(limit))

    def low(self, alpha: Numbers) -> Floats:
        """Return the lower bounds that are wrong with a chance of alpha."""
        return exact_low(self._good_H, self.n_eff_H, alpha=alpha)

    def high(self, alpha: Numbers) -> Floats:
        """Return the upper bounds that are wrong with a chance of alpha."""
        return 1 - exact_low(self.n_eff_H - self._good_H, self.n_eff_H, alpha=alpha)

    def needed(self, h: int, limit: float, alpha: float) -> int | None:
        """Return how many prompts would tell one cell's truth from a limit, if it is as seen."""
        fewest = prompts_beside(float(self.value_H[h]), limit, alpha=alpha)
        return _scaled(fewest, float(self.n_H[h] / max(self.n_eff_H[h], 1e-9)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairEvidence:
    """Paired differences of safety; `discordant_H` is the share of pairs that differ. Exact tails."""

    value_H: Floats
    discordant_H: Floats
    n_eff_H: Floats
    n_H: Ints

    @property
    def _pairs(self) -> tuple[Floats, Floats, Floats]:
        lost_H = np.maximum(self.discordant_H - self.value_H, 0.0) / 2
        won_H = np.maximum(self.discordant_H + self.value_H, 0.0) / 2
        return lost_H * self.n_eff_H, won_H * self.n_eff_H, self.n_eff_H

    def p_above(self, limit: Numbers) -> Floats:
        """Return the one-sided p values of truths that are not above a limit."""
        p_H = p_of_difference(*self._pairs, limit)
        return np.where(floats(limit) <= -1, 0.0, p_H)

    def p_below(self, limit: Numbers) -> Floats:
        """Return the one-sided p values of truths that are not below a limit."""
        lost_H, won_H, n_H = self._pairs
        return p_of_difference(won_H, lost_H, n_H, -floats(limit))

    def low(self, alpha: Numbers) -> Floats:
        """Return the lower bounds that are wrong with a chance of alpha."""
        return difference_low(*self._pairs, alpha=alpha)

    def high(self, alpha: Numbers) -> Floats:
        """Return the upper bounds that are wrong with a chance of alpha."""
        lost_H, won_H, n_H = self._pairs
        return -difference_low(won_H, lost_H, n_H, alpha=alpha)

    def needed(self, h: int, limit: float, alpha: float) -> int | None:
        """Return how many pairs would tell one cell's truth from a limit, if it is as seen."""
        seen = float(self.value_H[h]), float(self.discordant_H[h])
        fewest = pairs_beside(*seen, limit, alpha=alpha)
        return _scaled(fewest, float(self.n_H[h] / max(self.n_eff_H[h], 1e-9)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleEvidence:
    """Differences of two rates of other prompts, each worth `n_eff_H` of them; exact bounds put together."""

    own_H: Floats
    own_n_eff_H: Floats
    other_H: Floats
    other_n_eff_H: Floats
    n_H: Ints
    other_n_H: Ints

    @property
    def value_H(self) -> Floats:
        """The own rate less the other."""
        return self.own_H - self.other_H

    @property
    def _both(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        return (self.own_H, self.own_n_eff_H), (self.other_H, self.other_n_eff_H)

    def p_above(self, limit: Numbers) -> Floats:
        """Return the one-sided p values of truths that are not above a limit."""
        return np.where(floats(limit) <= -1, 0.0, p_of_rates(*self._both, limit))

    def p_below(self, limit: Numbers) -> Floats:
        """Return the one-sided p values of truths that are not below a limit."""
        one, other = self._both
        return p_of_rates(other, one, -floats(limit))

    def low(self, alpha: Numbers) -> Floats:
        """Return the lower bounds that are wrong with a chance of alpha."""
        return rates_low(*self._both, alpha=alpha)

    def high(self, alpha: Numbers) -> Floats:
        """Return the upper bounds that are wrong with a chance of alpha."""
        one, other = self._both
        return -rates_low(other, one, alpha=alpha)

    def needed(self, h: int, limit: float, alpha: float) -> int | None:
        """Return how many prompts would tell one cell's truth from a limit, if both grow alike."""
        one, other = ((float(rate[h]), float(n[h])) for rate, n in self._both)
        times = times_beside(one, other, limit, alpha=alpha)
        return None if times is None else max(int(np.ceil(times * int(self.n_H[h]))), 1)


class Evidence(Protocol):
    """Shares or differences of the cells of a rule, with tests, bounds and planning."""

    @property
    def value_H(self) -> Floats:
        """What was seen."""

    @property
    def n_H(self) -> Ints:
        """On how many answers, pairs or labels."""

    def p_above(self, limit: Numbers) -> Floats:
        """Return the one-sided p values of truths that are not above a limit."""

    def p_below(self, limit: Numbers) -> Floats:
        """Return the one-sided p values of truths that are not below a limit."""

    def low(self, alpha: Numbers) -> Floats:
        """Return the lower bounds that are wrong with a chance of alpha."""

    def high(self, alpha: Numbers) -> Floats:
        """Return the upper bounds that are wrong with a chance of alpha."""

    def needed(self, h: int, limit: float, alpha: float) -> int | None:
        """Return how many would tell one cell's truth from a limit, None where no number does."""


def _scaled(fewest: int | None, worth: float) -> int | None:
    return None if fewest is None else int(np.ceil(fewest * max(worth, 1.0)))
