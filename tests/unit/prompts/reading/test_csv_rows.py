import io

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.csv_rows import Parsing, csv_rows, grid_rows, text_lines


def lines(text):
    return [(f.number, f.cells["#0"]) for f in text_lines(io.StringIO(text, ""), "f", Problems())]


def test_a_line_is_a_text_and_a_quoted_one_is_unquoted():
    assert lines('one, two\r\n"three, ""3"""\r\n"a" and "b"\n') == [
        (1, "one, two"),
        (2, 'three, "3"'),
        (3, '"a" and "b"'),
    ]


def test_a_quoted_text_may_have_lines_and_a_lone_quote_ends_with_its_line():
    assert lines('"a\nb"\nc\n') == [(1, "a\nb"), (3, "c")]
    assert lines('"a\nb\nc\n') == [(1, '"a'), (2, "b"), (3, "c")]


def test_blank_lines_keep_the_numbers_of_the_others():
    assert lines("a\n\nb\n\n\n") == [(1, "a"), (2, ""), (3, "b")]


def test_without_a_header_columns_have_numbers():
    parsing = Parsing(headless=True)
    rows = list(csv_rows(io.StringIO("1;a\n2;b;c\n"), "f.csv", parsing))
    assert [row.cells for row in rows] == [{"#1": "1", "#2": "a"}]
    assert list(parsing.columns) == ["#1", "#2"]
    assert "f.csv:2: has 3 cells where the first line has 2" in parsing.problems.found[0]
    assert "read lines whole by text=#0" in parsing.problems.found[0]


def test_a_sheet_has_a_header_or_not():
    grid = [["", ""], ["id", " the  text"], [1.0, "a"], ["", ""], [2.0, ""]]
    found = list(grid_rows(grid, "f.xlsx", Parsing()))
    assert [(row.number, row.cells) for row in found] == [
        (3, {"id": 1.0, "the text": "a"}),
        (5, {"id": 2.0, "the text": None}),
    ]
    headless = grid_rows([["a", "b"]], "f.xlsx", Parsing(headless=True))
    assert [row.cells for row in headless] == [{"#1": "a", "#2": "b"}]
    whole = grid_rows([["a"]], "f.xlsx", Parsing(headless=True, lines=True))
    assert [row.cells for row in whole] == [{"#0": "a"}]
