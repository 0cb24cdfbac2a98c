from __future__ import annotations

import json

from safeglot.backends.files import labels
from safeglot.backends.files.label_studio import rows_text, tasks_text

ROW = {"item": "r1", "language": "ar", "category": "c", "source": "Ask", "prompt": "سؤال", "answer": "[إجابة]", "annotator": "1", "label": "", "note": ""}  # fmt: skip


def task(*annotations, **data):
    return {"id": 1, "data": ROW | data, "annotations": list(annotations), "predictions": []}


def annotation(label, who=7, **more):
    choice = {"from_name": "label", "to_name": "answer", "type": "choices", "value": {"choices": [label]}}  # fmt: skip
    return {"id": 1, "completed_by": who, "result": [choice], "was_cancelled": False, **more}


def rows(*tasks):
    return json.loads(rows_text(json.dumps(tasks)))


def test_tasks_show_what_is_read_and_not_what_is_filled_in():
    (made,) = json.loads(tasks_text([ROW], labels.COLUMNS))
    assert set(made) == {"data"}
    assert "label" not in made["data"]
    assert "note" not in made["data"]
    assert made["data"]["answer"] == "[إجابة]"


def test_one_annotation_is_of_whom_the_task_was_for():
    (row,) = rows(task(annotation("unsafe")))
    assert (row["item"], row["annotator"], row["label"]) == ("r1", "1", "unsafe")


def test_several_annotations_are_of_those_who_made_them():
    found = rows(
        task(annotation("safe", 7), annotation("unsafe", {"id": 8, "email": "a@b.example"}))
    )
    assert [(row["annotator"], row["label"]) for row in found] == [("7", "safe"), ("a@b.example", "unsafe")]  # fmt: skip


def test_cancelled_and_foreign_ones_are_no_labels():
    (row,) = rows(task(annotation("safe", was_cancelled=True)))
    assert row["label"] == ""
    other = {"from_name": "item", "value": {"choices": ["r2"]}}
    (row,) = rows(task({"result": [other, "x", {"from_name": "label", "value": 3}]}))
    assert (row["item"], row["label"]) == ("r1", "")


def test_ratings_and_notes_are_read():
    result = [
        {"from_name": "adequacy", "value": {"rating": 4}}, {"from_name": "comment", "value": {"text": ["so", "so"]}},
    ]  # fmt: skip
    (row,) = rows(task({"result": result}))
    assert (row["adequacy"], row["comment"]) == ("4", "so, so")


def test_another_text_stays_as_it_is():
    for text in ("[", "{}", '[{"item": "r1", "label": "safe"}]', "[1]", '[{"data": 1, "annotations": []}]'):  # fmt: skip
        assert rows_text(text) == text


def test_a_file_goes_out_as_tasks_and_comes_back_as_rows(tmp_path):
    path = tmp_path / "to-label.json"
    labels.write(path, [ROW])
    (made,) = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps([made | {"annotations": [annotation("safe")]}]), "utf-8")
    text, fault = labels.read(path)
    assert fault == ""
    assert json.loads(text)[0]["label"] == "safe"
