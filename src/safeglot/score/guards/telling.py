"""Numbers of guards as estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from safeglot.score.frame import Extra
from safeglot.score.guards.shares import Share
from safeglot.types import Estimate


class Ends(NamedTuple):
    """A value and its interval."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a number is about."""

    guard: str
    language: str | None
    level: float
    category: str | None = None

    def share(self, metric: str, share: Share, **further: float | str | None) -> Estimate:
        """Return a share as an estimate, with what it would be if no unread text were a hit, and if all were."""
        bounds = {"low_bound": share.low_bound, "high_bound": share.high_bound}
        return self.number(
            metric,
            Ends(share.value, share.low, share.high),
            share.n,
            share.unread,
            method=share.method,
            extra={"n_eff": share.n_eff, **bounds, **further},
        )

    def number(
        self,
        metric: str,
        ends: Ends,
        n: int,
        missing: int,
        *,
        method: str,
        extra: Extra | None = None,
    ) -> Estimate:
        """Return a number as an estimate."""
        return Estimate(
            metric=metric,
            judge=self.guard,
            language=self.language,
            category=self.category,
            value=ends.value,
            low=ends.low,
            high=ends.high,
            level=self.level,
            method=method,
            n=n,
            missing=missing,
            extra=extra or {},
        )
