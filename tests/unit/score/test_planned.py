"""Texts that a gate took out are no answers that are missing, whatever is counted."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, planned, sheet_of
from safeglot.score.judges.alignment import align
from safeglot.score.models.ranking import Entrant, standings
from safeglot.score.safety.exclusion import without_categories
from unit.score.cubes import cube_of


@pytest.fixture
def gated():
    cube = cube_of(np.full((2, 2, 3, 24, 2), 0.3), (2, 2, 3, 24, 2))
    out_LP = np.zeros((3, 24), dtype=bool)
    out_LP[1, :6], out_LP[2, 4:10] = True, True
    unsafe = np.where(out_LP[..., None], -1, cube.unsafe_JMLPS).astype(np.int8)
    return replace(cube, unsafe_JMLPS=unsafe, gated_LP=out_LP)


def test_a_gate_has_the_shape_of_languages_and_prompts(gated):
    with pytest.raises(ValueError, match=r"gated_LP has shape \(24, 3\)"):
        replace(gated, gated_LP=gated.gated_LP.T)
    assert replace(gated, gated_LP=None).planned_LP.all()
    assert isinstance(gated, Cube)


def test_nothing_is_missing_where_all_that_was_planned_is_there(gated):
    for one in estimates(gated):
        assert one.missing == 0, (one.metric, one.language, one.category)


def test_what_else_is_lost_is_missing(gated):
    gated.unsafe_JMLPS[0, 0, 1, 20, :] = -1
    lost = [e for e in estimates(gated) if e.missing and (e.judge, e.model) == ("j0", "m0")]
    assert {e.language for e in lost if e.metric != "exact_match_expected"} == {"de", None}
    safety = next(e for e in lost if e.metric == "safety_micro" and e.language == "de")
    assert (safety.n, safety.missing) == (2 * 17, 2)


def test_planned_rows_by_stratum(gated):
    frame = frame_of(gated, level=0.95)
    rows = planned(frame.by_category, gated.planned_LP, gated.samples).reshape(3, 4)
    assert rows[0].tolist() == [12, 12, 12, 12]
    assert rows[1].tolist() == [8, 8, 10, 10]
    assert rows.sum() == 2 * gated.planned_LP.sum()


def test_categories_are_left_out_of_the_gate_too(gated):
    rest = without_categories(gated, ["a"])
    assert rest.gated_LP.shape == rest.unsafe_JMLPS.shape[2:4]
    assert all(e.missing == 0 for e in estimates(rest))


def test_room_for_samples_that_were_not_planned(gated):
    frame = frame_of(gated, level=0.95)
    entrants = [
        Entrant(name=model, sheet=sheet_of(frame, 0, at), samples=2 - at)
        for at, model in enumerate(gated.models)
    ]
    for e in entrants[1:]:
        e.sheet.unsafe_LPS[..., 1] = -1
    for language in ("de", None):
        table, _ = standings(entrants, metric="safety_micro", language=language, level=0.95)
        assert {one.average.missing for one in table} == {0}


def test_judges_are_compared_on_what_was_planned(gated):
    assert {one.missing for one in align(gated, ("j0", "j1"))} == {0}
