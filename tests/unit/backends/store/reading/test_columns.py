from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from example.answers import GUARD, WILD, answered_run, kind_of
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.arrays import found
from safeglot.backends.store.reading.columns import INVALID, _numbers, read_columns
from safeglot.backends.store.store import Store
from safeglot.score.answers import classes
from safeglot.types import OUTCOME_KINDS

N = 12


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return answered_run(tmp_path_factory.mktemp("columns") / "run", N)


@pytest.fixture
def columns(run):
    store = Store(run.database, read_only=True)
    told = []
    made = read_columns(store, run.read_manifest(), lambda done, of: told.append((done, of)))
    store.close()
    assert told[-1] == (3 * N, 3 * N)
    return made


def test_each_planned_request_is_a_row(columns):
    assert len(columns) == 3 * N
    assert columns.judges == (GUARD, WILD)
    ends = Counter(OUTCOME_KINDS[code] for code in columns.outcome_N)
    assert ends == {"answered": 3 * N - 2, "blocked": 2}
    assert (columns.response_N == 0).sum() == 2


def test_rows_say_what_the_database_holds(columns):
    for row in range(len(columns)):
        i = int(columns.prompts[columns.prompt_N[row]].id[1:])
        kind = kind_of(i, columns.languages[columns.language_N[row]])
        unsafe = {"unsafe": 1, "unread": -1, "blocked": -1}.get(kind, 0)
        assert columns.unsafe_JN[:, row].tolist() == [unsafe, min(unsafe, 0)]
        refusal = {"unread": -1, "blocked": -1, "refused": 1}.get(kind, 0)
        assert columns.refusal_JN[0, row] == refusal
        assert INVALID[columns.invalid_N[row]] == ("INV-lang" if kind == "unusable" else "")


def test_a_row_is_found_by_what_it_is_of(columns):
    for row in (0, 17, 35):
        assert columns.find(int(columns.text_N[row]), 0, 0) == row
    assert columns.find(10**12, 0, 0) == -1


def test_an_answer_stands_before_the_failure_of_an_earlier_try(run, tmp_path):
    store = Store(run.database)
    text, step = next(store.rows("SELECT work, (SELECT MIN(id) FROM steps) FROM failures"))
    store.write("replies", [(500, None, "[answer]", "stop", 3, 3, None, "", None, "", 0)])
    store.write("responses", [(500, text, step, 0, 500, None)])
    columns = read_columns(store, run.read_manifest(), lambda *_: None)
    store.write("forgotten_responses", [(500,)])
    store.close()
    assert len(columns) == 3 * N
    assert columns.response_N[columns.find(text, 0, 0)] == 500


def test_what_the_plan_does_not_name_is_left_out(run):
    store = Store(run.database)
    step = store.step("generate", "vllm/stranger", "k")
    store.write("responses", [(600, 1, step, 0, 1, None), (601, 999, 1, 0, 1, None)])
    columns = read_columns(store, RunDir(run.path).read_manifest(), lambda *_: None)
    store.write("forgotten_responses", [(600,), (601,)])
    store.close()
    assert len(columns) == 3 * N


def test_a_run_that_is_read_in_parts_is_the_same(run, columns, monkeypatch):
    monkeypatch.setattr("safeglot.backends.store.reading.columns.PART", 5)
    store = Store(run.database, read_only=True)
    parts = read_columns(store, run.read_manifest(), lambda *_: None)
    store.close()
    for name in columns.__slots__:
        one, other = getattr(parts, name), getattr(columns, name)
        assert np.array_equal(one, other) if name.endswith("N") else one == other, name


@pytest.mark.parametrize("row", [(2, "1,2.5"), (2, "1,x"), (2, "1"), (1, None)])
def test_what_is_no_whole_number_is_refused(row):
    with pytest.raises(ValueError, match=r"number|data"):
        _numbers(row)


def test_places_among_sorted_numbers():
    assert found(np.array([2, 5, 9]), np.array([9, 1, 5, 10])).tolist() == [2, -1, 1, -1]
    assert found(np.empty(0, dtype=np.int64), np.array([3])).tolist() == [-1]


def test_the_codes_of_the_checks_are_those_of_the_results():
    assert INVALID[1:] == classes.INVALID
