import csv
import json

import pytest

from safeglot.backends.files.arm_texts import TO_FILL, load, write
from safeglot.errors import UsageError

ROW = dict.fromkeys(TO_FILL, "") | {"id": "1", "answer": 'says "no",\nand more', "sample": 0}


def test_csv_and_jsonl_come_back(tmp_path):
    assert write(tmp_path / "a.csv", [ROW]) == 1
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [{k: str(v) for k, v in ROW.items()}]
    assert write(tmp_path / "a.jsonl", [ROW, ROW]) == 2
    assert json.loads((tmp_path / "a.jsonl").read_text("utf-8").splitlines()[1]) == ROW


def test_what_cannot_be_written(tmp_path):
    (tmp_path / "a.csv").write_text("filled in")
    for name, said in (
        ("a.csv", "is there already"),
        ("b.txt", "must end in"),
        ("x/b.csv", "No such"),
    ):
        with pytest.raises(UsageError, match=said):
            write(tmp_path / name, [ROW])
    assert (tmp_path / "a.csv").read_text() == "filled in"


def test_files_are_loaded_in_order(tmp_path):
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).write_text("arm\nmain\n")
    found = load([str(tmp_path / "b.csv"), str(tmp_path / "a.csv")])
    assert [one.name for one in found] == ["b.csv", "a.csv"]
    with pytest.raises(UsageError, match="are prompts"):
        load(["mini"])
