"""The part of a gap that is the norms: how often its interval holds the truth, and how often one is told of none."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.norms import LEVEL, PAIRS, RUNS, rows

pytestmark = pytest.mark.simulation

ERROR = (0.05 * 0.95 / RUNS) ** 0.5
DESIGNS = [
    {"prompts": prompts, "unsafe": unsafe, "samples": samples}
    for prompts in (60, 300)
    for unsafe in (0.1, 0.4)
    for samples in (1, 3)
]


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_a_difference_of_norms_without_one_of_the_model_is_recovered(design):
    of_B = (0.1, 0.1, 0.5, 0.3)
    truth = {"de": 0.0, "sw": 0.4 * design["unsafe"], "th": 0.2 * design["unsafe"]}
    told = [row for run in rows(11, of_B=of_B, pairs=PAIRS[2:], **design) for row in run]
    for language, value in truth.items():
        mine = [row for row in told if row.language == language]
        assert len(mine) == RUNS
        assert np.mean([row.low <= value <= row.high for row in mine]) >= 0.92
        spread = np.std([row.value for row in mine]) / RUNS**0.5
        assert abs(np.mean([row.value for row in mine]) - value) <= 3.5 * spread + 1e-12
    if design["prompts"] == 300 and design["unsafe"] == 0.4:
        sw = [row for row in told if row.language == "sw"]
        assert np.mean([row.extra["p_holm"] < 1 - LEVEL and row.value > 0 for row in sw]) > 0.9


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_where_norms_differ_alike_in_every_language_no_part_of_a_gap_is_told(design):
    told = [
        any(row.extra["p_holm"] < 1 - LEVEL for row in run)
        for run in rows(12, of_B=(0.3,) * 4, **design)
    ]
    assert np.mean(told) <= 0.05 + 2.6 * ERROR
