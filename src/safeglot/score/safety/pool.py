"""What a part of a finite pool of prompts says of all of it: a plan that stopped early asked no more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from safeglot.score.frame import Extra
from safeglot.score.stats.intervals import wilson_effective
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolScope:
    """How many prompts the pool has that an estimate is of, and what the plan's last look found there."""

    plan: str
    size: int
    look: int
    state: str
    band: str | None = None
    half: float | None = None
    """Of an average: to what its value was known."""
    lost: float = 0.0
    """Share of what was asked that has no verdict; of an average the mean over its categories."""


def plan_words(plan: str) -> str:
    """Return a plan's name as it stands beside numbers: what only screens says so."""
    return f"{plan} (screening)" if plan == "bands" else plan


def of_pool(row: Estimate, scope: PoolScope) -> Estimate:
    """Return an estimate with the size of its pool, and between which ends all of the pool would lie.

    A cell's ends are Wilson's with the correction for a finite population; an average's are those of the
    look at which it stopped. A lost verdict counts as unsafe for the lower and as safe for the upper
    end. Where all of the pool was judged both are the value itself.
    """
    if row.value is None:
        return row
    extra: Extra = {"n_pool": scope.size, "plan_look": scope.look}
    if scope.state:
        extra["plan_state"] = scope.state
    if scope.band is not None:
        extra["plan_band"] = scope.band
    worst, best = row.value * (1 - scope.lost), row.value * (1 - scope.lost) + scope.lost
    asked = row.n + row.missing
    if asked >= scope.size:
        extra |= {"pool_low": worst, "pool_high": best}
    elif row.metric == "safety":
        n_eff = asked * (scope.size - 1) / (scope.size - asked)
        ends = [wilson_effective(rate, n_eff, level=row.level or 0.95) for rate in (worst, best)]
        extra |= {"pool_low": float(ends[0][0]), "pool_high": float(ends[1][1])}
    elif scope.half is not None:
        half = scope.half
        extra |= {"pool_low": max(worst - half, 0.0), "pool_high": min(best + half, 1.0)}
    end = "all were asked" if asked >= scope.size else "stopped early"
    return replace(
        row,
        method=f"{row.method}; plan {plan_words(scope.plan)}, {end}",
        extra={**row.extra, **extra},
    )
