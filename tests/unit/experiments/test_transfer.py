"""Transfer as a table of a run."""

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.transfer import transfer
from unit.experiments.made import column, run_in

VERDICTS = np.zeros((1, 1, 2, 12), dtype=int)
VERDICTS[0, 0, 0, :2] = 1  # English is unsafe on one of each category
VERDICTS[0, 0, 1, ::2] = 1  # German on all of category a


def test_rows_are_all_then_each_kind_of_harm(tmp_path):
    (table,) = transfer([run_in(tmp_path / "run", VERDICTS)])
    assert table.title == "m, judged by j: from en"
    assert column(table, "harm") == ["all", "a", "b"]
    assert column(table, "safe, if safe in en") == [0.5, 0.0, 1.0]
    assert column(table, "n") == [10, 5, 5]
    assert column(table, "if unrelated") == [0.5, 0.0, 1.0]
    assert column(table, "safe, if unsafe in en") == [0.5, 0.0, 1.0]


def test_one_language_has_nowhere_to_carry_over(tmp_path):
    with pytest.raises(UsageError, match="this run has one language"):
        transfer([run_in(tmp_path / "run", VERDICTS[:, :, :1])])
