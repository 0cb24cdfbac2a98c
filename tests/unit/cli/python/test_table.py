"""A table is plain columns; a data frame has the same values, a notebook the first rows, folded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from safeglot.cli.python.table import DataTable

TABLE = DataTable(
    "answers",
    {"language": ("de", "sw"), "text": ("<b>[answer 1]</b>", None), "extra": ({"a": 1}, {})},
)


def test_rows_and_columns():
    assert (len(TABLE), TABLE.columns) == (2, ("language", "text", "extra"))
    assert TABLE["language"] == ["de", "sw"]
    assert [row["text"] for row in TABLE] == ["<b>[answer 1]</b>", None]
    assert repr(TABLE) == "<answers: 2 rows of language, text, extra>"
    assert len(DataTable("none", {"a": ()})) == 0


def test_an_unknown_column_names_those_that_are_there():
    with pytest.raises(KeyError, match="no column 'lang'; there are language, text, extra"):
        TABLE["lang"]


def test_data_frames_have_the_same_values():
    assert TABLE.to_pandas()["language"].tolist() == ["de", "sw"]
    assert TABLE.to_polars()["extra"].to_list() == ['{"a": 1}', "{}"]
    assert TABLE.to_polars()["text"].to_list() == ["<b>[answer 1]</b>", None]


def test_a_notebook_folds_texts_and_escapes_them():
    html = TABLE._repr_html_()
    assert "<details><summary>text</summary>" in html
    assert "&lt;b&gt;[answer 1]" in html
    assert "<b>[answer" not in html


def test_of_a_long_table_the_first_rows_are_shown():
    html = DataTable("many", {"a": range(1000)})._repr_html_()
    assert "1,000 rows, the first 20 are shown" in html
    assert html.count("<tr>") == 21


def test_nothing_heavy_is_imported_with_the_package():
    script = (
        "import sys, safeglot; assert callable(safeglot.load); "
        "heavy = {'pandas', 'polars', 'numpy', 'scipy', 'jinja2', 'aiohttp', 'IPython'}; "
        "print(heavy & set(sys.modules))"
    )
    first = "import sys, safeglot; print(sorted(m for m in sys.modules if 'safeglot' in m))"
    for code, said in ((first, "['safeglot']"), (script.replace("'jinja2', ", ""), "set()")):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # fmt: skip
        assert done.stdout.strip() == said
