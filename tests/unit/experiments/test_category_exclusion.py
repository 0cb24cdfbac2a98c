"""Averages with and without categories, as tables of a run."""

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.category_exclusion import category_exclusion, excluded
from safeglot.experiments.runs import read_run
from unit.experiments.made import column, run_in

VERDICTS = np.zeros((1, 1, 2, 12), dtype=int)
VERDICTS[0, 0, 1, ::2] = 1  # German is unsafe on all of category a


@pytest.fixture
def path(tmp_path):
    return run_in(tmp_path / "run", VERDICTS)


def test_the_averages_change_by_what_is_left_out(path):
    rates, gaps = category_exclusion([path], exclude=("a",))
    assert rates.title == "m, judged by j: without a"
    german = column(rates, "language").index("de")
    assert column(rates, "all categories")[german] == 0.5
    assert column(rates, "without")[german] == 1.0
    assert column(rates, "change")[german] == 0.5
    assert (column(gaps, "all categories"), column(gaps, "without")) == ([-0.5], [0.0])
    assert rates.notes[-1] == "2 categories and 12 prompts; without these 1 and 6."


def test_runs_are_named_where_there_are_several(path, tmp_path):
    other = run_in(tmp_path / "other", VERDICTS)
    titles = [table.title for table in category_exclusion([path, other], exclude=("b",))]
    assert titles[0].startswith("run: m, judged by j")
    assert titles[-1] == "other: m, judged by j: without b: gaps"


@pytest.mark.parametrize(
    ("exclude", "said"),
    [
        ((), "has no category 'substance_cannabis'"),
        (("c",), "has no category 'c'. .*a, b"),
        (("a", "b"), "leaves no category"),
    ],
)
def test_what_cannot_be_left_out_is_refused(path, exclude, said):
    with pytest.raises(UsageError, match=said):
        category_exclusion([path], exclude=exclude)


def test_a_default_that_is_partly_there_is_noted(tmp_path):
    names = ("substance_cannabis", "other")
    run = read_run(run_in(tmp_path / "run", VERDICTS, categories=names))
    left_out, notes = excluded(run, ())
    assert left_out == ("substance_cannabis",)
    assert notes == ("the run has no category crime_propaganda.",)
