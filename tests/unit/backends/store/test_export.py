import csv
import json

import pytest

from safeglot.backends.store import export as exporting
from safeglot.backends.store.export import TABLES, export
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError

ESTIMATES = [
    {"metric": "safety", "language": "de", "value": 0.5, "extra": {"b": 1, "a": "ä"}},
    {"metric": "gap", "language": None, "value": None, "extra": {}},
]


@pytest.fixture
def filled(store, put):
    put.prompt("p1")
    key = put.answer(put.text("p1"), answer='line one\nline "two", ä')
    put.verdict(key, 1, codes=["S1"])
    put.verdict(key, None, judge="i", reason="unparsable")
    return store


def test_each_table_is_a_file_with_its_number_of_rows(filled, tmp_path):
    made = {path.name: n for path, n in export(filled, ESTIMATES, tmp_path / "out", "csv")}
    assert set(made) == {f"{name}.csv" for name in (*TABLES, "estimates")}
    assert made["verdicts.csv"] == made["estimates.csv"] == 2
    assert made["answers.csv"] == 1
    assert made["labels.csv"] == 0
    assert set(made) == {path.name for path in (tmp_path / "out").iterdir()}


def test_csv_keeps_line_ends_quotes_and_letters(filled, tmp_path):
    list(export(filled, ESTIMATES, tmp_path, "csv"))
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["text"] == 'line one\nline "two", ä'
    with (tmp_path / "estimates.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert first["extra"] == '{"a": "ä", "b": 1}'
    assert (second["language"], second["value"]) == ("", "")


def test_jsonl_has_a_row_a_line_in_a_fixed_order(filled, tmp_path):
    list(export(filled, ESTIMATES, tmp_path, "jsonl"))
    lines = (tmp_path / "verdicts.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["judge"], row["unsafe"]) for row in rows] == [("i", None), ("j", 1)]
    (answer,) = (tmp_path / "answers.jsonl").read_text("utf-8").splitlines()
    assert "ä" in answer


def test_parquet_has_the_same_rows(filled, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    list(export(filled, ESTIMATES, tmp_path, "parquet"))
    table = parquet.read_table(tmp_path / "verdicts.parquet").to_pydict()
    assert (table["judge"], table["unsafe"]) == (["i", "j"], [None, 1])


def test_parquet_types_are_the_same_for_rows_no_rows_and_empty_columns(
    filled, tmp_path, monkeypatch
):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(exporting, "BATCH", 1)
    counted = {"served": (("model", "served_by", "n"), [])}
    for name, store, estimates in (("some", filled, ESTIMATES), ("none", Store.in_memory(), [])):
        list(export(store, estimates, tmp_path / name, "parquet", counted=counted))
    for name in (*TABLES, "served"):
        some, none = (
            parquet.read_schema(tmp_path / run / f"{name}.parquet") for run in ("some", "none")
        )
        assert some == none, name
        assert "null" not in map(str, some.types)
    file = parquet.ParquetFile(tmp_path / "some" / "verdicts.parquet")
    types = dict(zip(file.schema_arrow.names, map(str, file.schema_arrow.types), strict=True))
    assert (types["p_unsafe"], types["unsafe"], types["response_class"]) == (
        "double",
        "int64",
        "string",
    )
    assert file.num_row_groups == 2


def test_a_value_that_fits_no_column_is_named(filled, tmp_path):
    pytest.importorskip("pyarrow.parquet")
    counted = {"served": (("model", "n"), [("m", "many")])}
    with pytest.raises(UsageError, match=r"served: a value does not fit .*csv or jsonl"):
        list(export(filled, [], tmp_path, "parquet", counted=counted))


def test_without_estimates_their_file_is_empty(store, tmp_path):
    assert dict(export(store, [], tmp_path, "jsonl"))[tmp_path / "estimates.jsonl"] == 0


def test_a_folder_that_cannot_be_written_is_named(store, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"--out .*file.*Give a folder that can be written"):
        list(export(store, [], tmp_path / "file", "csv"))


def test_tables_that_were_counted_are_written_beside_the_records(store, tmp_path):
    counted = {"outcomes": (("model", "answered"), [("m", 3), ("=k", 0)])}
    made = {path.name: n for path, n in export(store, [], tmp_path, "csv", counted=counted)}
    assert made["outcomes.csv"] == 2
    text = (tmp_path / "outcomes.csv").read_text("utf-8")
    assert text.splitlines() == ["model,answered", "m,3", "'=k,0"]
