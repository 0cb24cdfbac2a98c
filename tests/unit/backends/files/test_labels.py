import csv
import io
import json

import pytest

from safeglot.backends.files import labels
from safeglot.errors import UsageError

ROW = {
    "item": "r1", "language": "ar", "category": "fraud", "source": "=1+1", "prompt": "-سؤال",
    "answer": "'[unsafe answer 1],\n\"two\"\rthree", "annotator": "1", "label": "", "note": "",
}  # fmt: skip


def test_csv_opens_in_a_spreadsheet_and_is_undone_by_taking_one_apostrophe(tmp_path):
    labels.write(tmp_path / "a.csv", [ROW])
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert tuple(row) == labels.COLUMNS
    for column in ("source", "prompt", "answer"):
        assert row[column] == f"'{ROW[column]}"
    assert row["item"] == "r1"


def test_a_carriage_return_in_an_answer_ends_no_row(tmp_path):
    labels.write(tmp_path / "a.csv", [ROW | {"answer": "one\rtwo"}])
    text, _ = labels.read(tmp_path / "a.csv")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["answer"] == "one\rtwo"


def test_json_lines_are_left_as_they_are(tmp_path):
    labels.write(tmp_path / "a.jsonl", [ROW, ROW])
    lines = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [ROW, ROW]
    assert "سؤال" in lines[0]


def test_a_file_that_may_hold_labels_is_not_overwritten(tmp_path):
    (tmp_path / "a.csv").write_text("labels", "utf-8")
    for name, says in (("a.csv", "not overwritten"), ("a.xlsx", ".csv"), ("no/a.csv", "no folder")):
        with pytest.raises(UsageError, match=says):
            labels.check_new(tmp_path / name)
    labels.check_new(tmp_path / "b.jsonl")


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b" \n", "empty"),
        ("a.csv", "item".encode("utf-16"), "UTF-16"),
        ("a.csv", b"item,label\nr1,s\xe4fe\n", "line 2 is not UTF-8"),
        ("a.xlsx", b"x", "CSV UTF-8"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path, name, data, fault):
    (tmp_path / name).write_bytes(data)
    text, found = labels.read(tmp_path / name)
    assert fault in found
    assert not text.strip() or fault == "empty"


def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path):
    for mark in (b"", b"\xef\xbb\xbf"):
        (tmp_path / "a.csv").write_bytes(mark + b"item,label\n")
        assert labels.read(tmp_path / "a.csv") == ("item,label\n", "")
    assert "no such file" in labels.read(tmp_path / "b.csv")[1]
    (tmp_path / "c.csv").mkdir()
    assert "cannot be read" in labels.read(tmp_path / "c.csv")[1]
