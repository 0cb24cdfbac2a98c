"""How often intervals hold the truth, counted over invented runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

LEVEL = 0.95
Z = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: an interval, over a grid of points each with as many runs."""

    interval: str
    grid: str
    runs: int
    mean: float
    error: float
    """Monte Carlo standard error of `mean`: runs are independent, what is in one run is not."""
    least: float
    least_error: float
    naive: float | None
    least_naive: float | None
    width: float | None
    """Mean length of the interval, None for several at once."""

    def falls_short(self):
        """Whether the mean lies more than 3 Monte Carlo standard errors under the level."""
        return self.mean < LEVEL - 3 * self.error


@dataclass(kw_only=True)
class Tally:
    """What was counted for one interval: a list of points, each (runs,) shares of intervals held."""

    interval: str
    grid: str
    several: bool = False
    """Whether what is counted are several intervals at once."""
    held: list = field(default_factory=list)
    naive: list = field(default_factory=list)
    widths: list = field(default_factory=list)

    def add(self, truth, interval, naive=None):
        """Count one point; low, high and truth are (runs,) or (runs, cells)."""
        low, high = (np.asarray(x, dtype=float) for x in interval)
        self.held.append(_by_run(_holds(truth, (low, high))))
        self.widths.append(float(np.mean(high - low)))
        if naive is not None:
            self.naive.append(_by_run(_holds(truth, naive)))

    def row(self):
        means = np.array([held.mean() for held in self.held])
        errors = np.array([held.std(ddof=1) / np.sqrt(held.size) for held in self.held])
        at = int(np.argmin(means))
        naive = [held.mean() for held in self.naive]
        return Row(
            interval=self.interval,
            grid=self.grid,
            runs=sum(held.size for held in self.held),
            mean=float(means.mean()),
            error=float(np.sqrt(np.sum(errors**2)) / len(errors)),
            least=float(means[at]),
            least_error=float(errors[at]),
            naive=float(np.mean(naive)) if naive else None,
            least_naive=float(np.min(naive)) if naive else None,
            width=None if self.several else float(np.mean(self.widths)),
        )


def _holds(truth, interval):
    slack = 1e-12
    return (np.asarray(interval[0]) <= truth + slack) & (truth - slack <= np.asarray(interval[1]))


def _by_run(held):
    held = np.asarray(held, dtype=float)
    return held if held.ndim == 1 else held.reshape(held.shape[0], -1).mean(axis=1)


def wald(value, se):
    """The textbook interval: value -/+ 1.96 standard errors."""
    return np.asarray(value) - Z * np.asarray(se), np.asarray(value) + Z * np.asarray(se)


def wald_share(p, n):
    return wald(p, np.sqrt(p * (1 - p) / n))


HEAD = (
    "interval", "where", "runs", "held, mean", "held, least", "Wald, mean", "Wald, least", "length",
)  # fmt: skip


def table(rows: Iterable[Row]) -> str:
    lines = [HEAD, ["---"] * len(HEAD), *(_cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cells(row: Row) -> Sequence[str]:
    shares = (row.mean, row.least, row.naive, row.least_naive)
    told = ["" if x is None else f"{100 * x:.1f}" for x in shares]
    width = "" if row.width is None else f"{100 * row.width:.1f}"
    return [row.interval, row.grid, str(row.runs), *told, width]
