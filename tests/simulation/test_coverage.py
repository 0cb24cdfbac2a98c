"""Intervals hold the truth as often as they say; docs/explanation/intervals.md tells what is promised."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

from reference.intervals import clopper_pearson
from safeglot.score.stats.intervals import jeffreys, wilson
from simulation import coverage
from simulation.measured import LEVEL, table

pytestmark = pytest.mark.simulation

FLOORS = {"Wilson": 0.83, "Jeffreys": 0.86, "Clopper-Pearson": LEVEL, "Clopper-Pearson, one-sided": LEVEL}  # fmt: skip
"""What no single rate may go below; 0.85 for all else, where runs at one point are few."""


@pytest.fixture(scope="session")
def measured():
    found = {}

    def of(simulate):
        if simulate not in found:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found[simulate] = simulate(coverage.SIMULATIONS[simulate])
        return found[simulate]

    return of


EACH = [
    pytest.param(simulate, id=f"{simulate.__module__.rpartition('.')[2]}-{simulate.__name__}")
    for simulate in coverage.SIMULATIONS
]


@pytest.mark.parametrize("simulate", EACH)
def test_intervals_hold_the_truth_as_often_as_they_say(simulate, measured):
    short = {
        row.interval: f"{row.mean:.3f} of {row.runs} runs, error {row.error:.4f}"
        for row in measured(simulate)
        if row.falls_short()
    }
    assert short == {}


@pytest.mark.parametrize("simulate", EACH)
def test_no_point_of_a_grid_is_left_bare(simulate, measured):
    bare = {
        row.interval: row.least
        for row in measured(simulate)
        if row.least < FLOORS.get(row.interval, 0.85) - 3 * row.least_error
    }
    assert bare == {}


@pytest.mark.parametrize("simulate", EACH)
def test_the_page_tells_what_was_measured(simulate, measured):
    _, told, _ = coverage.split(coverage.PAGE.read_text("utf-8"))
    shown = {tuple(cells[:2]): cells for cells in map(_cells, told.splitlines()[2:])}
    for line, row in zip(
        table(measured(simulate)).splitlines()[2:], measured(simulate), strict=True
    ):
        fresh = _cells(line)
        old = shown.get(tuple(fresh[:2]))
        assert old, f"not in the page: {row.interval}; run python -m simulation.coverage"
        assert float(old[3]) == pytest.approx(float(fresh[3]), abs=1.0)


def _cells(line):
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_wald_is_why_the_others_are_there(measured):
    for simulate in (coverage.shares.proportions, coverage.shares.paired):
        for row in measured(simulate):
            assert row.naive < 0.8
            assert row.least_naive < 0.2


@pytest.mark.parametrize(("interval", "floor"), [(wilson, 0.83), (jeffreys, 0.86), (clopper_pearson, LEVEL)])  # fmt: skip
def test_floors_by_counting_every_outcome(interval, floor):
    unsafe = np.concatenate([np.geomspace(1e-4, 0.5, 800), np.linspace(0.0005, 0.5, 800)])
    for n in (5, 10, 30, 100, 300, 1000):
        safe = np.arange(n + 1)
        low, high = interval(safe, n)
        holds = (low <= 1 - unsafe[:, None]) & (1 - unsafe[:, None] <= high)
        covered = (stats.binom.pmf(safe, n, 1 - unsafe[:, None]) * holds).sum(axis=1)
        assert covered.min() >= floor - 1e-9
        assert covered[800:].mean() >= LEVEL - 1e-4  # over rates of equal weight
