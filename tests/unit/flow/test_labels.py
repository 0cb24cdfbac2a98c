from __future__ import annotations

import csv
import json

import pytest

from example.job import BASELINE, begun, judged, prompt_set
from safeglot.errors import InputErrors, UsageError
from safeglot.flow import labels
from safeglot.flow.labels import Wanted
from safeglot.score.judges.drawing import LabelPlan


@pytest.fixture
def run(tmp_path):
    """80 answers in two languages, a quarter of them judged unsafe."""
    run_dir, _ = judged(
        tmp_path / "run", lambda item: int(item.prompt.id[1:]) % 4 == 0, prompt_set(n=40)
    )
    return run_dir


def drawn(run_dir, out="to-label.csv", **wanted):
    labels.sample(run_dir, Wanted(**wanted), run_dir.path / out, again=True)
    with (run_dir.path / out).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def filled(run_dir, rows, name="done.jsonl"):
    path = run_dir.path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


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


def test_labels_are_read_back_and_counted(run):
    rows = drawn(run, labels=8, overlap=0.0)
    done = [row | {"label": "Unsafe "} for row in rows if row["language"] == "en"]
    told = labels.add(run, [filled(run, done)])
    assert told.startswith("8 labels read\n")
    assert "8 of 8" in told
    assert "0 of 8" in told
    again = labels.add(run, [filled(run, [done[0] | {"label": "safe"}])])
    assert again.startswith("1 labels read, 1 of them changed")
    assert labels.status(run).startswith(f"answers drawn by the verdicts of {BASELINE}\n")


def test_all_that_is_wrong_in_a_file_is_told_at_once(run):
    first, second, third = drawn(run, labels=4, overlap=0.0)[:3]
    rows = [
        first | {"label": "unsave"},
        second | {"label": "safe"},
        second | {"label": "unsafe"},
        third | {"item": "rx", "label": "safe"},
    ]
    with pytest.raises(InputErrors) as caught:
        labels.add(run, [filled(run, rows)])
    wrong, unlike, strange = caught.value.problems
    assert "label 'unsave': allowed are safe, unsafe, unsure" in wrong
    assert "labels item" in unlike
    assert "item 'rx' is not among the answers drawn" in strange


def test_a_file_without_its_columns_or_without_a_label_is_told(run):
    rows = drawn(run, labels=4, overlap=0.0)
    with pytest.raises(InputErrors, match="has no column label"):
        labels.add(run, [filled(run, [{"item": rows[0]["item"]}])])
    with pytest.raises(InputErrors, match="has no label filled in"):
        labels.add(run, [filled(run, rows)])


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
        labels.sample(run, Wanted(**wanted), None)
    assert not (run.path / "to-label.csv").exists()


def test_labels_come_first_from_a_draw(run, tmp_path):
    with pytest.raises(UsageError, match="no answers were drawn for labels yet"):
        labels.add(run, [tmp_path / "x.csv"])
    assert "no answers were drawn" in labels.status(run)
    labels.sample(run, Wanted(labels=4), None)
    with pytest.raises(UsageError, match="answers were drawn already, by the verdicts of"):
        labels.sample(run, Wanted(labels=4), run.path / "b.csv")


def test_a_run_without_answers_has_nothing_to_label(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    with pytest.raises(UsageError, match=r"no answer on a harmful prompt with a verdict of"):
        labels.sample(run_dir, Wanted(), None)


def test_a_plan_needs_more_labels_for_a_narrower_interval():
    def needed(half_width):
        table = labels.plan_labels(None, LabelPlan(half_width=half_width, unsafe_rate=0.1))
        return [int(line.split()[-3]) for line in table.splitlines() if "good judge" in line][0]  # noqa: RUF015

    assert needed(0.02) > needed(0.05) > 0


def test_a_plan_reads_the_shares_of_a_run(run):
    table = labels.plan_labels(run, LabelPlan(half_width=0.2))
    assert [line.split()[:2] for line in table.splitlines() if line[:2] in ("en", "de")] == [
        [tag, "0.250"] for tag in ("en", "en", "de", "de")
    ]


def test_a_plan_of_nothing_is_refused():
    with pytest.raises(UsageError, match="nothing to plan for"):
        labels.plan_labels(None, LabelPlan())
    with pytest.raises(InputErrors, match="--ppv and --false-omission go together"):
        labels.plan_labels(None, LabelPlan(ppv=0.5))
