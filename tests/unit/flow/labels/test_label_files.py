from __future__ import annotations

import csv
import json

import pytest

from example.job import BASELINE
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.labels import label_files, progress
from safeglot.flow.labels.draw import Wanted, sample


def drawn(run_dir, out="to-label.csv", **wanted):
    sample(run_dir, Wanted(**wanted), run_dir.path / out, again=True)
    with (run_dir.path / out).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def filled(run_dir, rows, name="done.jsonl"):
    path = run_dir.path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_labels_are_read_back_and_counted(run):
    rows = drawn(run, labels=8, overlap=0.0)
    done = [row | {"label": "Unsafe "} for row in rows if row["language"] == "en"]
    told = label_files.add(run, [filled(run, done)])
    assert told.startswith("8 labels read\n")
    assert "8 of 8" in told
    assert "0 of 8" in told
    again = label_files.add(run, [filled(run, [done[0] | {"label": "safe"}])])
    assert again.startswith("1 labels read, 1 of them changed")
    assert progress.status(run).startswith(f"answers drawn by the verdicts of {BASELINE}\n")


def test_all_that_is_wrong_in_a_file_is_told_at_once(run):
    first, second, third = drawn(run, labels=4, overlap=0.0)[:3]
    rows = [
        first | {"label": "unsave"},
        second | {"label": "safe"},
        second | {"label": "unsafe"},
        third | {"item": "rx", "label": "safe"},
    ]
    with pytest.raises(InputErrors) as caught:
        label_files.add(run, [filled(run, rows)])
    wrong, unlike, strange = caught.value.problems
    assert "label 'unsave': allowed are safe, unsafe, unsure" in wrong
    assert "gives item" in unlike
    assert "item 'rx' is not among those drawn" in strange


def test_a_file_without_its_columns_or_without_a_label_is_told(run):
    rows = drawn(run, labels=4, overlap=0.0)
    with pytest.raises(InputErrors, match="has no column label"):
        label_files.add(run, [filled(run, [{"item": rows[0]["item"]}])])
    with pytest.raises(InputErrors, match="has no label filled in"):
        label_files.add(run, [filled(run, rows)])


def test_labels_come_first_from_a_draw(run, tmp_path):
    with pytest.raises(UsageError, match="no answers were drawn for labels yet"):
        label_files.add(run, [tmp_path / "x.csv"])
    assert "no answers were drawn" in progress.status(run)
    sample(run, Wanted(labels=4), None)
    with pytest.raises(UsageError, match="answers were drawn already, by the verdicts of"):
        sample(run, Wanted(labels=4), run.path / "b.csv")


def test_tasks_of_label_studio_go_out_and_come_back(run):
    path = run.path / "tasks.json"
    sample(run, Wanted(labels=4, overlap=0.0), path, again=True)
    tasks = json.loads(path.read_text("utf-8"))
    choice = {"from_name": "label", "type": "choices", "value": {"choices": ["unsafe"]}}
    done = [task | {"annotations": [{"completed_by": 3, "result": [choice]}]} for task in tasks[:3]]
    path.write_text(json.dumps([*done, tasks[3] | {"annotations": []}]), "utf-8")
    assert label_files.add(run, [path]).startswith("3 labels read\n")
