import csv
import json

import pytest

from safeglot.backends.files.arm_texts import TO_FILL, TextToFill, load, write
from safeglot.errors import UsageError

ROW = TextToFill(
    arm="reverse",
    id="1",
    language="de",
    model="m",
    sample=0,
    answer='says "no",\nand more',
    answer_key="k",
)
TABLE = {
    "arm": "reverse", "id": "1", "language": "de", "model": "m", "sample": 0, "translator": "",
    "answer": 'says "no",\nand more', "text": "", "answer_key": "k",
}  # fmt: skip


def test_csv_and_jsonl_come_back(tmp_path):
    assert write(tmp_path / "a.csv", [ROW]) == 1
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [{k: str(v) for k, v in TABLE.items()}]
    assert write(tmp_path / "a.jsonl", [ROW, ROW]) == 2
    assert json.loads((tmp_path / "a.jsonl").read_text("utf-8").splitlines()[1]) == TABLE


def test_the_columns_stand_in_their_order():
    assert list(TABLE) == list(TO_FILL)


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


def test_a_file_declared_as_peoples_is_read_as_any_other(tmp_path):
    (tmp_path / "a.csv").write_text("id,language,text\n7,de,x\n")
    (loaded,) = load([f"human={tmp_path / 'a.csv'}"])
    with loaded.files[0].stream() as stream:
        assert stream.read().startswith(b"id,")
    with pytest.raises(UsageError, match=r"none\.csv"):
        load([f"human={tmp_path / 'none.csv'}"])
