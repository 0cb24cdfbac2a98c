"""Tables of facts from users: every fault with its place."""

import pytest

from safeglot.errors import InputErrors, UsageError
from safeglot.experiments.rows import check_columns, number_of, read_rows


def write(path, text):
    path.write_text(text, "utf-8")
    return path


def test_csv_and_toml_give_the_same_rows(tmp_path):
    csv_rows = read_rows(
        write(tmp_path / "a.csv", "\ufeffmodel, size,tuned\nm, 7,true\n"), flag="--f", key="model"
    )
    toml_rows = read_rows(
        write(tmp_path / "a.toml", '["m"]\nsize = 7\ntuned = true\n'), flag="--f", key="model"
    )
    assert csv_rows[0].fields == toml_rows[0].fields == {"model": "m", "size": "7", "tuned": "true"}
    assert csv_rows[0].where.endswith("a.csv:2")
    tsv = write(tmp_path / "a.tsv", "model\tsize\nm\t7\n")
    assert read_rows(tsv, flag="--f", key="model")[0].fields == {"model": "m", "size": "7"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "x", "neither .csv, .tsv nor .toml"),
        ("a.csv", "model,size\n", "has no rows"),
        ("a.csv", "", "has no rows"),
        ("a.toml", "model = ", "not TOML"),
        ("a.toml", "model = 3", "model is no table"),
    ],
)
def test_a_file_that_is_none_says_what_it_should_be(tmp_path, name, text, said):
    with pytest.raises(UsageError, match=said):
        read_rows(write(tmp_path / name, text), flag="--f", key="model")


def test_rows_of_other_lengths_are_all_told(tmp_path):
    path = write(tmp_path / "a.csv", "model,size\na,1,2\nb,3\nc\n")
    with pytest.raises(InputErrors) as caught:
        read_rows(path, flag="--f", key="model")
    assert [problem.partition(" ")[0] for problem in caught.value.problems] == [
        f"{path}:2:",
        f"{path}:4:",
    ]


def test_missing_and_unknown_columns_are_told_with_the_nearest(tmp_path):
    rows = read_rows(write(tmp_path / "a.csv", "model,famly\nm,x\n"), flag="--f", key="model")
    with pytest.raises(InputErrors) as caught:
        check_columns(rows, ("model", "family"), ("model", "family"), flag="--f")
    assert "has no family" in caught.value.problems[0]
    assert "Did you mean 'family'?" in caught.value.problems[1]
    check_columns(rows, ("model",), None, flag="--f")


def test_numbers_are_finite():
    assert number_of("1.5") == 1.5
    assert [number_of(text) for text in ("", "x", "nan", "inf", "1,5")] == [None] * 5
