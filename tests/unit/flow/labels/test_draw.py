from __future__ import annotations

import csv

import pytest

from example.job import BASELINE, begun
from safeglot.errors import UsageError
from safeglot.flow.labels.draw import Wanted, sample


def drawn(run_dir, out="to-label.csv", **wanted):
    sample(run_dir, Wanted(**wanted), run_dir.path / out, again=True)
    with (run_dir.path / out).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_sample_by_verdict_has_both_verdicts_of_each_language(run):
    rows = drawn(run, labels=16, overlap=0.0)
    assert len({row["item"] for row in rows}) == len(rows) == 32
    unsafe = {f"text {i}" for i in range(0, 40, 4)}
    for tag in ("en", "de"):
        here = [row for row in rows if row["language"] == tag]
        assert {row["source"] in unsafe for row in here} == {True, False}
        assert {row["annotator"] for row in here} == {"1"}
    assert {row["answer"] for row in rows} == {"[unsafe answer]"}
    assert {row["label"] for row in rows} == {""}


def test_the_same_seed_draws_the_same_answers(run):
    items = [
        [row["item"] for row in drawn(run, f"{i}.csv", labels=8, seed=seed)]
        for i, seed in enumerate((3, 3, 4))
    ]
    assert items[0] == items[1] != items[2]


def test_a_share_is_given_to_two_annotators(run):
    rows = drawn(run, labels=10, overlap=0.5, design="simple")
    twice = [row["item"] for row in rows if row["annotator"] == "2"]
    both = {row["item"] for row in rows if row["annotator"] == "1"} & set(twice)
    assert len(both) == 10
    assert len({row["item"] for row in rows}) == 20


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"labels": 0}, "--labels: got 0"),
        ({"overlap": 1.5}, "--overlap: got 1.5"),
        ({"design": "other"}, "--design: got 'other'"),
        ({"design": "simple", "judge": BASELINE}, "--judge: a simple sample"),
        ({"judge": "other"}, "--judge: got 'other'; the judges of this run are refusal-baseline"),
    ],
)
def test_what_cannot_be_drawn_is_told(run, wanted, told):
    with pytest.raises(UsageError, match=told):
        sample(run, Wanted(**wanted), None)
    assert not (run.path / "to-label.csv").exists()


def test_a_run_without_answers_has_nothing_to_label(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    with pytest.raises(UsageError, match=r"no answer on a harmful prompt with a verdict of"):
        sample(run_dir, Wanted(), None)


def test_more_of_a_language_stands_beside_what_was_drawn(run):
    first = {row["item"] for row in drawn(run, labels=8, overlap=0.0)}
    told = sample(run, Wanted(more="de", labels=4, overlap=0.0), run.path / "more.csv")
    with (run.path / "more.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["language"] for row in rows} == {"de"}
    more = {row["item"] for row in rows}
    assert len(more) == 4
    assert not more & first
    assert [line.split()[-3:] for line in told.splitlines()[1:3]] == [
        ["0", "of", "8"], ["0", "of", "12"],
    ]  # fmt: skip


def test_more_than_nothing_is_refused(run):
    with pytest.raises(UsageError, match="--more: no answers were drawn yet"):
        sample(run, Wanted(more="de"), None)
    with pytest.raises(UsageError, match="--more: got 'sw'; the languages of this run are en, de"):
        sample(run, Wanted(more="sw"), None)
