import json

import pytest

from safeglot.backends.files.datasets import DataFile
from safeglot.errors import InputErrors
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.tables import parse, read_table


def parsed(text, suffix):
    problems = Problems()
    return parse(text, f"f{suffix}", suffix, problems), problems.found


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_splits_the_header_most(delimiter):
    table, faults = parsed(f"id{delimiter}text\n1{delimiter}a\n", ".csv")
    assert table.columns == ("id", "text")
    assert [row.cells for row in table.rows] == [{"id": "1", "text": "a"}]
    assert faults == []


def test_a_row_stands_where_it_begins_and_blank_lines_are_none():
    table, _ = parsed('id,text\n\n1,"a\nb"\n2,c\u2028d\n', ".csv")
    assert [(row.place, row.cells["text"]) for row in table.rows] == [
        ("f.csv:3", "a\nb"),
        ("f.csv:5", "c\u2028d"),
    ]


def test_faults_of_csv_are_told_by_line_and_the_other_rows_are_read():
    table, faults = parsed("id,text,text\n1,a,b\n2,c\n", ".csv")
    assert len(table.rows) == 1
    assert [fault.split(":")[1] for fault in faults] == ["1", "3"]
    assert "text twice" in faults[0]
    assert "2 cells where the header has 3" in faults[1]
    _, (fault,) = parsed('id,text\n1,"a\n', ".csv")
    assert fault.startswith("f.csv:2: is not CSV")


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".JSONL"])
def test_json_lines_keep_the_types_and_name_each_column_once(suffix):
    table, faults = parsed('{"id": 1, "en": "a"}\n\n{"id": 2, "de": null}\n', suffix)
    assert table.columns == ("id", "en", "de")
    assert [row.cells for row in table.rows] == [{"id": 1, "en": "a"}, {"id": 2, "de": None}]
    assert [row.place for row in table.rows] == [f"f{suffix}:1", f"f{suffix}:3"]
    assert faults == []


def test_a_line_that_is_no_object_is_a_fault():
    table, faults = parsed('{"id": 1}\n[2]\n{"id":\n', ".jsonl")
    assert len(table.rows) == 1
    assert "f.jsonl:2: is not a JSON object" in faults[0]
    assert faults[1].startswith("f.jsonl:3: is not JSON")


def test_a_json_file_is_a_list_of_objects():
    table, faults = parsed('[{"id": 1}, {"id": 2}]', ".json")
    assert [row.place for row in table.rows] == ["f.json: item 1", "f.json: item 2"]
    assert faults == []
    assert parsed('{"id": 1}', ".json")[1] == [
        "f.json: must be a JSON list of objects, one a prompt, or have one under a key (its keys: id)"
    ]
    assert parsed('[\n{"id": }]', ".json")[1][0].startswith("f.json:2: is not JSON")


def test_files_make_one_table_and_an_empty_one_is_told():
    files = [
        DataFile(where="a.csv", suffix=".csv", data=b"\xef\xbb\xbfid,en\n1,x\n"),
        DataFile(where="b.parquet", suffix=".parquet", columns=("id",), records=[{"id": 2}]),
        DataFile(where="c.csv", suffix=".csv", data=b" \n"),
    ]
    table = read_table(files)
    assert table.where == "a.csv and 2 more"
    assert table.columns == ("id", "en")
    assert [row.place for row in table.rows] == ["a.csv:2", "b.parquet: row 1"]
    assert table.faults == ("c.csv: is empty; give a file with one row a prompt at least",)


def test_bytes_that_are_not_utf_8_are_told_by_line_and_offset():
    with pytest.raises(InputErrors, match=r"f.csv:2: byte 0xff at offset 6 is not UTF-8"):
        read_table([DataFile(where="f.csv", suffix=".csv", data=b"id,en\n\xff\n")])
    torn = "id,en\n1,".encode("utf-16")[:18] + b"\x00"
    with pytest.raises(InputErrors, match="at offset 18 is not UTF-16"):
        read_table([DataFile(where="f.csv", suffix=".csv", data=torn)])
    with pytest.raises(InputErrors, match="has no prompts"):
        read_table([DataFile(where="f.csv", suffix=".csv", data=b"id,en\n")])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_a_mark_at_the_beginning_says_the_encoding(encoding):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    data = f"{mark}id,en\n1,ü\n".encode(encoding)
    table = read_table([DataFile(where="f.csv", suffix=".csv", data=data)])
    assert [dict(row.cells) for row in table.rows] == [{"id": "1", "en": "ü"}]


def test_a_format_goes_before_the_name_of_its_file():
    rows = [{"id": 1, "en": "a"}, {"id": 2, "en": "b"}]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    for suffix, text in (
        (".json", lines),
        (".jsonl", json.dumps(rows, indent=1)),
        (".txt", "id,en\n1,a\n2,b\n"),
    ):
        table = read_table([DataFile(where="f", suffix=suffix, data=text.encode())])
        assert [row.cells["en"] for row in table.rows] == ["a", "b"], suffix


def test_some_rows_of_each_file_and_the_words_of_columns_are_seen():
    files = [
        DataFile(
            where=name,
            suffix=".csv",
            data=b"id,k,t\n" + b"".join(b"%d,%d,%s\n" % (i, i % 2, b"x" * 900) for i in range(90)),
        )
        for name in ("a.csv", "b.csv")
    ]
    table = read_table(files)
    assert len(table.sample) == 40
    assert max(len(row["t"]) for row in table.sample) == 400
    assert table.words == {"k": ("0", "1")}


def test_a_list_of_objects_in_a_cell_is_a_row_each_where_it_is_named():
    data = json.dumps([{"id": 1, "t": [{"l": "en", "x": "a"}, {"l": "de", "x": "b"}]}]).encode()
    file = DataFile(where="f.json", suffix=".json", data=data)
    assert len([*read_table([file]).rows]) == 1
    rows = [*read_table([file], ["t.x", "t.l"]).rows]
    assert [row.cells for row in rows] == [
        {"id": 1, "t.l": "en", "t.x": "a"},
        {"id": 1, "t.l": "de", "t.x": "b"},
    ]
