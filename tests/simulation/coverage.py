"""All simulations with their seeds; `PYTHONPATH=src:tests python -m simulation.coverage` writes the table.

The table stands in docs/explanation/intervals.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from simulation import (
    averages,
    causes,
    designs,
    labels,
    models,
    probes,
    refusals,
    roundtrips,
    shares,
)
from simulation.measured import table

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "intervals.md"
START, END = "<!-- table: tests/simulation/coverage.py -->\n", "<!-- end of table -->\n"
SIMULATIONS = {
    shares.proportions: 101,
    shares.paired: 102,
    averages.averages: 103,
    averages.shrunken: 104,
    labels.corrected: 105,
    labels.annotators: 106,
    labels.unread: 120,
    labels.repeated: 121,
    causes.terms: 107,
    causes.portions: 112,
    causes.slopes: 108,
    causes.translators: 109,
    refusals.refusals: 110,
    refusals.refusals_of_samples: 111,
    models.compared: 113,
    designs.judges: 114,
    designs.slopes: 115,
    designs.factors: 116,
    designs.sequences: 117,
    probes.probes: 118,
    probes.gates: 119,
    roundtrips.pairs: 120,
}


def split(page):
    """The page before the table, the table, and the page after it."""
    before, _, rest = page.partition(START)
    told, _, after = rest.partition(END)
    return before, told, after


def main():
    rows = [row for simulate, seed in SIMULATIONS.items() for row in simulate(seed)]
    before, _, after = split(PAGE.read_text("utf-8"))
    PAGE.write_text(f"{before}{START}{table(rows)}{END}{after}", "utf-8")
    sys.stdout.write(table(rows))


if __name__ == "__main__":
    main()
