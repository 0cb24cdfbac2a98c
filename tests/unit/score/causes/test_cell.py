import numpy as np
import pytest

from safeglot.score.causes.cell import known, mean_of, nothing, paired, rate_of
from unit.score.causes.cells import cell


def test_rates_are_means_over_what_was_read():
    unsafe = np.array([[1, 0, -1], [-1, -1, -1], [1, 1, 1]], dtype=np.int8)
    assert rate_of(unsafe) == pytest.approx([0.5, np.nan, 1.0], nan_ok=True)
    assert np.isnan(known(unsafe)).sum() == 4


def test_tables_of_translators_are_averaged_by_prompt_and_sample():
    one, other = np.array([[1], [0], [-1]]), np.array([[0], [-1], [-1]])
    assert mean_of([one, other], one)[:, 0] == pytest.approx([0.5, 0.0, np.nan], nan_ok=True)
    assert np.isnan(mean_of([], one)).all()


def test_pairs_are_of_the_same_answers():
    a, b = np.array([[1.0, 0.0]]), np.array([[np.nan, 1.0]])
    assert [one.tolist() for one in paired(a, b)] == [[0.0], [1.0]]


def test_what_cannot_be_had_says_why():
    row = nothing(cell(), "unsafe_gap_model", "no arm", 7)
    assert (row.metric, row.value, row.level, row.method, row.missing) == (
        "unsafe_gap_model", None, None, "no arm", 7,
    )  # fmt: skip
