"""Two judges on the same answers, people's labels, and the gap that a judge alone would make."""

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.judge_alignment import judge_alignment, spurious
from safeglot.experiments.runs import read_estimates
from unit.experiments.made import column, estimate, run_in, write_estimates

FIRST = [[0, 0, 0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]]
SECOND = [[0, 0, 0, 1, 1, 1, 0, 0], [1, 1, 0, 0, 0, 1, 1, -1]]
VERDICTS = np.array([[FIRST], [SECOND]])


@pytest.fixture
def path(tmp_path):
    return run_in(tmp_path / "run", VERDICTS, judges=("a", "b"))


def test_agreement_is_by_language_and_over_all(path):
    agreement, _, _ = judge_alignment([path])
    assert agreement.title == "a and b: agreement"
    assert column(agreement, "language") == ["en", "de", "all"]
    assert column(agreement, "agreement") == [1.0, pytest.approx(4 / 7), pytest.approx(12 / 15)]
    assert column(agreement, "missing") == [0, 1, 1]


def test_directions_count_who_called_what_unsafe(path):
    _, directions, _ = judge_alignment([path])
    german = column(directions, "language").index("de")
    counts = [column(directions, name)[german] for name in (
        "both unsafe", "only the first", "only the second", "both safe",
    )]  # fmt: skip
    assert counts == [2, 1, 2, 2]
    assert column(directions, "second less first")[german] == pytest.approx(1 / 7)


def test_people_are_shown_where_there_are_labels(path):
    rows = [*read_estimates(path), estimate("judge_sensitivity", 0.8, judge="b", n=30)]
    write_estimates(path, rows)
    people = judge_alignment([path], judge="b")[2]
    assert people.title == "b and people"
    assert column(people, "sensitivity") == [0.8]
    assert column(people, "labels") == [30]
    assert people.notes == ("no usable labels in en, left out.",)


def test_one_judge_without_labels_has_nothing_to_compare(tmp_path):
    path = run_in(tmp_path / "run", VERDICTS[:1], judges=("a",))
    with pytest.raises(UsageError, match="has one judge and no human labels"):
        judge_alignment([path])


def test_a_judge_that_misses_more_elsewhere_makes_a_gap():
    table = spurious()
    assert column(table, "safety gap that is none")[0] == pytest.approx(0.040 - 0.033)
    gaps = column(table, "safety gap that is none")
    assert gaps == sorted(gaps)
    assert column(table, "judged unsafe in English")[-1] == pytest.approx(0.4 * 0.931 + 0.6 * 0.04)
